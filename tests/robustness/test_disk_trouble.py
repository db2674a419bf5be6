"""Whatever happens to the recording's file: traffic goes on as fast as ever, and what is lost is said.

Healthy and troubled phases alternate in one run, so that both have the same machine under them. The
measured figures are printed (`pytest -s`).
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from addons.recorder import CLOSING_TIME
from contract.events import Chunk, Form, Gap, Message, Side
from recordings.reader import Recording
from recordings.writer import BOUND
from tests.support.disk_trouble import (
    Trouble,
    being_read,
    can_mount,
    full_disk,
    locked,
    no_room,
    small_disk,
    unwritable,
)
from tests.support.keepalive import client, request, response, service
from tests.support.proxy import CHECKOUT, STREAMID, Proxy
from tests.support.verdicts import assert_live_equals_offline

SCRIPTS = Path(__file__).parent / "scripts"

PHASE = 1.2
"""Seconds of each phase; a trouble lasts that long and until the writer has caught up with it."""
ROUNDS, MOST_ROUNDS = 4, 12
SLOWER = 1.2
NOISE = 0.005
"""Seconds by which the 99th percentiles of two healthy phases differ on two busy cores."""
STALL = 1.0
"""Seconds that no answer takes: less than a trouble lasts."""

MIB = 1024 * 1024
BEGUN = "the recording cannot be written"
OVER = "is written again; nothing that waited was lost"
STREAM = request("/api/chat/sessions/1/stream", b"{}")
ANSWER = response(b'event: done\ndata: {"message": "x", "tokensUsed": 1}\n\n', "text/event-stream")
"""A stream without an ID: the judge has something to find in every run."""


def answer(head: bytes, body: bytes) -> bytes:
    """The service: what it is sent it sends back."""
    target = head.split(b" ", 2)[1]
    if target.startswith(b"/files/"):
        return response(body, "application/octet-stream")
    return response(body) if target == b"/api/echo" else ANSWER


class Traffic:
    """Two clients that send a request every few milliseconds. Each answer must be right."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.sent: list[bytes] = []
        self.size = 600

    async def until(self, over: Callable[[], bool]) -> list[float]:
        """Exchanges until that holds; the seconds that each took."""
        took: list[float] = []

        async def work() -> None:
            async with client(self.proxy.port) as connection:
                await connection.exchange(STREAM, ANSWER)
                while not over():
                    body = b'{"text": "%s"}' % os.urandom(self.size // 2).hex().encode()
                    self.sent.append(body)
                    took.append(await connection.exchange(request("/api/echo", body), response(body)))
                    await asyncio.sleep(0.005)

        await asyncio.gather(work(), work())
        return took

    async def for_seconds(self, seconds: float) -> list[float]:
        end = time.monotonic() + seconds
        return await self.until(lambda: time.monotonic() > end)

    async def until_said(self, text: str, times: int) -> list[float]:
        """Exchanges until the proxy's log has `text` so many times."""
        end = time.monotonic() + 30
        return await self.until(lambda: self.proxy.log().count(text) >= times or time.monotonic() > end)


class Latency(NamedTuple):
    """Seconds that exchanges took while all was well, and while it was not."""

    healthy: list[float]
    troubled: list[float]

    def alike(self) -> bool:
        healthy, troubled = percentile_99(self.healthy), percentile_99(self.troubled)
        return troubled <= max(SLOWER * healthy, healthy + NOISE)

    def __str__(self) -> str:
        healthy, troubled = percentile_99(self.healthy) * 1000, percentile_99(self.troubled) * 1000
        worst = max(self.healthy) * 1000, max(self.troubled) * 1000
        return (
            f"p99 {healthy:.1f} ms healthy ({len(self.healthy)}), {troubled:.1f} ms troubled"
            f" ({len(self.troubled)}): × {troubled / healthy:.2f}; worst {worst[0]:.0f} and {worst[1]:.0f} ms"
        )


def percentile_99(took: list[float]) -> float:
    return sorted(took)[len(took) * 99 // 100]


@contextlib.asynccontextmanager
async def running(folder: Path, kept_in: Path | None = None, **limits: int) -> AsyncIterator[Traffic]:
    """A proxy before the service; its recording is alone in the folder `kept_in`."""
    recording = (kept_in or folder / "kept") / "recording.db"
    async with service(answer) as upstream:
        proxy = Proxy(
            f"reverse:http://127.0.0.1:{upstream}",
            script=SCRIPTS / "limits.py",
            scripts=[SCRIPTS / "ordinary_user.py", STREAMID],
            folder=folder,
            options={"streamid_record": str(recording)},
            environment={"PYTHONPATH": str(CHECKOUT)} | {name: str(size) for name, size in limits.items()},
        )
        await asyncio.to_thread(proxy.start)
        try:
            yield Traffic(proxy)
        finally:
            await asyncio.to_thread(proxy.stop)


async def measured(traffic: Traffic, trouble: Trouble, begun: str = BEGUN, over: str = OVER) -> Latency:
    """Alternate phases, until both are alike or there is no hope of it.

    One round too many is only noise averaged out: a writer in the way would be so in every round.
    """
    latency = Latency([], [])
    await traffic.for_seconds(0.5)
    for number in range(1, MOST_ROUNDS + 1):
        latency.healthy.extend(await traffic.for_seconds(PHASE))
        with trouble(traffic.proxy):
            latency.troubled.extend(await traffic.for_seconds(PHASE))
            latency.troubled.extend(await traffic.until_said(begun, number))
        latency.troubled.extend(await traffic.until_said(over, number))
        assert traffic.proxy.log().count(begun) == traffic.proxy.log().count(over) == number
        if number >= ROUNDS and latency.alike():
            break
    return latency


def recorded_bodies(path: Path, *, lossy: bool = False) -> list[bytes]:
    """What the clients were sent in answer to `/api/echo`, as recorded."""
    bodies: dict[int, bytes] = {}
    with Recording(path) as recording:
        echoes = {row.exchange for row in recording.exchanges() if row.url.endswith("/api/echo")}
        for event in recording.events():
            if not isinstance(event, Chunk) or event.message is not Message.RESPONSE:
                continue
            if event.exchange in echoes and event.side & Side.CLIENT:
                assert len(event.data) == event.size or lossy
                bodies[event.exchange] = bodies.get(event.exchange, b"") + event.data
    return list(bodies.values())


def assert_nothing_is_missing(traffic: Traffic) -> None:
    proxy = traffic.proxy
    assert "NOT recorded" not in proxy.log()
    assert sorted(recorded_bodies(proxy.recording)) == sorted(traffic.sent)
    with Recording(proxy.recording) as recording:
        assert recording.run.closed
        assert recording.run.lost_events == recording.run.lost_bytes == 0
    assert assert_live_equals_offline(proxy.recording)[0]


def troubles() -> list[Trouble]:
    """What makes writing fail; a disk that is really full, too, where this process may mount one."""
    return [locked, no_room, *([full_disk] if can_mount() else [])]


@pytest.mark.parametrize("trouble", troubles())
def test_traffic_goes_on_and_nothing_is_lost_while_writing_fails(tmp_path: Path, trouble: Trouble) -> None:
    async def run(kept_in: Path) -> Traffic:
        async with running(tmp_path, kept_in) as traffic:
            traffic.size = 6000 if trouble is full_disk else 600
            latency = await measured(traffic, trouble)
            print(f"\n{trouble.__name__}: {latency}")
            assert latency.alike(), str(latency)
            assert max(latency.troubled) < STALL
        return traffic

    with small_disk() if trouble is full_disk else contextlib.nullcontext(tmp_path / "kept") as kept_in:
        traffic = asyncio.run(run(kept_in))
        assert_nothing_is_missing(traffic)
    if trouble is full_disk:
        assert f"{BEGUN} (database or disk is full)" in traffic.proxy.log()


def test_a_recording_made_read_only_is_written_to_its_end(tmp_path: Path) -> None:
    async def run() -> Traffic:
        async with running(tmp_path) as traffic:
            await traffic.for_seconds(0.5)
            with unwritable(traffic.proxy):
                took = await traffic.for_seconds(PHASE)
                assert max(took) < STALL
                await asyncio.to_thread(traffic.proxy.stop)
                assert_nothing_is_missing(traffic)
        return traffic

    traffic = asyncio.run(run())
    assert "stays in several files (-wal, -shm): attempt to write a readonly database" in traffic.proxy.log()
    assert_nothing_is_missing(traffic)


def test_a_reader_that_does_not_let_go_costs_bodies_but_neither_time_nor_disk(tmp_path: Path) -> None:
    limit = MIB
    largest = 0

    @contextlib.contextmanager
    def long_read(proxy: Proxy) -> Iterator[None]:
        nonlocal largest
        with being_read(proxy):
            yield
            largest = max(largest, Path(f"{proxy.recording}-wal").stat().st_size)

    async def run() -> Traffic:
        async with running(tmp_path, WRITER_WAL_LIMIT=limit) as traffic:
            traffic.size = 24_000
            latency = await measured(traffic, long_read, "bodies are not kept", "bodies are kept again")
            print(
                f"\na long read: {latency}; write-ahead log at most {largest / MIB:.2f} MiB of {limit / MIB}"
            )
            assert latency.alike(), str(latency)
            assert max(latency.troubled) < STALL
        return traffic

    traffic = asyncio.run(run())
    assert limit < largest < 3 * limit
    log = traffic.proxy.log()
    assert "until it lets go bodies are not kept, only their lengths and times" in log
    with Recording(traffic.proxy.recording) as recording:
        info = recording.run
        assert info.closed
        assert info.lost_bytes > 0 == info.lost_events
        assert sum(lost_sizes(recording)) == info.lost_bytes
        complete = [row for row in recording.exchanges() if row.url.endswith("/api/echo")]
        assert len(complete) == len(traffic.sent)
        assert {row.outcome for row in complete} == {"complete"}
    assert f"NOT recorded: 0 events, {info.lost_bytes} bytes" in log
    assert_live_equals_offline(traffic.proxy.recording)


def lost_sizes(recording: Recording) -> list[int]:
    """Of each chunk or gap that has no bytes, how many there were."""
    return [
        event.size
        for event in recording.events()
        if isinstance(event, Gap) or (isinstance(event, Chunk) and event.form is Form.LOST)
    ]


@pytest.mark.parametrize("trouble", [locked, no_room])
def test_a_trouble_that_stays_does_not_keep_the_proxy_from_stopping(tmp_path: Path, trouble: Trouble) -> None:
    async def run() -> Traffic:
        async with running(tmp_path) as traffic:
            await traffic.for_seconds(0.6)
            await asyncio.sleep(0.5)
            with trouble(traffic.proxy):
                before = len(traffic.sent)
                await traffic.until_said(BEGUN, 1)
                begin = time.monotonic()
                assert await asyncio.to_thread(traffic.proxy.stop) == 0
                took = time.monotonic() - begin
                print(f"\n{trouble.__name__}: stopped in {took:.1f} s")
                assert took < CLOSING_TIME + 2
            traffic.sent = traffic.sent[:before]
        return traffic

    traffic = asyncio.run(run())
    lost = re.search(r"NOT recorded: (\d+) events, (\d+) bytes", traffic.proxy.log())
    assert lost
    assert int(lost[1]) > 0 < int(lost[2])
    bodies = recorded_bodies(traffic.proxy.recording)
    assert set(traffic.sent) <= set(bodies)
    with Recording(traffic.proxy.recording) as recording:
        assert "the writer did not close this recording" in recording.run.state()
    assert_live_equals_offline(traffic.proxy.recording)


async def large(port: int, count: int, size: int) -> None:
    """Exchanges whose answers no compression makes smaller."""
    async with client(port) as connection:
        for _ in range(count):
            body = os.urandom(size)
            sent = request("/files/1", body, "application/octet-stream")
            await connection.exchange(sent, response(body, "application/octet-stream"))


def test_what_passes_a_locked_recording_fills_the_queue_and_no_more(tmp_path: Path) -> None:
    async def run() -> Proxy:
        async with running(tmp_path) as traffic:
            proxy = traffic.proxy
            process = psutil.Process(proxy.pid)
            await large(proxy.port, 4, 2 * MIB)
            await asyncio.sleep(0.5)
            before = process.memory_info().rss
            with locked(proxy):
                resident = []
                for _ in range(10):
                    await large(proxy.port, 6, 2 * MIB)
                    resident.append((process.memory_info().rss - before) // MIB)
            await traffic.until_said(OVER, 1)
            after = (process.memory_info().rss - before) // MIB
            print(f"\n240 MiB past a locked recording: grown by {resident} MiB, {after} MiB after it")
            assert max(resident) < 3 * BOUND // MIB
            assert after < 4 * BOUND // MIB
        return proxy

    proxy = asyncio.run(run())
    log = proxy.log()
    assert "the recording cannot keep up; some bodies or events are not kept" in log
    with Recording(proxy.recording) as recording:
        info = recording.run
        assert info.closed
        assert info.lost_events == 0
        assert sum(lost_sizes(recording)) == info.lost_bytes > 64 * MIB
        assert sum(row.response_size for row in recording.exchanges() if row.status) > 120 * MIB
    assert f"NOT recorded: 0 events, {info.lost_bytes} bytes" in log
    assert_live_equals_offline(proxy.recording)


def test_events_that_the_queue_has_no_room_for_are_counted_in_a_gap(tmp_path: Path) -> None:
    async def run() -> Traffic:
        async with running(tmp_path, WRITER_BOUND=100_000) as traffic:
            await traffic.for_seconds(0.3)
            with locked(traffic.proxy):
                await traffic.for_seconds(2.5)
            await traffic.until_said(OVER, 1)
            await traffic.for_seconds(0.5)
        return traffic

    traffic = asyncio.run(run())
    with Recording(traffic.proxy.recording) as recording:
        info = recording.run
        assert info.closed
        gaps = [event for event in recording.events() if isinstance(event, Gap)]
        assert sum(gap.events for gap in gaps) == info.lost_events > 0
        assert sum(lost_sizes(recording)) == info.lost_bytes > 0
    assert f"NOT recorded: {info.lost_events} events, {info.lost_bytes} bytes" in traffic.proxy.log()
    print(f"\n{len(traffic.sent)} exchanges: {info.lost_events} events lost in {len(gaps)} gaps")
    assert traffic.sent[-1] in recorded_bodies(traffic.proxy.recording, lossy=True)
    assert_live_equals_offline(traffic.proxy.recording)
