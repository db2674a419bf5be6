"""What the probe hears of an answer is what came, when it came, and how it ended."""

import asyncio
import time
from collections.abc import Callable

import h2.events
import pytest

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from replay.probing.client import Answer, Client, Ending, Limits
from replay.probing.requests import Request
from tests.support.certificates import loopback_certificate
from tests.support.h2peer import H2Peer, H2Server
from tests.support.sockets import Peer, RawServer

CHUNKED = (
    b"HTTP/1.1 200 Fine\r\nX-Stream-ID: a\r\nx-twice: 1\r\nx-twice: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def heard(
    url: str, *, limits: Limits | None = None, ca: str | None = None, **how: object
) -> tuple[Answer, list[Event]]:
    events: list[Event] = []
    request = Request("POST", f"{url}/a%20b?c=d", (("Content-Type", "text/plain"),), b"hello")

    async def one() -> Answer:
        async with Client(events.append, limits or Limits(seconds=10.0), ca=ca) as client:
            return await client.send(request, **how)  # type: ignore[arg-type]

    return asyncio.run(one()), events


def answering(*writes: bytes, then: Callable[[Peer], object] = Peer.receive) -> Callable[[Peer], None]:
    def answer(peer: Peer) -> None:
        peer.receive_until(b"hello")
        peer.send(*writes, pause=0.05)
        then(peer)

    return answer


def test_request_and_answer_are_told_as_they_were_on_the_wire() -> None:
    with RawServer(answering(CHUNKED, b"2\r\nab\r\n", b"1\r\nc\r\n0\r\n\r\n")) as server:
        answer, events = heard(server.url)
        sent = server.peers[0].data
    request, body, sent_end, response, first, second, end = events
    assert isinstance(request, RequestHead)
    lines = b"".join(b"%b: %b\r\n" % field for field in request.headers)
    assert sent == b"%b %b HTTP/1.1\r\n%b\r\nhello" % (request.method, request.target, lines)
    assert isinstance(body, Chunk)
    assert (body.message, body.data) == (Message.REQUEST, b"hello")
    assert isinstance(sent_end, End)
    assert isinstance(response, ResponseHead)
    assert (response.status, response.reason, response.version) == (200, b"Fine", b"HTTP/1.1")
    assert [name for name, _ in response.headers] == [
        b"X-Stream-ID",
        b"x-twice",
        b"x-twice",
        b"Transfer-Encoding",
    ]
    assert isinstance(first, Chunk)
    assert isinstance(second, Chunk)
    assert (first.data, second.data) == (b"ab", b"c")
    assert second.at - first.at >= 40_000
    assert isinstance(end, End)
    assert {each.side for each in (request, body, response, first, end)} == {Side.BOTH}
    assert [each.at for each in events] == sorted(each.at for each in events)
    assert answer.ending is Ending.COMPLETE


def broken(events: list[Event]) -> Abort:
    last = events[-1]
    assert isinstance(last, Abort)
    return last


def test_a_connection_that_closes_before_the_last_chunk_is_the_servers_doing() -> None:
    with RawServer(answering(CHUNKED, b"2\r\nab\r\n", then=Peer.close)) as server:
        answer, events = heard(server.url)
    assert (broken(events).by, broken(events).manner) == (Breaker.SERVER, Manner.CLOSED)
    assert answer.ending is Ending.BROKEN


def test_a_reset_is_one() -> None:
    with RawServer(answering(CHUNKED, b"2\r\nab\r\n", then=Peer.reset)) as server:
        _, events = heard(server.url)
    assert (broken(events).by, broken(events).manner) == (Breaker.SERVER, Manner.RESET)


def test_a_body_that_ends_with_its_connection_is_complete() -> None:
    with RawServer(answering(b"HTTP/1.1 200 OK\r\n\r\nabc", then=Peer.close)) as server:
        answer, events = heard(server.url)
    assert isinstance(events[-1], End)
    assert answer.ending is Ending.COMPLETE


def test_what_is_not_http_is_malformed() -> None:
    with RawServer(answering(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")) as server:
        answer, events = heard(server.url)
    assert broken(events).manner is Manner.MALFORMED
    assert answer.ending is Ending.NONE


def test_where_nobody_listens_there_is_a_request_and_no_answer() -> None:
    with RawServer(answering()) as server:
        url = server.url
    answer, events = heard(url)
    assert [type(each) for each in events] == [RequestHead, Abort]
    assert broken(events).manner is Manner.UNREACHABLE
    assert answer.status is None
    assert answer.why


@pytest.mark.parametrize("begins", [b"", CHUNKED + b"2\r\nab\r\n"], ids=["no head", "no end"])
def test_an_answer_that_takes_too_long_is_left(begins: bytes) -> None:
    with RawServer(answering(begins, then=Peer.receive_all)) as server:
        began = time.monotonic()
        answer, events = heard(server.url, limits=Limits(seconds=0.3))
    assert time.monotonic() - began < 5
    assert broken(events).by is Breaker.CLIENT
    assert answer.ending is (Ending.LIMIT if begins else Ending.NONE)
    assert answer.why == "the answer was not over within 0.3 s"


def test_an_answer_that_is_too_long_is_left() -> None:
    def answer_forever(peer: Peer) -> None:
        peer.receive_until(b"hello")
        peer.send(CHUNKED)
        while True:
            peer.send(b"1000\r\n%b\r\n" % bytes(4096))

    with RawServer(answer_forever) as server:
        answer, events = heard(server.url, limits=Limits(10.0, 10_000))
    assert broken(events).by is Breaker.CLIENT
    assert answer.why == "the answer is longer than 10,000 bytes"
    assert sum(each.size for each in answer.chunks) < 200_000


@pytest.mark.parametrize(("chunks", "sizes"), [(0, []), (2, [2, 2])])
def test_leaving_early_is_the_probes_own_doing(chunks: int, sizes: list[int]) -> None:
    pieces = [b"2\r\nab\r\n"] * 4
    with RawServer(answering(CHUNKED, *pieces, then=Peer.receive_all)) as server:
        answer, events = heard(server.url, chunks=chunks)
    assert [each.size for each in answer.chunks] == sizes
    assert (broken(events).by, broken(events).manner) == (Breaker.CLIENT, Manner.CLOSED)
    assert answer.ending is Ending.LEFT


def test_breaking_off_resets_the_connection() -> None:
    with RawServer(answering(CHUNKED, b"2\r\nab\r\n", then=Peer.receive_all)) as server:
        _, events = heard(server.url, chunks=1, resets=True)
        deadline = time.monotonic() + 5
        while not server.peers[0].ending and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.peers[0].ending == "reset"
    assert broken(events).manner is Manner.RESET


def test_http_2_is_spoken_where_it_is_offered() -> None:
    def answer(peer: H2Peer) -> None:
        stream = peer.receive_until(h2.events.StreamEnded).stream_id
        assert stream is not None
        peer.headers(stream, [(b":status", b"200"), (b"x-stream-id", b"a")])
        peer.data(stream, b"ab")
        peer.data(stream, b"c", end=True)
        peer.receive()

    with H2Server(answer) as server:
        answer_, events = heard(server.url, ca=str(loopback_certificate()))
    request, response = events[0], answer_.head
    assert isinstance(request, RequestHead)
    assert response is not None
    assert request.version == response.version == b"HTTP/2.0"
    assert request.headers[0] == (b":authority", f"127.0.0.1:{server.port}".encode())
    assert b"".join(each.data for each in answer_.chunks) == b"abc"
    assert isinstance(events[-1], End)


def test_certificates_are_checked() -> None:
    with H2Server(lambda peer: None) as server:
        answer, _ = heard(server.url)
    assert "certificate" in answer.why.lower()


def test_neither_cookies_nor_redirects_are_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: /c\r\nContent-Length: 0\r\n\r\n"

    def answer(peer: Peer) -> None:
        for _ in range(2):
            peer.receive_until(b"hello")
            peer.send(moved)

    events: list[Event] = []

    async def two(url: str) -> list[int | None]:
        async with Client(events.append, Limits()) as client:
            request = Request("POST", url, (), b"hello")
            return [(await client.send(request)).status for _ in range(2)]

    with RawServer(answer) as server:
        assert asyncio.run(two(server.url)) == [302, 302]
        assert b"Cookie" not in server.peers[0].data
