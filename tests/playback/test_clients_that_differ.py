"""Clients that are slow, leave, send much, wait to be told to, or are answered before they are done."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from contract.events import Abort, Breaker, Chunk, End, Event, Manner, Message
from tests.playback.exchanges import BOTH, CHUNKED, ORIGIN, STREAMED, answered, asked
from tests.support.h2peer import H2Peer
from tests.support.memory import resident
from tests.support.sequences import record
from tests.support.serving import Serving
from tests.support.sockets import Peer

MIB = 1024 * 1024
LARGE = 64 * MIB
MOST_GROWN = 16
"""MiB that a playback may grow by for a client that does not read, beside the recorded answer itself."""
PIECE = os.urandom(64 * 1024)
UPLOAD = os.urandom(1024) * (3 * 1024)
DATA = b"data: %d\n\n"


def early(number: int, at: int, target: str) -> list[Event]:
    """An answer that was complete while its request was still coming."""
    head, body, end = asked(number, at, target, b"the first bytes")
    refused = answered(number, at + 20, b"too large", status=413)
    return [head, body, *refused, Chunk(number, Message.REQUEST, BOTH, at + 500, b"more", 4), _later(end)]


def _later(end: Event) -> Event:
    assert isinstance(end, End)
    return End(end.exchange, end.message, end.side, end.at + 600)


EVENTS = [
    *asked(1, 0, "/large"),
    *answered(1, 100, *[PIECE] * (LARGE // len(PIECE)), fields=(CHUNKED,)),
    *asked(2, 1_000_000, "/stream"),
    *answered(2, 1_000_100, *[DATA % n for n in range(50)], fields=STREAMED, gap=100_000),
    *asked(3, 9_000_000, "/upload", UPLOAD),
    *answered(3, 9_000_100, hashlib.sha256(UPLOAD).hexdigest().encode()),
    *asked(4, 9_100_000, "/wait", b'{"a":1}'),
    *answered(4, 9_100_100, b"thanks"),
    *early(5, 9_200_000, "/early"),
    *asked(6, 9_300_000, "/small"),
    *answered(6, 9_300_100, b"small"),
    *asked(7, 9_400_000, "/cut"),
    *answered(7, 9_400_100, b"data: a\n\n", b"data: b\n\n", fields=STREAMED)[:-1],
    Abort(7, BOTH, 9_400_500, Breaker.SERVER, Manner.CLOSED, "server disconnected", 200),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("clients") / "clients.db", EVENTS, bound=4 * LARGE)


@pytest.fixture(scope="module")
def playback(recording: Path) -> Iterator[Serving]:
    with Serving(recording, arguments=("--speed", "max")) as running:
        yield running
        assert "Traceback" not in running.text


@pytest.fixture(scope="module")
def at_pace(recording: Path) -> Iterator[Serving]:
    with Serving(recording) as running:
        yield running
        assert "Traceback" not in running.text


def port(playback: Serving) -> int:
    return int(playback.url(ORIGIN).rpartition(":")[2])


def get(playback: Serving, path: str) -> httpx.Response:
    return httpx.get(playback.url(ORIGIN) + path, trust_env=False, timeout=20)


def settled(pid: int) -> float:
    """MiB of the process once its memory changes no more."""
    before = -1.0
    while abs(before - (now := resident(pid))) > 0.1:
        before = now
        time.sleep(0.25)
    return now


@contextmanager
def not_reading(playback: Serving) -> Iterator[socket.socket]:
    """A client that has asked for the large answer, and reads nothing of it."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.connect(("127.0.0.1", port(playback)))
        client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield client


def test_a_client_that_stops_reading_costs_little_and_holds_nobody_up(playback: Serving) -> None:
    assert len(get(playback, "/large").content) == LARGE  # it is in memory now
    before = settled(playback.pid)
    with not_reading(playback), not_reading(playback) as client:
        during = settled(playback.pid)
        assert get(playback, "/small").text == "small"
        assert len(get(playback, "/stream").content) == sum(len(DATA % n) for n in range(50))
        size = 0
        while size < LARGE:
            size += len(client.recv(MIB))
    print(f"\n  {before:.0f} MiB before, {during:.0f} MiB while two do not read")
    assert during - before < MOST_GROWN


def test_an_http2_client_that_stops_reading_costs_little(playback: Serving) -> None:
    assert len(get(playback, "/large").content) == LARGE
    before = settled(playback.pid)
    with H2Peer.connect(port(playback)) as client:
        client.request(b"GET", b"/large")
        during = settled(playback.pid)
    print(f"\n  {before:.0f} MiB before, {during:.0f} MiB while one does not read")
    assert during - before < MOST_GROWN


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(at_pace: Serving) -> None:
    get(at_pace, "/small")
    process = psutil.Process(at_pace.pid)
    before = process.num_fds()
    for how in (Peer.close, Peer.reset):
        with Peer.connect(port(at_pace)) as peer:
            peer.send(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            peer.receive_until(b"data: 1\n\n")
            how(peer)
    for _ in range(30):  # … and before the recording was found
        with Peer.connect(port(at_pace)) as peer:
            peer.send(b"GET /upload-that-was-not-recorded HTTP/1.1\r\nHost: localhost\r\n\r\n")
            peer.reset()
    with H2Peer.connect(port(at_pace)) as peer2:
        stream = peer2.request(b"GET", b"/stream")
        while b"data: 1\n\n" not in peer2.body(stream):
            peer2.receive()
        peer2.reset(stream)
        other = peer2.request(b"GET", b"/small")
        while peer2.body(other) != b"small":
            peer2.receive()
    deadline = time.monotonic() + 5
    while process.num_fds() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.num_fds() <= before
    assert get(at_pace, "/small").text == "small"


def test_a_stream_that_was_cut_is_cut_again_after_the_same_bytes(playback: Serving) -> None:
    with Peer.connect(port(playback)) as peer:
        peer.send(b"GET /cut HTTP/1.1\r\nHost: localhost\r\n\r\n")
        peer.receive_all()
        assert peer.data.endswith(b"\r\n\r\n9\r\ndata: a\n\n\r\n9\r\ndata: b\n\n\r\n")


def test_a_long_upload_is_matched_by_its_bytes(playback: Serving) -> None:
    url = f"{playback.url(ORIGIN)}/upload"
    with httpx.Client(trust_env=False, timeout=20) as client:
        assert client.post(url, content=UPLOAD).text == hashlib.sha256(UPLOAD).hexdigest()
        chunked = (UPLOAD[n : n + 100_000] for n in range(0, len(UPLOAD), 100_000))
        assert client.post(url, content=chunked).text == hashlib.sha256(UPLOAD).hexdigest()
        other = client.post(url, content=UPLOAD[:-1] + b"!")
    assert other.status_code == 404
    (differs,) = other.json()["nearest"][0]["differs"]
    assert differs["recorded"] == f"(sha256 {hashlib.sha256(UPLOAD).hexdigest()})"


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(playback: Serving) -> None:
    with Peer.connect(port(playback)) as peer:
        head = b"POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        peer.send(head + b"Content-Length: 7\r\nExpect: 100-continue\r\n\r\n")
        assert peer.receive_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue")
        peer.send(b'{"a":1}')
        assert peer.receive_until(b"thanks")


def test_what_was_answered_early_is_answered_before_the_request_is_complete(playback: Serving) -> None:
    with Peer.connect(port(playback)) as peer:
        head = b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        peer.send(head + b"Content-Length: 1000\r\n\r\nonly some")
        peer.receive_until(b"too large")
        assert peer.data.startswith(b"HTTP/1.1 413 ")
