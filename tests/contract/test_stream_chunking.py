"""The facts of any bytes: the same for every chunking and on both ways through, at a bounded cost."""

import re
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.bodies import LIMIT
from contract.profile_sections import Sse
from contract.sse import SseEvent, SseParser
from contract.stream_facts import StreamFacts, shortened
from contract.stream_grammar import CleanRun, grammar
from contract.stream_reading import StreamReader
from recordings.decoding import DECODERS
from tests.contract.streams import BARE, BOM, CHAT, DONE, TEXT, chunk, chunks, read


def without_times(facts: StreamFacts) -> StreamFacts:
    return replace(facts, first_at=0, last_at=0)


# Properties.

FRAGMENTS = st.sampled_from(
    [
        TEXT,
        TEXT * 3,
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.replace(b"\n", b"\r"),
        TEXT.replace(b"\n", rb"\n"),
        DONE,
        DONE.replace(b"\n", b"\r\n"),
        'event: chunk\ndata: {"text": "né 世"}\n\n'.encode(),
        b'event: chunk\ndata: {"text": "a\\n\\ndata: \\"b"}\n\n',
        b'event: chunk\ndata: {"text": 1}\n\n',
        b'event: chunk\ndata: {"text": "a\n\n',
        b'event: chunk\ndata:{"text":"\xff"}\n\n',
        b'event: error\ndata: {"error": null}\n\n',
        b"event:  done\ndata: x\n\n",
        b"event: \ndata: x\n\n",
        b"event: message\ndata: \\n\n\n",
        b"event: ping\ndata: a\\b\n\n",
        b"data: a\\\\ndata: b\n\n",
        b"id: 1\nretry: 5\ndata: 1\n\n",
        b": hi\n\n",
        b": hi\n",
        b": hi\\n\r\n",
        b"event: chunk\n",
        b"event:",
        b"data",
        b"data: ",
        b"\n",
        b"\r",
        b"\r\n",
        rb"\n",
        BOM,
        b"\xef",
        b"\xe2\x82",
        b"\xff",
        b'{"a": "',
    ]
)
BODIES = st.one_of(st.binary(max_size=100), st.lists(FRAGMENTS, max_size=20).map(b"".join))
LONG_BODIES = st.lists(st.one_of(FRAGMENTS, st.just(b"x" * 4500)), max_size=20).map(b"".join)
PROFILES = st.sampled_from(
    [
        CHAT,
        BARE,
        Sse.model_validate({"terminal": ["message"], "payloads": {"chunk": {"required": {"text": "any"}}}}),
        Sse.model_validate({"payloads": {"message": {"required": {"a": "string"}}, "ping": {}}}),
    ]
)


@st.composite
def bodies_in_pieces(draw: st.DrawFn, bodies: st.SearchStrategy[bytes] = BODIES) -> list[bytes]:
    body = draw(bodies)
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=40)))
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


def facts_of(pieces: Sequence[bytes], sse: Sse, *, fast: bool = True, ended: bool = True) -> StreamFacts:
    reader = StreamReader(sse, "", {})
    if not fast:
        never = cast("re.Pattern[bytes]", re.compile(b"")).match
        plain = CleanRun(b"\n", never)  # type: ignore[arg-type]
        reader._grammar = replace(grammar(sse), lf=plain, crlf=plain)
        reader._clean = plain
    for each in chunks(pieces):
        reader.feed(each)
    return reader.end() if ended else reader.stop()


@given(bodies_in_pieces(BODIES | LONG_BODIES), PROFILES, st.booleans())
@example([b"data: a\r", b"\n\r", b"\ndata: b\n\n"], CHAT, True)
@example([BOM[:2], BOM[2:] + BOM, b"data: a\n\n"], CHAT, True)
@example([TEXT.replace(b"\n", b"\r\n")[:-1], b"\n" + TEXT], CHAT, True)
def test_any_chunking_gives_the_same_facts(pieces: list[bytes], sse: Sse, ended: bool) -> None:
    body = b"".join(pieces)
    whole = without_times(facts_of([body], sse, ended=ended))
    assert without_times(facts_of(pieces, sse, ended=ended)) == whole
    single = [body[i : i + 1] for i in range(len(body))]
    assert without_times(facts_of(single, sse, ended=ended)) == whole


@given(bodies_in_pieces(BODIES | LONG_BODIES), PROFILES, st.booleans())
def test_the_run_pattern_changes_nothing_not_even_times(pieces: list[bytes], sse: Sse, ended: bool) -> None:
    assert facts_of(pieces, sse, ended=ended) == facts_of(pieces, sse, fast=False, ended=ended)


@given(bodies_in_pieces(), PROFILES)
def test_events_times_and_types_are_those_of_the_parser_fed_chunk_by_chunk(
    pieces: list[bytes], sse: Sse
) -> None:
    parser = SseParser()
    events: list[SseEvent] = [event for each in chunks(pieces) for event in parser.feed(each.data, each.at)]
    tail = parser.end()
    facts = facts_of(pieces, sse)
    assert facts.events == len(events)
    assert facts.terminals == sum(event.event in sse.terminal for event in events)
    assert (facts.pending is None) == (tail is None)
    if events:
        assert (facts.first_at, facts.last_at) == (events[0].at, events[-1].at)
        assert facts.last_event == shortened(events[-1].event)


@given(BODIES)
def test_a_fault_of_the_encoding_is_there_exactly_where_strict_utf8_fails(body: bytes) -> None:
    try:
        body.decode()
        is_utf8 = True
    except UnicodeDecodeError:
        is_utf8 = False
    mark = re.search(rb"(?<=[\r\n])\xef\xbb\xbf|\A\xef\xbb\xbf\xef\xbb\xbf", body)
    assert (read(body).encoding == "") == (is_utf8 and mark is None)


@given(bodies_in_pieces(), st.sampled_from(["", "gzip", "br", "deflate", "zstd", "gzip, br"]))
def test_no_bytes_in_any_coding_make_it_raise(pieces: list[bytes], coding: str) -> None:
    reader = StreamReader(CHAT, coding, DECODERS)
    reader.feed_many(chunks(pieces))
    assert reader.end().events >= 0


@given(bodies_in_pieces())
def test_chunks_given_one_by_one_or_as_a_run_give_the_same_facts_and_times(pieces: list[bytes]) -> None:
    reader = StreamReader(CHAT, "", {})
    run = chunks(pieces)
    half = len(run) // 2
    for each in run[:half]:
        reader.feed(each)
    reader.feed_many(run[half:])
    assert reader.end() == facts_of(pieces, CHAT)


# Costs.


@pytest.mark.parametrize("piece", [TEXT, b'event: chunk\ndata: {"nope": 1}\n\n'])
def test_memory_is_flat_over_many_events(piece: bytes) -> None:
    reader = StreamReader(CHAT, "", {})

    def feed(events: int) -> None:
        for at in range(events):
            reader.feed(chunk(piece, at))

    tracemalloc.start()
    try:
        feed(1000)
        before, _ = tracemalloc.get_traced_memory()
        feed(199_000 if piece is TEXT else 19_000)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 10_000
    assert peak - before < 100_000
    assert reader.end().events in (200_000, 20_000)


def test_an_endless_line_takes_little_more_memory_than_the_limit_of_an_event() -> None:
    reader = StreamReader(CHAT, "", {})
    tracemalloc.start()
    try:
        for at in range(20_000):
            reader.feed(chunk(TEXT.replace(b"\n", rb"\n"), at))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * LIMIT
    assert reader.end().escaped is not None
