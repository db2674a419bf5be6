"""The parser of event streams, beside httpx-sse's decoder on the same bytes."""

import time
from functools import partial

from httpx_sse._decoders import SSEDecoder, SSELineDecoder

from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.messages import events
from contract.sse import SseParser

EVENTS = 200_000
PIECE = 16 * 1024
"""Bytes of one piece where events come in heaps."""
DECODER = "httpx-sse"


def rows(effort: Effort) -> list[Row]:
    """Events per second that the parser makes of bytes."""
    single = events(effort.amount(EVENTS))
    joined = b"".join(single)
    heaps = [joined[start : start + PIECE] for start in range(0, len(joined), PIECE)]
    made: list[Row] = []
    for what, pieces in (("in heaps", heaps), ("one by one", single)):
        found = interleaved(
            {
                DECODER: partial(_decoded, pieces, len(single)),
                "streamid": partial(_parsed, pieces, len(single)),
            },
            effort.rounds,
        )
        reference, own = found[DECODER][0], found["streamid"][0]
        budget = Budget("figure", 1.0, above=True) if pieces is heaps else None
        made += [
            Row("parser", f"SSE parser, events {what}", DECODER, "M/s", reference),
            Row("parser", f"SSE parser, events {what}", "streamid", "M/s", own, DECODER, reference, budget),
        ]
    return made


def _parsed(pieces: list[bytes], count: int) -> tuple[float]:
    parser, total, begun = SseParser(), 0, time.process_time()
    for piece in pieces:
        total += len(parser.feed(piece))
    spent = time.process_time() - begun
    assert total == count
    return (count / spent / 1e6,)


def _decoded(pieces: list[bytes], count: int) -> tuple[float]:
    lines, decoder, total, begun = SSELineDecoder(), SSEDecoder(), 0, time.process_time()
    for piece in pieces:
        for line in lines.decode(piece.decode()):
            total += decoder.decode(line) is not None
    spent = time.process_time() - begun
    assert total == count
    return (count / spent / 1e6,)
