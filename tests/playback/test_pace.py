"""Events come when they came in the recording: 50 streams at once, by the client's own clock."""

import asyncio
import itertools
import random
import statistics
import time
from pathlib import Path

from contract.events import End, Event, Message, Side
from tests.support.sequences import SSE, chunk, record, request, response
from tests.support.serving import Serving

BOTH = Side.BOTH
STREAMS, EVENTS = 50, 60
MEDIAN, P99 = 0.002, 0.010
"""Seconds by which a gap between two events may differ from the recorded one, the timer's own error apart."""
PLAIN = (SSE[0], (b"Transfer-Encoding", b"chunked"))
RANDOM = random.Random(7)
GAPS = [[RANDOM.randint(5_000, 80_000) for _ in range(EVENTS)] for _ in range(STREAMS)]
"""Recorded microseconds before each event of each stream."""


def streams() -> list[Event]:
    events: list[Event] = []
    for number, gaps in enumerate(GAPS, 1):
        at = number * 100
        events += [request(number, at, target=b"/s%d" % number), End(number, Message.REQUEST, BOTH, at)]
        events.append(response(number, at + 1000, headers=PLAIN))
        for count, when in enumerate(itertools.accumulate(gaps, initial=at + 1000)):
            if count:
                events.append(chunk(number, when, b"data: %d\n\n" % count))
        events.append(End(number, Message.RESPONSE, BOTH, at + 1000 + sum(gaps)))
    return events


async def read(url: str, number: int) -> list[float]:
    """When each event of a stream came (s, monotonic)."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /s%d HTTP/1.1\r\nHost: localhost:3002\r\nContent-Length: 0\r\n\r\n" % number)
    await reader.readuntil(b"\r\n\r\n")
    came = []
    for _ in range(EVENTS):
        await reader.readuntil(b"\n\n\r\n")
        came.append(time.monotonic())
    assert await reader.readuntil(b"0\r\n\r\n") == b"0\r\n\r\n"
    writer.close()
    await writer.wait_closed()
    return came


async def sleep_late() -> list[float]:
    """How late this machine's timer is meanwhile, for the same gaps."""
    late = []
    for gap in GAPS[0]:
        before = time.monotonic()
        await asyncio.sleep(gap / 1e6)
        late.append(time.monotonic() - before - gap / 1e6)
    return late


def percentiles(errors: list[float]) -> list[float]:
    return statistics.quantiles([abs(error) for error in errors], n=100)


def by_size(errors: list[float]) -> str:
    found = percentiles(errors)
    return f"{found[49] * 1e3:.2f} ms at the median, {found[98] * 1e3:.2f} ms at p99"


def test_gaps_between_events_are_the_recorded_ones(tmp_path: Path) -> None:
    recording = record(tmp_path / "streams.db", streams())

    async def run(url: str) -> tuple[list[list[float]], list[float]]:
        reading = asyncio.gather(*(read(url, number) for number in range(1, STREAMS + 1)))
        late = await sleep_late()
        return await reading, late

    with Serving(recording) as playback:
        came, late = asyncio.run(run(playback.url("http://localhost:3002")))
    errors = [
        (later - earlier) - gap / 1e6
        for times, gaps in zip(came, GAPS, strict=True)
        for earlier, later, gap in zip(times, times[1:], gaps[1:], strict=False)
    ]
    print(f"\n  gaps differ by {by_size(errors)}; the timer alone: {by_size(late)}")
    found, own = percentiles(errors), percentiles(late)
    assert found[49] <= MEDIAN + own[49]
    assert found[98] <= P99 + own[98]
