"""A hop between raw sockets: what it leaves as it is, and how its connections end."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
import requests

from lab.hop.process import Hop
from lab.loopback import listen
from lab.processes import ROOT, LabError
from tests.support.sockets import Peer, RawServer

HEAD = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


@contextmanager
def between(answer: Callable[[Peer], None], *faults: str) -> Iterator[tuple[Peer, RawServer]]:
    """A client and a service with a hop between them."""
    with RawServer(answer) as server, Hop(server.url, faults) as hop, Peer.connect(hop.port) as client:
        yield client, server


def answering(raw: bytes) -> Callable[[Peer], None]:
    """A service that gives every request without a body the same answer."""

    def answer(peer: Peer) -> None:
        while peer.receive_until(b"\r\n\r\n"):
            peer.send(raw)

    return answer


def test_request_and_answer_pass_to_the_byte() -> None:
    request = (
        b"POST /a?b=%20c HTTP/1.1\r\nACCEPT: x\r\nHost: there\r\nx-Two: 1\r\nX-TWO: 2\r\n"
        b"Content-Length: 4\r\n\r\n\x00\xff\r\n"
    )
    answer = (
        b"HTTP/1.1 207 Some Of It\r\nTransfer-Encoding: chunked\r\nset-cookie: a\r\nX-sTRANGE: \xe4\r\n"
        b"Set-Cookie: b\r\n\r\n3\r\n\x00\xff\n\r\n5\r\nevent\r\n0\r\nX-Trailer: t\r\n\r\n"
    )

    def serve(peer: Peer) -> None:
        peer.receive_exactly(len(request))
        peer.send(answer)
        peer.receive()

    with between(serve) as (client, server):
        client.send(request)
        assert client.receive_exactly(len(answer)) == answer
        assert server.peers[0].data == request


def test_each_chunk_passes_before_the_next_is_made() -> None:
    seen = threading.Semaphore(0)

    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            assert seen.acquire(timeout=10)
            peer.send(b"2\r\nhi\r\n")
        peer.send(b"0\r\n\r\n")

    with between(serve) as (client, _):
        client.send(HEAD)
        client.receive_until(b"\r\n\r\n")
        for _ in range(3):
            seen.release()
            assert client.receive_until(b"hi\r\n") == b"2\r\nhi\r\n"
        assert client.receive_exactly(5) == b"0\r\n\r\n"


def test_a_chunked_request_reaches_the_service_while_it_is_sent() -> None:
    arrived = threading.Event()

    def serve(peer: Peer) -> None:
        peer.receive_until(b"2\r\nab\r\n")
        arrived.set()
        peer.receive_until(b"0\r\n\r\n")
        peer.send(b"HTTP/1.1 204 Done\r\n\r\n")

    with between(serve) as (client, _):
        client.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        assert arrived.wait(10)
        client.send(b"0\r\n\r\n")
        assert client.receive_until(b"\r\n\r\n") == b"HTTP/1.1 204 Done\r\n\r\n"


def test_the_wait_for_100_continue_passes_both_ways() -> None:
    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.receive_until(b"body")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with between(serve) as (client, _):
        client.send(b"PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert client.receive_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"body")
        assert client.receive_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"DELETE", b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_leaves_the_connection_open(method: bytes, answer: bytes) -> None:
    with between(answering(answer)) as (client, server):
        for _ in range(2):
            client.send(method + b" / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert client.receive_exactly(len(answer)) == answer
        assert len(server.peers) == 1


def test_requests_that_are_sent_ahead_are_answered_in_order() -> None:
    with between(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as (client, server):
        client.send(HEAD.replace(b"/x", b"/1") + HEAD.replace(b"/x", b"/2"))
        for _ in range(2):
            client.receive_until(b"\r\n\r\nok")
        assert server.peers[0].data == HEAD.replace(b"/x", b"/1") + HEAD.replace(b"/x", b"/2")


def test_a_service_that_closes_between_two_requests_is_connected_to_again() -> None:
    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
        peer.close()

    with between(serve) as (client, server):
        for number in (1, 2):
            client.send(HEAD)
            client.receive_until(b"\r\n\r\nok")
            server.peers[number - 1].socket.close()
        assert len(server.peers) == 2


@pytest.mark.parametrize("leave", [Peer.close, Peer.reset])
def test_a_client_that_leaves_takes_the_service_s_connection_with_it(leave: Callable[[Peer], None]) -> None:
    left = threading.Event()

    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        assert peer.receive() == b""
        left.set()

    with between(serve) as (client, _):
        client.send(HEAD)
        client.receive_until(b"a\r\n")
        leave(client)
        assert left.wait(10)


@pytest.mark.parametrize(
    "begun",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na",
    ],
)
@pytest.mark.parametrize("die", [Peer.close, Peer.reset])
def test_a_service_that_dies_is_not_glossed_over(begun: bytes, die: Callable[[Peer], None]) -> None:
    passed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(begun)
        assert passed.wait(10)
        die(peer)

    with between(serve) as (client, _):
        client.send(HEAD)
        assert client.receive_exactly(len(begun)) == begun
        passed.set()
        assert client.receive_all() == b""
        assert client.ending == "closed"


def test_a_body_that_ends_with_the_connection_still_does() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it"

    def serve(peer: Peer) -> None:
        peer.receive_until(b"\r\n\r\n")
        peer.send(answer)
        peer.close()

    with between(serve) as (client, _):
        client.send(HEAD)
        assert client.receive_all() == answer


def test_a_client_of_http_1_0_gets_no_chunks() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    with between(answering(answer)) as (client, _):
        client.send(b"GET / HTTP/1.0\r\nHost: h\r\n\r\n")
        assert client.receive_all() == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi"


def test_an_upstream_that_is_not_there_is_a_502_that_says_so() -> None:
    [sock, *others] = listen(0)
    port = sock.getsockname()[1]
    for each in (sock, *others):
        each.close()
    with Hop(f"http://127.0.0.1:{port}") as hop:
        answer = requests.get(hop.url, timeout=10)
    assert answer.status_code == 502
    assert answer.text.startswith("the hop cannot reach the upstream")


def test_what_is_no_http_closes_the_connection_and_the_hop_lives_on() -> None:
    with (
        RawServer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server,
        Hop(server.url) as hop,
    ):
        with Peer.connect(hop.port) as client:
            client.send(b"\x16\x03\x01 nonsense\r\n\r\n")
            assert client.receive_all() == b""
        assert requests.get(hop.url, timeout=10).status_code == 200


def test_a_hop_listens_on_loopback_alone() -> None:
    with Hop("http://127.0.0.1:9") as hop:
        assert hop.process is not None
        listening = psutil.Process(hop.process.pid).net_connections("inet")
        assert {each.laddr.ip for each in listening} <= {"127.0.0.1", "::1"}
        assert listening


def test_a_hop_ends_when_its_parent_is_killed() -> None:
    code = (
        "from lab.hop.process import Hop\nimport time\n"
        "with Hop('http://127.0.0.1:9') as hop: print(hop.process.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        _, alive = psutil.wait_procs([child], timeout=10)
    assert not alive


def test_after_the_block_nothing_is_left() -> None:
    with Hop("http://127.0.0.1:9") as hop:
        assert hop.process is not None
        child = psutil.Process(hop.process.pid)
    assert not child.is_running()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", hop.port), 10):
        pass


@pytest.mark.parametrize(
    ("upstream", "faults", "said"),
    [
        ("ftp://x", (), "'ftp://x' is not of the form http://HOST:PORT"),
        ("http://x:99999", (), "'http://x:99999' is no URL: Port out of range 0-65535"),
        ("http://x", ("bufer",), "'bufer' is no fault; did you mean buffer?"),
    ],
)
def test_a_hop_that_cannot_be_says_why(upstream: str, faults: tuple[str, ...], said: str) -> None:
    with pytest.raises(LabError) as caught, Hop(upstream, faults):
        pass
    assert str(caught.value) == said
