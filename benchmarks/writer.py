"""The store alone: how fast exchanges are written and read back, and what they take on the disk.

Run as `python -m benchmarks.writer`. Nothing is redacted or judged; the queue is filled first, so that the
writer's thread has the processor to itself.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from contract.events import Chunk, End, Event, Message, RequestHead, ResponseHead, Side
from recordings.file import RecordingFile
from recordings.intake import Intake
from recordings.reader import Recording
from recordings.rows import RunInfo

SMALL, STREAMS, CHUNKS = 20_000, 2_000, 200
DRAIN = 64
"""Exchanges in one drain."""


def heads(number: int, at: int) -> tuple[list[Event], list[Event]]:
    """Both sides' request heads, and response heads."""
    common = (
        (b"User-Agent", b"python-requests/2.32.3"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"Accept", b"*/*"),
        (b"Connection", b"keep-alive"),
        (b"Content-Type", b"application/json"),
        (b"Authorization", b"Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%032d" % (number // 100)),
        (b"Content-Length", b"%d" % (60 + number % 40)),
    )
    target = b"/api/chat/sessions/%d/update-stream" % number
    request: list[Event] = [
        RequestHead(
            *(number, side, at + side, b"POST", "http", "localhost", 3002, target, b"HTTP/1.1"),
            ((b"Host", host), *common),
        )
        for side, host in ((Side.CLIENT, b"localhost:8080"), (Side.SERVER, b"localhost:3002"))
    ]
    answer = (
        (b"date", b"Mon, 01 Jan 2024 00:%02d:%02d GMT" % (number // 60 % 60, number % 60)),
        (b"server", b"uvicorn"),
        (b"content-type", b"text/event-stream" if number % 2 else b"application/json"),
        (
            b"x-streaming-session-id",
            b"stream-%d-%08x" % (1700000000000 + number, number * 2654435761 % 2**32),
        ),
        (b"access-control-allow-origin", b"http://localhost:5173"),
    )
    response: list[Event] = [
        ResponseHead(number, side, at + 900 + side, 200, b"OK", b"HTTP/1.1", answer)
        for side in (Side.SERVER, Side.CLIENT)
    ]
    return request, response


def small(number: int) -> list[Event]:
    """A small JSON exchange."""
    at = number * 2000
    request, response = heads(number * 2, at)
    body = b'{"completeResponse":"%s","streamingSessionId":"stream-%d"}' % (b"word " * 8, number)
    answer = b'{"message":"ok","sessionId":"%d","tokensUsed":%d}' % (number, number % 97)
    return [
        *request,
        Chunk(number * 2, Message.REQUEST, Side.BOTH, at + 10, body, len(body)),
        End(number * 2, Message.REQUEST, Side.BOTH, at + 11),
        *response,
        Chunk(number * 2, Message.RESPONSE, Side.BOTH, at + 1000, answer, len(answer)),
        End(number * 2, Message.RESPONSE, Side.BOTH, at + 1001),
    ]


def stream(number: int) -> list[Event]:
    """An SSE exchange of `CHUNKS` events, each a chunk, at a jittering pace."""
    random.seed(number)
    at = number * 2000
    request, response = heads(number * 2 + 1, at)
    events = [*request, End(number * 2 + 1, Message.REQUEST, Side.BOTH, at + 11), *response]
    words = (
        "the",
        "stream",
        "answer",
        "of",
        "a",
        "model",
        "comes",
        "token",
        "by",
        "and",
        "is",
        "never",
        "twice",
    )
    for _ in range(CHUNKS):
        at += 20_000 + random.randrange(2_000)
        data = b'event: chunk\ndata: {"text": "%s "}\n\n' % random.choice(words).encode()
        events.append(Chunk(number * 2 + 1, Message.RESPONSE, Side.BOTH, at, data, len(data)))
    return [*events, End(number * 2 + 1, Message.RESPONSE, Side.BOTH, at + 1)]


def written(
    make: Callable[[int], list[Event]], count: int, path: Path, *, segments: int = 1
) -> tuple[float, float]:
    """Processor seconds of the writer's work on `count` exchanges, and of reading them back.

    With `segments` > 1 each exchange comes in that many drains, and is folded in the last one.
    """
    info = RunInfo(datetime.now(UTC), "", "", "", "", os.getpid(), "", "")
    file, intake = RecordingFile(path, info), Intake()
    seq, spent, now = -1, 0.0, 0.0
    for first in range(0, count, DRAIN):
        exchanges = [make(number) for number in range(first + 1, min(first + DRAIN, count) + 1)]
        for part in range(segments):
            events = [event for each in exchanges for event in _part(each, part, segments)]
            begun = time.thread_time()
            for event in events:
                seq += 1
                intake.store(seq, event)
            now += 1.0
            batch = intake.take(now, seq)
            batch.rows["run"].append((intake.last_seq, intake.last_at, intake.settled(), 0, 0))
            file.write(batch)
            spent += time.thread_time() - begun
    begun = time.thread_time()
    file.mark_closed(info.started)
    file.to_single_file()
    spent += time.thread_time() - begun
    file.close()
    begun = time.thread_time()
    with Recording(path) as recording:
        total = sum(1 for _ in recording.events())
    assert total == seq + 1
    return spent, time.thread_time() - begun


def _part(events: list[Event], part: int, parts: int) -> list[Event]:
    return events[len(events) * part // parts : len(events) * (part + 1) // parts]


def rows() -> Iterator[str]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "small.db")
        write, read = written(small, SMALL, path)
        yield f"small exchanges: {SMALL / write:,.0f}/s written ({write / SMALL * 1e6:.0f} µs; budget 60),"
        yield f"                 {SMALL / read:,.0f}/s read ({read / SMALL * 1e6:.0f} µs; budget 35),"
        yield f"                 {path.stat().st_size / SMALL:,.0f} bytes each"
        body = sum(len(event.data) for event in stream(1) if isinstance(event, Chunk))
        for segments in (1, 10):
            path = Path(folder, f"stream-{segments}.db")
            count = STREAMS // segments
            write, read = written(stream, count, path, segments=segments)
            yield (
                f"SSE exchanges of {CHUNKS} chunks, in {segments} drain(s): {count / write:,.0f}/s written"
                f" (budget 8,000 in one), {count / read:,.0f}/s read (budget 3,000),"
                f" {path.stat().st_size / count / body:.2f} of the body on disk (budget 0.25)"
            )


if __name__ == "__main__":
    for line in rows():
        print(line)
