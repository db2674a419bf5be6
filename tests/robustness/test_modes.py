"""Every mode and kind of traffic is passed on, recorded as what it is, and judged where it is to be."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import h2.events
import pytest

from contract.events import Chunk, End, Event, Kind, Message, RequestHead, Side
from contract.findings import Verdict
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from tests.fidelity.http1_responses import UPGRADE, UPGRADED
from tests.fidelity.websocket import frame, unmasked
from tests.fidelity.wire import OK, chunk, response
from tests.robustness.plants import flushed
from tests.robustness.traffic import an_id, ask, stream_head
from tests.support.certificates import client_context
from tests.support.h2peer import H2Peer, H2Server, echo
from tests.support.proxy import BARE, Proxy
from tests.support.sockets import Peer, RawServer

LAST = b"0\r\n\r\n"
OPTIONS = {"ssl_insecure": "true"}
QUESTION = b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0\7example\4test\0\0\1\0\1"
REPLY = b"\x12\x34\x81\x80\0\1\0\1\0\0\0\0" + QUESTION[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
EVENTS = b'event: chunk\ndata: {"text": "a"}\n\n' * 9
PROFILE = """
name = "in-the-stream"
[id]
format = 'run-[0-9]+'
[scope]
path = "room"
[[issue]]
method = "POST"
path = "/rooms/{room}/runs"
id = { event = "start", json = "run.id" }
[[echo]]
method = "PUT"
path = "/rooms/{room}"
id = { header = "X-Run" }
"""


def service(peer: Peer) -> None:
    """Issues IDs, upgrades, and says ok to all else."""
    while head := peer.receive_until(b"\r\n\r\n"):
        if b"/stream " in head:
            number = int(head.split(b"/sessions/s")[1].split(b"/")[0])
            peer.send(stream_head(number) + chunk(b"data: 1\n\n"), LAST)
        elif b"websocket" in head:
            peer.send(UPGRADED + frame(1, b"welcome"))
            peer.receive_all()
        else:
            peer.send(OK)


def echoes(peer: Peer) -> None:
    while data := peer.receive():
        peer.send(data)


class Datagrams:
    """Answers each datagram with `answer`."""

    def __init__(self, answer: bytes) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.port: int = self._socket.getsockname()[1]
        self._answer = answer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                _, peer = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer, peer)

    def __enter__(self) -> "Datagrams":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()


def datagram(port: int, data: bytes) -> bytes:
    """The answer to one datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(10)
        peer.sendto(data, ("127.0.0.1", port))
        return peer.recv(65536)


def rows(path: Path) -> list[ExchangeRow]:
    with Recording(path) as recording:
        return list(recording.exchanges())


def exchange(path: Path, number: int) -> list[Event]:
    with Recording(path) as recording:
        return list(recording.exchange(number))


def passed(events: list[Event], message: Message) -> bytes:
    chunks = [each for each in events if isinstance(each, Chunk) and each.message is message]
    assert all(each.side is Side.BOTH for each in chunks)
    return b"".join(each.data for each in chunks)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_several_modes_at_once_are_recorded_as_what_they_are(stack: ExitStack, tmp_path: Path) -> None:
    plain = stack.enter_context(RawServer(service))
    secret = stack.enter_context(H2Server(echo))
    raw = stack.enter_context(RawServer(echoes))
    udp, dns = stack.enter_context(Datagrams(b"pong")), stack.enter_context(Datagrams(REPLY))
    modes = (
        f"reverse:{plain.url}",
        f"reverse:{secret.url}",
        f"reverse:tcp://127.0.0.1:{raw.port}",
        f"reverse:udp://127.0.0.1:{udp.port}",
        f"reverse:dns://127.0.0.1:{dns.port}",
        "regular",
    )
    with Proxy(*modes, options=OPTIONS, folder=tmp_path) as proxy:
        with Peer.connect(proxy.ports[0]) as peer:
            peer.send(ask(1).replace(b"PORT", b"1"))
            peer.receive_until(LAST)
        with H2Peer.connect(proxy.ports[1]) as client:
            client.receive_until(h2.events.StreamEnded, client.request(b"POST", b"/h2", body=b"abc"))
        with Peer.connect(proxy.ports[2]) as peer:
            peer.send(b"\0raw\xff")
            assert peer.receive_exactly(5) == b"\0raw\xff"
        assert datagram(proxy.ports[3], b"ping") == b"pong"
        assert datagram(proxy.ports[4], QUESTION)[:2] == REPLY[:2]
        with Peer.connect(proxy.ports[5]) as peer:
            peer.send(b"GET http://127.0.0.1:%d/a HTTP/1.1\r\nHost: a\r\n\r\n" % plain.port)
            peer.receive_until(b"\r\n\r\nok")
        proxy.stop()
        found = rows(proxy.recording)
        assert [row.kind for row in found] == ["http", "http", "tcp", "udp", "dns", "http"]
        assert found[0].stream == an_id(1).decode()
        assert passed(exchange(proxy.recording, 2), Message.REQUEST) == b"abc"
        assert passed(exchange(proxy.recording, 3), Message.RESPONSE) == b"\0raw\xff"
        assert passed(exchange(proxy.recording, 4), Message.REQUEST) == b"ping"
        assert passed(exchange(proxy.recording, 4), Message.RESPONSE) == b"pong"
        assert b"example" in passed(exchange(proxy.recording, 5), Message.RESPONSE)
        assert "Traceback" not in proxy.log()


def test_http2_through_connect_and_the_proxys_ca(stack: ExitStack, tmp_path: Path) -> None:
    server = stack.enter_context(H2Server(echo))
    with Proxy("regular", options=OPTIONS, folder=tmp_path) as proxy:
        with Peer.connect(proxy.port) as peer:
            authority = b"localhost:%d" % server.port
            peer.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (authority, authority))
            peer.receive_until(b"\r\n\r\n")
            peer.secure(client_context(("h2",), authority=proxy.authority))
            assert peer.alpn == "h2"
            client = H2Peer(peer, client=True)
            stream = client.request(b"POST", b"/a", body=b"x" * 60_000)
            client.receive_until(h2.events.StreamEnded, stream)
            assert client.body(stream) == b"x" * 60_000
        proxy.stop()
        tunnel, inside = rows(proxy.recording)
        assert (tunnel.kind, tunnel.outcome) == ("connect", "complete")
        assert (inside.kind, inside.outcome, inside.url) == (
            "http",
            "complete",
            f"https://localhost:{server.port}/a",
        )
        heads = [each for each in exchange(proxy.recording, 2) if isinstance(each, RequestHead)]
        assert {each.version for each in heads} == {b"HTTP/2.0"}


def test_a_stream_is_judged_alike_through_two_proxies_in_a_row(stack: ExitStack, tmp_path: Path) -> None:
    server = stack.enter_context(RawServer(service))
    second = stack.enter_context(Proxy("regular", folder=tmp_path / "second"))
    first = Proxy(f"upstream:http://127.0.0.1:{second.port}", folder=tmp_path / "first")
    with first:
        with Peer.connect(first.port) as peer:
            peer.send(ask(7).replace(b"POST ", b"POST http://127.0.0.1:%d" % server.port))
            peer.receive_until(LAST)
        first.stop()
    second.stop()
    seen = [[(row.role, row.stream, row.outcome) for row in rows(each.recording)] for each in (first, second)]
    assert seen[0] == seen[1] == [("issue", an_id(7).decode(), "complete")]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("hidden", ["", '{"token": "a secret in the stream, 123"}'])
def test_an_id_in_an_encoded_stream_is_found(coding: str, hidden: str, tmp_path: Path) -> None:
    start = b'event: start\ndata: {"run": {"id": "run-42"}}\n\n'
    parts = [EVENTS, b"data: %s\n\n" % hidden.encode(), start[:20], start[20:], EVENTS]
    head = (
        b"Content-Type: text/event-stream",
        b"Content-Encoding: " + coding.encode(),
        b"Access-Control-Allow-Origin: http://a",
        b"Access-Control-Allow-Credentials: true",
        b"Vary: Origin",
    )

    def answer(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(response(*head, b"Transfer-Encoding: chunked"), *map(chunk, flushed(coding, parts)), LAST)
        peer.receive_until(b"\r\n\r\n")
        peer.send(OK)

    (tmp_path / "own.toml").write_text(PROFILE)
    options = {"streamid_profile": str(tmp_path / "own.toml")}
    with (
        RawServer(answer) as server,
        Proxy(f"reverse:{server.url}", options=options, folder=tmp_path) as proxy,
    ):
        with Peer.connect(proxy.port) as peer:
            peer.send(
                b"POST /rooms/1/runs HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nContent-Length: 0\r\n\r\n"
            )
            peer.receive_until(LAST)
            peer.send(b"PUT /rooms/1 HTTP/1.1\r\nHost: a\r\nX-Run: run-42\r\nContent-Length: 0\r\n\r\n")
            peer.receive_until(b"\r\n\r\nok")
        proxy.stop()
        with Recording(proxy.recording) as recording:
            found = [(finding.code, finding.verdict) for finding in recording.findings()]
            last = list(recording.verdicts())[-1]
        assert (last.stream, last.issued, last.echoed, last.accepted) == ("run-42", 1, 2, True)
        assert found == [("HT604", Verdict.WARN)]


def test_a_websocket_is_recorded_frame_by_frame(tmp_path: Path) -> None:
    with RawServer(service) as server, Proxy(f"reverse:{server.url}", folder=tmp_path) as proxy:
        with Peer.connect(proxy.port) as peer:
            peer.send(UPGRADE)
            peer.receive_until(frame(1, b"welcome"))
            peer.send(frame(1, b"hello", mask=b"mask"), frame(8, b"\x03\xe8", mask=b"mask"))
            peer.receive_all()
        proxy.stop()
        (row,) = rows(proxy.recording)
        events = exchange(proxy.recording, 1)
    assert (row.kind, row.status, row.outcome) == (Kind.WEBSOCKET.value, 101, "complete")
    sides = {
        side: b"".join(
            each.data
            for each in events
            if isinstance(each, Chunk) and each.message is Message.REQUEST and side in each.side
        )
        for side in (Side.CLIENT, Side.SERVER)
    }
    assert unmasked(sides[Side.CLIENT]).startswith(frame(1, b"hello", mask=bytes(4)))
    assert unmasked(sides[Side.SERVER]).startswith(frame(1, b"hello", mask=bytes(4)))
    assert len([each for each in events if isinstance(each, End)]) == 2


def test_an_upload_reaches_the_service_while_it_is_sent(tmp_path: Path) -> None:
    arrived = threading.Event()

    def answer(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.receive_exactly(5)
        arrived.set()
        peer.receive_until(LAST)
        peer.send(OK)

    with RawServer(answer) as server, Proxy(f"reverse:{server.url}", folder=tmp_path) as proxy:
        with Peer.connect(proxy.port) as peer:
            peer.send(b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send(chunk(b"first"))
            assert arrived.wait(10)
            for _ in range(40):
                peer.send(chunk(b"x" * 100_000))
            peer.send(LAST)
            peer.receive_until(b"\r\n\r\nok")
        proxy.stop()
        events = exchange(proxy.recording, 1)
    assert passed(events, Message.REQUEST) == b"first" + b"x" * 4_000_000


CONCURRENT = 20


@pytest.mark.parametrize("script", ["streamid", "bare"])
def test_many_http2_streams_run_at_once_on_an_http1_service(script: str, tmp_path: Path) -> None:
    """Bare mitmdump stalls at five; should it not any more, raising the limit is no longer needed."""
    there = threading.Semaphore(0)
    go = threading.Event()

    def answer(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        there.release()
        go.wait(20)
        peer.send(OK)

    with RawServer(answer) as server:
        mode = f"reverse:{server.url}"
        chosen = {"folder": tmp_path} if script == "streamid" else {"folder": tmp_path, "script": BARE}
        with Proxy(mode, **chosen) as proxy:  # type: ignore[arg-type]
            with H2Peer.connect(proxy.port) as client:
                streams = [client.request(b"GET", b"/%d" % number) for number in range(CONCURRENT)]
                count = 0
                deadline = time.monotonic() + 10
                while count < CONCURRENT and there.acquire(timeout=1):
                    count += 1
                    assert time.monotonic() < deadline
                go.set()
                ended = 0
                while ended < CONCURRENT:
                    ended += sum(isinstance(each, h2.events.StreamEnded) for each in client.receive())
                assert all(client.body(stream) == b"ok" for stream in streams)
            proxy.stop()
            if script == "streamid":
                assert [row.outcome for row in rows(proxy.recording)] == ["complete"] * CONCURRENT
    assert count == (CONCURRENT if script == "streamid" else 5)
