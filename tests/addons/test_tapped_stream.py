"""The short way for streamed bytes does what mitmproxy's own, longer one does."""

from collections.abc import Iterable

import pytest
from mitmproxy.proxy import commands
from mitmproxy.proxy.layer import Paused
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Server

from addons.short_way import BEHIND, MOST_TOGETHER, in_a_chunk
from addons.tapped_stream import TappedStream
from contract.events import Chunk, Message, Side
from tests.support.sansio import Exchange

ASKED = b"POST /x HTTP/1.1\r\nHost: upstream.test\r\nContent-Length: 100\r\n\r\n"
ASKED_WHOLLY = b"GET /x HTTP/1.1\r\nHost: upstream.test\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
ANSWER = HEAD + b"Content-Length: 105\r\n\r\n"
IN_CHUNKS = HEAD + b"Transfer-Encoding: gzip, Chunked\r\n\r\n"
UNTIL_CLOSED = HEAD + b"\r\n"
PLAIN_CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Written(Exchange):
    """An exchange that keeps what is written to the client apart, write by write."""

    def __init__(self, *, hold: tuple[str, ...] = ()) -> None:
        self.writes: list[bytes] = []
        super().__init__(hold=hold)

    def _obey(self, command: commands.Command) -> object:  # type: ignore[override]
        if isinstance(command, commands.SendData) and command.connection is self.context.client:
            self.writes.append(command.data)
        return super()._obey(command)


def streaming(
    answer: bytes = ANSWER, *, asked: bytes = ASKED, store: bool = False
) -> tuple[Written, TappedStream]:
    """An exchange that streams in both directions; the answer's first piece has passed."""
    exchange = Written()
    exchange._options.update(store_streamed_bodies=store)
    exchange.client_sends(asked)
    exchange.server_sends(answer)
    exchange.server_sends(in_a_chunk(b"first") if b"hunked" in answer else b"first")
    (stream,) = exchange.layer.streams.values()
    assert isinstance(stream, TappedStream)
    exchange.events.clear()
    exchange.writes.clear()
    return exchange, stream


def connection_of(exchange: Exchange) -> Http1Server:
    found = exchange.layer.connections[exchange.context.client]
    assert isinstance(found, Http1Server)
    return found


def sent(exchange: Exchange, left: Iterable[commands.Command]) -> list[tuple[object, bytes]]:
    """What a stream's commands come to, behind mitmproxy's HTTP layer."""
    found: list[commands.Command] = []
    for command in left:
        assert command.blocking is False
        if isinstance(command, SendHttp):
            found += exchange.layer.connections[command.connection].handle_event(command.event)
        else:
            found.append(command)
    assert all(isinstance(each, commands.SendData) for each in found)
    return [(each.connection, each.data) for each in found if isinstance(each, commands.SendData)]


def passed(stream: TappedStream, event: ResponseData) -> list[commands.Command]:
    """What `event` comes to by the end of the read that it came with."""
    found = stream.handle_event(event)
    assert isinstance(found, list), "not the short way"
    assert stream.outbox is not None
    return [*found, stream.outbox.take()] if stream.outbox.pieces else found


@pytest.mark.parametrize("head", [ANSWER, IN_CHUNKS, UNTIL_CLOSED])
@pytest.mark.parametrize("data", [b"some bytes", b"x" * 70_000, b""])
def test_of_an_answer_the_same_bytes_leave(head: bytes, data: bytes) -> None:
    exchange, stream = streaming(head)
    event = ResponseData(stream.stream_id, data)
    short = passed(stream, event)
    assert all(type(command) is commands.SendData for command in short), "not the shortest way"
    assert sent(exchange, short) == sent(exchange, HttpStream._handle_event(stream, event))
    (chunk,) = (each for each in exchange.events if isinstance(each, Chunk))
    assert (chunk.message, chunk.side, chunk.data) == (Message.RESPONSE, Side.BOTH, data)


def test_of_a_request_the_same_command_leaves() -> None:
    exchange, stream = streaming()
    event = RequestData(stream.stream_id, b"some bytes")
    short = stream.handle_event(event)
    assert isinstance(short, list), "not the short way"
    assert sent(exchange, short) == sent(exchange, HttpStream._handle_event(stream, event))
    (chunk,) = (each for each in exchange.events if isinstance(each, Chunk))
    assert (chunk.message, chunk.side, chunk.data) == (Message.REQUEST, Side.BOTH, b"some bytes")


@pytest.mark.parametrize("count", [1, 2, MOST_TOGETHER - 1, MOST_TOGETHER, MOST_TOGETHER + 1, 100])
@pytest.mark.parametrize("end", [b"", END])
def test_what_came_in_one_read_leaves_in_few_writes_and_before_anything_else(count: int, end: bytes) -> None:
    exchange, _ = streaming(PLAIN_CHUNKS, asked=ASKED_WHOLLY)
    pieces = [b"piece %d" % number for number in range(count)]
    framed = [in_a_chunk(piece) for piece in pieces]
    exchange.server_sends(b"".join(framed) + end)
    together = [b"".join(framed[first : first + MOST_TOGETHER]) for first in range(0, count, MOST_TOGETHER)]
    assert exchange.writes == together + [end] * bool(end)
    chunks = [each for each in exchange.events if isinstance(each, Chunk)]
    assert [each.data for each in chunks] == pieces
    assert {each.side for each in chunks} == {Side.BOTH}


def test_while_the_recorder_is_behind_each_piece_leaves_by_itself() -> None:
    exchange, _ = streaming(PLAIN_CHUNKS)
    framed = [in_a_chunk(b"piece %d" % number) for number in range(40)]
    waiting = BEHIND
    exchange.run.waiting = lambda: waiting
    exchange.server_sends(framed[0])
    exchange.server_sends(b"".join(framed[1:]))
    assert exchange.writes == framed
    waiting = BEHIND - 1
    exchange.server_sends(framed[0])
    exchange.server_sends(b"".join(framed[:10]))
    assert exchange.writes[40:] == [framed[0], b"".join(framed[:10])]


@pytest.mark.parametrize("count", [1, 2, 40])
def test_what_waited_for_a_hook_leaves_in_few_writes_as_well(count: int) -> None:
    exchange = Written(hold=("responseheaders",))
    exchange.client_sends(ASKED_WHOLLY)
    pieces = [b"piece %d" % number for number in range(count)]
    framed = [in_a_chunk(piece) for piece in pieces]
    exchange.server_sends(PLAIN_CHUNKS + b"".join(framed[:-1]))
    exchange.server_sends(framed[-1] + END)
    assert exchange.writes == []
    exchange.release()
    head, *rest = exchange.writes
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert b"".join(rest) == b"".join(framed) + END
    assert len(rest) <= 2 + count / MOST_TOGETHER + 1
    chunks = [each for each in exchange.events if isinstance(each, Chunk)]
    assert [(each.side, each.data) for each in chunks] == [(Side.BOTH, piece) for piece in pieces]


def test_a_connection_that_breaks_takes_nothing_with_it_that_came_before() -> None:
    exchange, _ = streaming(PLAIN_CHUNKS)
    exchange.server_sends(in_a_chunk(b"one") + in_a_chunk(b"two") + b"no size\r\n")
    assert b"".join(exchange.writes) == in_a_chunk(b"one") + in_a_chunk(b"two")
    assert exchange.context.client in exchange.closed


def test_a_connection_that_cannot_send_now_gets_the_bytes_to_send_them_later() -> None:
    exchange, stream = streaming()
    assert not [*stream.handle_event(ResponseData(stream.stream_id, b"before"))]
    connection = connection_of(exchange)
    connection._paused = Paused(commands.Command(), connection.mark_done())
    before, command = stream.handle_event(ResponseData(stream.stream_id, b"some bytes"))
    assert isinstance(before, commands.SendData)
    assert before.data == b"before"
    assert isinstance(command, SendHttp)
    assert command.connection is exchange.context.client
    assert [*connection.handle_event(command.event)] == []
    waiting = [each.data for each in connection._paused_event_queue if isinstance(each, ResponseData)]
    assert waiting == [b"some bytes"]


def test_a_connection_of_another_protocol_frames_the_bytes_itself() -> None:
    exchange, stream = streaming()

    class Other(Http1Server):
        """Any connection that is not mitmproxy's own for HTTP/1.1."""

    exchange.layer.connections[exchange.context.client] = Other(exchange.context.fork())
    event = ResponseData(stream.stream_id, b"some bytes")
    (command,) = stream.handle_event(event)
    assert isinstance(command, SendHttp)
    assert (command.event, command.connection) == (event, exchange.context.client)


def test_a_connection_that_is_debugged_shows_the_bytes() -> None:
    exchange, stream = streaming()
    connection_of(exchange).debug = ""
    (command,) = stream.handle_event(ResponseData(stream.stream_id, b"some bytes"))
    assert isinstance(command, SendHttp)


def test_bytes_that_an_addon_is_to_see_take_mitmproxys_own_way() -> None:
    exchange, stream = streaming()
    assert stream.flow.response is not None
    stream.flow.response.stream = lambda data: [data.upper(), b"!"]
    out = stream.handle_event(ResponseData(stream.stream_id, b"some bytes"))
    assert not isinstance(out, list)
    assert [data for _, data in sent(exchange, out)] == [b"SOME BYTES", b"!"]
    seen = [(each.side, each.data) for each in exchange.events if isinstance(each, Chunk)]
    assert seen == [(Side.SERVER, b"some bytes"), (Side.CLIENT, b"SOME BYTES"), (Side.CLIENT, b"!")]


@pytest.mark.parametrize(("store", "kept"), [(True, b"first" + b"x" * 60 + b"y" * 40), (False, None)])
def test_mitmproxy_keeps_streamed_bodies_where_it_is_told_to(store: bool, kept: bytes | None) -> None:
    exchange, stream = streaming(store=store)
    exchange.server_sends(b"x" * 60)
    exchange.server_sends(b"y" * 40)
    assert stream.flow.response is not None
    assert stream.flow.response.raw_content == kept
    assert exchange.to_client.endswith(b"\r\n\r\nfirst" + b"x" * 60 + b"y" * 40)


def test_what_comes_after_the_end_of_the_recording_does_not_pass_where_the_proxy_stops() -> None:
    exchange, _ = streaming(PLAIN_CHUNKS)
    exchange.run.seal("the proxy was stopped")
    exchange.run.has_stopped = True
    exchange.server_sends(in_a_chunk(b"too late") + END)
    assert exchange.writes == []
    assert not [each for each in exchange.events if isinstance(each, Chunk)]


def test_traffic_goes_on_where_only_the_script_was_removed() -> None:
    exchange, _ = streaming(PLAIN_CHUNKS, asked=ASKED_WHOLLY)
    exchange.run.seal("the script was removed")
    exchange.server_sends(in_a_chunk(b"goes on") + END)
    assert b"".join(exchange.writes) == in_a_chunk(b"goes on") + END
    assert not [each for each in exchange.events if isinstance(each, Chunk)]
