"""Faults about time: they are met closely, and no other stream feels them."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.proxy import Proxy

STREAMS, EVENTS, INTERVAL = 200, 20, 0.1
OPENING = 5
"""Events of each stream that are not looked at: they come while other streams are still being opened."""

SLACK = 1.2
FLOOR = 0.003
"""Seconds that phases of one healthy run differ by anyway on a shared machine."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

RUNS = 10
"""Runs with and without faults, in turn; the fewer there are, the more noise decides."""

pytestmark = pytest.mark.timeout(180)


@dataclass
class Lateness:
    """How long (s) each event took from the service's write to the client's read."""

    by_case: dict[str, list[float]] = field(default_factory=dict)

    def p99(self, case: str) -> float:
        return statistics.quantiles(self.by_case[case], n=100)[98]


def event(number: int) -> bytes:
    """An event that says when it was written."""
    data = b"data: %d %d\n\n" % (number, time.monotonic_ns())
    return b"%x\r\n%s\r\n" % (len(data), data)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for number in range(EVENTS):
            await asyncio.sleep(INTERVAL)
            writer.write(event(number))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        writer.close()


async def read(port: int, case: str, found: list[float], patience: float) -> None:
    """Read one stream; what has not come within `patience` is not waited for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /%s HTTP/1.1\r\nHost: test\r\nX-Case: %s\r\n\r\n" % ((case.encode(),) * 2))
    try:
        async with asyncio.timeout(patience):
            await reader.readuntil(b"\r\n\r\n")
            rest = b""
            while size := int(await reader.readuntil(b"\r\n"), 16):
                rest += (await reader.readexactly(size + 2))[:-2]
                now = time.monotonic_ns()
                while b"\n\n" in rest:
                    block, _, rest = rest.partition(b"\n\n")
                    _, number, written = block.split()
                    if int(number) >= OPENING:
                        found.append((now - int(written)) / 1e9)
    except TimeoutError:
        return
    finally:
        writer.close()


async def measured(port: int, cases: dict[str, int], patience: float) -> Lateness:
    """Run so many streams of each case side by side."""
    lateness = Lateness({case: [] for case in cases})
    async with asyncio.TaskGroup() as readers:
        for case, count in cases.items():
            for _ in range(count):
                readers.create_task(read(port, case, lateness.by_case[case], patience))
                await asyncio.sleep(INTERVAL / STREAMS)
    return lateness


async def through(
    options: dict[str, str], folder: Path, *runs: dict[str, int], patience: float = 20
) -> list[Lateness]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        target = f"reverse:http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        proxy = Proxy(target, options=options, folder=folder)
        await asyncio.to_thread(proxy.start)
        try:
            return [await measured(proxy.port, run, patience) for run in runs]
        finally:
            await asyncio.to_thread(proxy.stop)


PLAN = """
[[fault]]
kind = "throttle"
rate = 1000
match = '~u "/throttled$"'

[[fault]]
kind = "stall"
for = "forever"
match = '~u "/stalled$"'
"""


def test_a_throttled_and_a_stalled_stream_slow_no_other(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    healthy = {"other": STREAMS}
    broken = {"other": STREAMS - 2, "throttled": 1, "stalled": 1}
    # The first run is for what is done once: imports, connections, caches.
    runs = [healthy, *[healthy, broken] * RUNS]
    patience = EVENTS * INTERVAL + 1
    _, *found = asyncio.run(through({"streamid_faults": str(plan)}, tmp_path, *runs, patience=patience))
    without, by_faults = found[0::2], found[1::2]
    for each in by_faults:
        assert len(each.by_case["other"]) == (STREAMS - 2) * (EVENTS - OPENING)
        assert each.by_case["stalled"] == []
        assert each.by_case["throttled"]
    # The median of all runs: a collection of garbage stops the process for 20 ms, in one or another.
    reference, p99 = (statistics.median(each.p99("other") for each in runs) for runs in (without, by_faults))
    shown = ", ".join(f"{each.p99('other') * 1000:.1f}" for each in found)
    print(f"p99 {reference * 1000:.1f} ms without, {p99 * 1000:.1f} ms with faults (in turn: {shown})")
    assert p99 <= max(SLACK * reference, reference + FLOOR)


DELAYS = (5, 50, 500)


def test_delays_are_met(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    tables = [
        f'[[fault]]\nkind = "delay"\nname = "by-{by}"\nby = "{by} ms"\nmatch = \'~u "/by-{by}$"\'\n'
        for by in DELAYS
    ]
    plan.write_text("\n".join(tables))
    cases = {f"by-{by}": 8 for by in DELAYS}
    plain, found = asyncio.run(through({"streamid_faults": str(plan)}, tmp_path, {"plain": 8}, cases))
    passing = statistics.median(plain.by_case["plain"])
    for by in DELAYS:
        late = sorted(each - by / 1000 for each in found.by_case[f"by-{by}"])
        assert len(late) == 8 * (EVENTS - OPENING)
        assert late[0] >= 0, "never early"
        median, p99 = statistics.median(late) - passing, late[int(len(late) * 0.99)] - passing
        print(f"{by} ms: {median * 1000:.1f} ms late at the median, {p99 * 1000:.1f} at p99")
        assert median <= 0.003
        assert p99 <= 0.015
