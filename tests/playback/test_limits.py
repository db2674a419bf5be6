"""What a playback does not give again: a test for each row of docs/fidelity.md about it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
)
from tests.cli.streamid import streamid
from tests.playback.exchanges import BOTH, ORIGIN, STREAMED, answered, asked, lost
from tests.support.sequences import record
from tests.support.serving import Serving
from tests.support.sockets import Peer

TRAILERS = ((b"grpc-status", b"0"),)
PIECES = [b"data: %d\n\n" % number for number in range(40)]


def switched(number: int, at: int) -> list[Event]:
    head, *_, end = answered(number, at + 100, status=101, fields=((b"Upgrade", b"websocket"),))
    request = asked(number, at, "/socket", fields=((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")))
    return [*request, head, end]


def with_trailers(number: int, at: int) -> list[Event]:
    *most, end = [*asked(number, at, "/trailers"), *answered(number, at + 100, b"a body", fields=())]
    assert isinstance(end, End)
    versions = (RequestHead, ResponseHead)
    most = [replace(each, version=b"HTTP/2.0") if isinstance(each, versions) else each for each in most]
    return [*most, replace(end, trailers=TRAILERS)]


EVENTS = [
    *switched(1, 0),
    *with_trailers(2, 1000),
    *lost([*asked(3, 2000, "/lost"), *answered(3, 2100, b"bytes")]),
    *asked(4, 3000, "/left"),
    *answered(4, 3100, b"data: a\n\n", fields=STREAMED)[:-1],
    Abort(4, BOTH, 3300, Breaker.CLIENT, Manner.CLOSED, "client disconnected", 200),
    *asked(5, 4000, "/at-once"),
    *answered(5, 4100, *PIECES, fields=STREAMED, gap=1),
    *asked(6, 100_000, "/slow-upload", b"x" * 100),
    *answered(6, 5_000_000, b"done"),
]


def _late(events: list[Event]) -> list[Event]:
    """The upload of exchange 6 took until just before its answer."""
    found = []
    for event in events:
        of = event.exchange == 6 and isinstance(event, Chunk | End) and event.message is Message.REQUEST
        found.append(replace(event, at=4_990_000) if of and isinstance(event, Chunk | End) else event)
    return found


@pytest.fixture(scope="module")
def playback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    path = record(tmp_path_factory.mktemp("limits") / "limits.db", _late(EVENTS))
    with Serving(path) as running:
        yield running
        assert "Traceback" not in running.text


def ask(playback: Serving, path: str, more: bytes = b"\r\n") -> Peer:
    peer = Peer.connect(int(playback.url(ORIGIN).rpartition(":")[2]))
    peer.send(f"GET {path} HTTP/1.1\r\nHost: localhost:3002\r\n".encode() + more)
    return peer


def test_an_upgrade_is_a_miss(playback: Serving) -> None:
    with ask(playback, "/socket", b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n") as peer:
        assert peer.receive_until(b"\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def test_raw_bytes_are_not_played(tmp_path: Path) -> None:
    head = RequestHead(1, BOTH, 0, b"", "tcp", "localhost", 3002, b"", b"", (), Kind.TCP)
    data = Chunk(1, Message.RESPONSE, BOTH, 10, b"raw", 3)
    result = streamid("serve", record(tmp_path / "raw.db", [head, data]))
    assert (result.exit_code, result.stderr) == (2, f"Error: {tmp_path}/raw.db: holds no HTTP exchange\n")


def test_an_answer_that_was_not_kept_is_a_miss(playback: Serving) -> None:
    with ask(playback, "/lost") as peer:
        peer.receive_until(b"bytes of its answer were not kept")


def test_trailers_of_http2_do_not_reach_a_client_of_http1(playback: Serving) -> None:
    with ask(playback, "/trailers") as peer:
        peer.receive_until(b"a body")
        peer.receive_all()  # it comes to its end
    assert b"grpc-status" not in peer.data


def test_where_a_client_had_left_the_connection_is_closed_two_seconds_later(playback: Serving) -> None:
    with ask(playback, "/left") as peer:
        peer.receive_until(b"data: a\n\n\r\n")
        before = time.monotonic()
        assert peer.receive_all() == b""
        assert 1.9 < time.monotonic() - before < 4


def test_what_is_due_at_once_is_written_at_once(playback: Serving) -> None:
    with ask(playback, "/at-once") as peer:
        peer.receive_until(b"0\r\n\r\n")
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in PIECES)
        assert framed + b"0\r\n\r\n" in peer.data


def test_time_begins_when_a_request_is_complete(playback: Serving) -> None:
    """The recorded client needed five seconds for its upload; who needs less, waits less."""
    before = time.monotonic()
    port = int(playback.url(ORIGIN).rpartition(":")[2])
    with Peer.connect(port) as peer:
        head = b"POST /slow-upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        peer.send(head + b"Content-Length: 100\r\n\r\n" + b"x" * 100)
        peer.receive_until(b"done")
    assert time.monotonic() - before < 2
