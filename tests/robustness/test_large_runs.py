"""Ten thousand exchanges, and one stream of two hundred thousand events: memory stays flat.

The measured figures are printed (`pytest -s`).
"""

import asyncio
import contextlib
import json
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from recordings.reader import Recording
from tests.cli.streamid import COMMAND, ROOT
from tests.support.keepalive import Client, client, request, response, service
from tests.support.memory import peak_of, resident
from tests.support.proxy import Proxy
from tests.support.streams import EventService
from tests.support.verdicts import assert_live_equals_offline

EXCHANGES, EVENTS = 10_000, 200_000
CLIENTS = 4
WITHOUT_ID = 100
"""Every so manieth stream carries no ID: there is something to find."""
PER_ID = 2 / 1024
"""MiB that an ID may cost while it is among the last 10,000, which the judge remembers."""
NOISE = 5.0
"""MiB by which a process varies that keeps nothing."""
READING = 10.0
"""MiB that a command may take more for these recordings than for one of a few exchanges."""

pytestmark = pytest.mark.timeout(400)

EVENT_STREAM = b"".join(b'event: chunk\ndata: {"text": "piece %d"}\n\n' % n for n in range(20))
EVENT_STREAM += b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 20}\n\n'
READABLE = (
    "Access-Control-Allow-Origin: http://page",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Expose-Headers: X-Streaming-Session-Id",
    "Vary: Origin",
)
"""What makes the answers readable by the page's scripts, with and without credentials."""


class Recorded(NamedTuple):
    """A recording, and the proxy's memory (MiB) at each twentieth of the run, and when all was over."""

    path: Path
    memory: list[float]
    after: float

    def growth(self) -> float:
        """From a fifth of the run on; before that everything is used for the first time."""
        return max(*self.memory[3:], self.after) - self.memory[3]

    def __str__(self) -> str:
        first, last = self.memory[3], self.memory[-1]
        return f"{first:.1f} MiB at a fifth, {last:.1f} at the end, {self.after:.1f} after it"


def issued(number: int) -> str:
    return f"stream-1732312345678-{number:08x}"


def answer(head: bytes, body: bytes) -> bytes:
    """The service: streams that issue IDs, and their updates, each with a scope of its own."""
    path = head.split(b" ", 2)[1].decode().split("/")
    number = int(path[4])
    if path[5] == "update-stream":
        updated = b'{"message": "ok", "sessionId": "%d", "tokensUsed": 20}' % number
        return response(updated, "application/json", *READABLE)
    fields = [f"X-Streaming-Session-Id: {issued(number)}"] if number % WITHOUT_ID else []
    return response(EVENT_STREAM, "text/event-stream", *READABLE, *fields)


async def stream_and_update(connection: Client, number: int) -> None:
    """Two exchanges."""
    update = json.dumps(
        {"completeResponse": "it", "streamingSessionId": issued(number), "tokensUsed": 20}
    ).encode()
    for name, body in (("stream", b'{"message": "hi", "modelId": "m"}'), ("update-stream", update)):
        sent = request(f"/api/chat/sessions/{number}/{name}", body, fields="Origin: http://page\r\n")
        await connection.exchange(sent, answer(sent.partition(b"\r\n\r\n")[0], body))


@contextlib.asynccontextmanager
async def proxied(port: int, folder: Path) -> AsyncIterator[Proxy]:
    proxy = Proxy(f"reverse:http://127.0.0.1:{port}", folder=folder)
    await asyncio.to_thread(proxy.start)
    try:
        yield proxy
    finally:
        await asyncio.to_thread(proxy.stop)


async def many_exchanges(folder: Path) -> Recorded:
    memory: list[float] = []
    async with service(answer) as upstream, proxied(upstream, folder) as proxy:
        numbers = iter(range(1, EXCHANGES // 2 + 1))

        async def work() -> None:
            async with client(proxy.port) as connection:
                for number in numbers:
                    await stream_and_update(connection, number)
                    if number % (EXCHANGES // 40) == 0:
                        memory.append(resident(proxy.pid))

        await asyncio.gather(*(work() for _ in range(CLIENTS)))
        await asyncio.sleep(1.0)
        return Recorded(proxy.recording, memory, resident(proxy.pid))


def event(number: int) -> bytes:
    return b'event: chunk\ndata: {"text": "piece %d of it"}\n\n' % number


async def one_stream(folder: Path) -> Recorded:
    memory: list[float] = []
    body = bytearray()
    async with EventService(event, 0, EVENTS).running() as upstream, proxied(upstream, folder) as proxy:
        async with client(proxy.port) as connection:
            connection.writer.write(request("/api/chat/sessions/1/stream", b"{}"))
            await connection.reader.readuntil(b"\r\n\r\n")
            events = 0
            while size := int(await connection.reader.readuntil(b"\r\n"), 16):
                body += (await connection.reader.readexactly(size + 2))[:-2]
                # A chunk that the proxy got in two reads leaves as two.
                events += body.endswith(b"\n\n")
                if events > len(memory) * EVENTS // 20:
                    memory.append(resident(proxy.pid))
            assert body == b"".join(map(event, range(EVENTS)))
        await asyncio.sleep(1.0)
        return Recorded(proxy.recording, memory, resident(proxy.pid))


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return asyncio.run(many_exchanges(tmp_path_factory.mktemp("exchanges")))


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return asyncio.run(one_stream(tmp_path_factory.mktemp("stream")))


class Command(NamedTuple):
    """How a command ended, its output, and the most memory (MiB) that it took."""

    code: int
    output: Path
    peak: float


def command(output: Path, *arguments: object) -> Command:
    begin = time.monotonic()
    with (
        output.open("w") as out,
        subprocess.Popen([*COMMAND, *map(str, arguments)], cwd=ROOT, stdout=out, text=True) as process,
    ):
        peak = peak_of(process)
    print(f"\n{' '.join(map(str, arguments))}: {peak:.1f} MiB, {time.monotonic() - begin:.1f} s")
    return Command(process.returncode, output, peak)


def constant(folder: Path, path: Path, name: str, *arguments: object, ids: int = 0) -> Command:
    """Run it for the recording at `path`; it takes hardly more than for a small one, but for `ids`."""
    few = command(folder / "few", name, ROOT / "recordings" / "samples" / "healthy.db", *arguments)
    many = command(folder / "many", name, path, *arguments)
    assert few.code == 0
    assert few.peak > 10
    assert many.peak - few.peak < READING + PER_ID * ids
    return many


def test_the_memory_of_ten_thousand_exchanges_is_that_of_the_ids_remembered(exchanges: Recorded) -> None:
    print(f"\n{EXCHANGES} exchanges: {exchanges}")
    assert len(exchanges.memory) == 20
    assert exchanges.growth() < NOISE + PER_ID * EXCHANGES / 2


def test_ten_thousand_exchanges_are_recorded_and_judged_alike(exchanges: Recorded) -> None:
    findings, verdicts = assert_live_equals_offline(exchanges.path)
    assert [finding.code for finding in findings].count("ID101") == EXCHANGES // 2 // WITHOUT_ID
    assert len({verdict.stream for verdict in verdicts if verdict.accepted}) >= EXCHANGES // 2 * 0.99
    with Recording(exchanges.path) as recording:
        assert {row.outcome for row in recording.exchanges()} == {"complete"}


def test_ten_thousand_exchanges_are_validated_and_shown_in_constant_memory(
    tmp_path: Path, exchanges: Recorded
) -> None:
    validate = ("validate", "--format", "json", "--fail-on", "never")
    validated = constant(tmp_path, exchanges.path, *validate, ids=EXCHANGES // 2)
    report = json.loads(validated.output.read_text())
    assert report["exchanges"] == EXCHANGES
    assert report["summary"]["error"] > 0
    listed = constant(tmp_path, exchanges.path, "ls")
    assert len(listed.output.read_text().splitlines()) > EXCHANGES
    shown = constant(tmp_path, exchanges.path, "show", 3, "--format", "json")
    assert len(json.loads(shown.output.read_text())["events"]) == 21


def test_a_stream_of_two_hundred_thousand_events_takes_no_memory(stream: Recorded) -> None:
    print(f"\n{EVENTS} events: {stream}")
    assert len(stream.memory) == 20
    assert stream.growth() < NOISE


def test_a_stream_of_two_hundred_thousand_events_is_recorded_whole(stream: Recorded) -> None:
    with Recording(stream.path) as recording:
        (row,) = recording.exchanges()
        assert recording.run.lost_events == recording.run.lost_bytes == 0
    assert row.outcome == "complete"
    # A chunk that left late is seen apart on both sides; events are not counted then.
    assert row.events in (EVENTS, None)
    assert row.response_size == sum(len(event(number)) for number in range(EVENTS))
    assert_live_equals_offline(stream.path)


def test_a_stream_of_two_hundred_thousand_events_is_validated_and_shown_in_constant_memory(
    tmp_path: Path, stream: Recorded
) -> None:
    validated = constant(tmp_path, stream.path, "validate", "--format", "json", "--fail-on", "never")
    assert json.loads(validated.output.read_text())["exchanges"] == 1
    shown = constant(tmp_path, stream.path, "show", 1, "--format", "json")
    events = json.loads(shown.output.read_text())["events"]
    assert [each["data"] for each in events] == [f'{{"text": "piece {n} of it"}}' for n in range(EVENTS)]
    complete = constant(tmp_path, stream.path, "show", 1, "--limit", 0)
    assert len(complete.output.read_text().splitlines()) > EVENTS
