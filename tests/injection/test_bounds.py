"""What a paced stream holds is bounded, and a client that leaves frees it."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from contract.events import Deed
from recordings.reader import Recording
from tests.injection.bench import head
from tests.injection.service import ScriptedService
from tests.injection.wire import ask
from tests.support.proxy import Proxy
from tests.support.sockets import Peer

MIB = 1024 * 1024
BIG = 24 * MIB
PIECE = b"x" * 65536

PLAN = """
[[fault]]
kind = "stall"
for = "forever"
match = '~u "/stalled$"'

[[fault]]
kind = "coalesce"
match = '~u "/coalesced$"'
"""


def large() -> tuple[bytes, ...]:
    """A body that is much larger than what a stream may hold back, and all of the sockets' buffers."""
    return (
        head(b"Content-Type: text/plain", framing=b"Content-Length: %d" % BIG),
        *[PIECE] * (BIG // len(PIECE)),
    )


def request(path: str) -> bytes:
    return b"GET /%s HTTP/1.1\r\nHost: test\r\nX-Case: %s\r\n\r\n" % ((path.encode(),) * 2)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


def settled(process: psutil.Process) -> float:
    """The process's memory (MiB) once it does not grow any more."""
    before = 0.0
    for _ in range(40):
        time.sleep(0.15)
        now = process.memory_info().rss / MIB
        if abs(now - before) < 0.3:
            break
        before = now
    return now


def test_a_stalled_stream_reads_no_more_than_it_may_hold_and_is_freed(plan: Path, tmp_path: Path) -> None:
    service = ScriptedService({"stalled": [large()]})
    with (
        service.server as server,
        Proxy(f"reverse:{server.url}", options={"streamid_faults": str(plan)}, folder=tmp_path) as proxy,
    ):
        process = psutil.Process(proxy.pid)
        idle = settled(process)
        clients = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(5)]
        for client in clients:
            client.sendall(request("stalled"))
        grown = settled(process) - idle
        written = [sum(len(data) for _, data in asked.writes) for asked in service.asked["stalled"]]
        assert len(written) == 5
        assert max(written) < BIG, "the service has to wait"
        assert grown < 5 * 8, f"{grown:.1f} MiB for five streams"
        for client in clients:
            client.close()
        proxy.wait_for("client disconnect")
        deadline = time.monotonic() + 10
        while server_threads(service) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not server_threads(service), "the service is let go at once"
    with Recording(proxy.recording) as recording:
        assert {row.outcome for row in recording.exchanges()} == {"client-abort"}


def server_threads(service: ScriptedService) -> int:
    """How many answers are still being written."""
    return sum(
        len(asked.writes) < 1 + BIG // len(PIECE) and not asked.is_over for asked in service.asked["stalled"]
    )


def test_what_would_wait_for_ever_is_let_through_and_journalled(plan: Path, tmp_path: Path) -> None:
    service = ScriptedService({"coalesced": [large()]})
    with (
        service.server as server,
        Proxy(f"reverse:{server.url}", options={"streamid_faults": str(plan)}, folder=tmp_path) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as client,
    ):
        client.sendall(request("coalesced"))
        got = 0
        while got < BIG:
            data = client.recv(MIB)
            assert data
            got += len(data)
    with Recording(proxy.recording) as recording:
        (entry,) = [each for each in recording.injections() if each.deed is Deed.PASSED]
        assert "more than 1048576 bytes would have to be kept" in entry.name


MOST_ACTIVE = """
[[fault]]
kind = "set-header"
header = "X-Struck"
value = "yes"
when = { max-active = 1 }
"""


def test_an_exchange_that_is_over_makes_room_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(MOST_ACTIVE)
    slow = (head(b"Content-Type: text/plain", framing=b"Content-Length: 2"), 0.5, b"ok")
    service = ScriptedService({"any": [slow]})
    options = {"streamid_faults": str(tmp_path / "plan.toml")}
    asked = b"GET / HTTP/1.1\r\nHost: test\r\nX-Case: any\r\n\r\n"
    with service.server as server, Proxy(f"reverse:{server.url}", options=options, folder=tmp_path) as proxy:
        for _ in range(2):
            with ThreadPoolExecutor(2) as pool:
                got = list(pool.map(lambda _: ask(proxy.port, asked), range(2)))
            assert sorted(b"X-Struck: yes" in each.fields for each in got) == [False, True]
        with Peer.connect(proxy.port) as peer:
            peer.send(asked)
            assert b"X-Struck: yes" in peer.receive_until(b"\r\n\r\n")
        proxy.wait_for("client disconnect")
        time.sleep(0.3)
        assert b"X-Struck: yes" in ask(proxy.port, asked).fields, "a client that left makes room, too"
