"""The short way for streamed bytes does what mitmproxy's own, longer one does."""

import pytest
from mitmproxy.proxy import commands
from mitmproxy.proxy.layer import Paused
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Server

from addons.tapped_stream import TappedStream
from contract.events import Chunk, Message, Side
from tests.support.sansio import Exchange

ASKED = b"POST /x HTTP/1.1\r\nHost: upstream.test\r\nContent-Length: 100\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
ANSWER = HEAD + b"Content-Length: 100\r\n\r\n"
IN_CHUNKS = HEAD + b"Transfer-Encoding: gzip, Chunked\r\n\r\n"
UNTIL_CLOSED = HEAD + b"\r\n"


def streaming(answer: bytes = ANSWER, *, store: bool = False) -> tuple[Exchange, TappedStream]:
    """An exchange that streams in both directions."""
    exchange = Exchange()
    exchange._options.update(store_streamed_bodies=store)
    exchange.client_sends(ASKED)
    exchange.server_sends(answer)
    (stream,) = exchange.layer.streams.values()
    assert isinstance(stream, TappedStream)
    return exchange, stream


def connection_of(exchange: Exchange) -> Http1Server:
    found = exchange.layer.connections[exchange.context.client]
    assert isinstance(found, Http1Server)
    return found


def sent(exchange: Exchange, commands_: list[commands.Command]) -> list[tuple[object, bytes]]:
    """What `commands_` of a stream come to, behind mitmproxy's HTTP layer."""
    found: list[commands.Command] = []
    for command in commands_:
        assert command.blocking is False
        if isinstance(command, SendHttp):
            found += exchange.layer.connections[command.connection].handle_event(command.event)
        else:
            found.append(command)
    assert all(isinstance(each, commands.SendData) for each in found)
    return [(each.connection, each.data) for each in found if isinstance(each, commands.SendData)]


@pytest.mark.parametrize("head", [ANSWER, IN_CHUNKS, UNTIL_CLOSED])
@pytest.mark.parametrize("data", [b"some bytes", b"x" * 70_000, b""])
def test_of_an_answer_the_same_bytes_leave(head: bytes, data: bytes) -> None:
    exchange, stream = streaming(head)
    event = ResponseData(stream.stream_id, data)
    short = stream.handle_event(event)
    assert isinstance(short, list), "not the short way"
    assert all(type(command) is commands.SendData for command in short), "not the shortest way"
    assert sent(exchange, short) == sent(exchange, [*HttpStream.handle_event(stream, event)])
    (chunk,) = (each for each in exchange.events if isinstance(each, Chunk))
    assert (chunk.message, chunk.side, chunk.data) == (Message.RESPONSE, Side.BOTH, data)


def test_of_a_request_the_same_command_leaves() -> None:
    exchange, stream = streaming()
    event = RequestData(stream.stream_id, b"some bytes")
    short = stream.handle_event(event)
    assert isinstance(short, list), "not the short way"
    assert sent(exchange, short) == sent(exchange, [*HttpStream.handle_event(stream, event)])
    (chunk,) = (each for each in exchange.events if isinstance(each, Chunk))
    assert (chunk.message, chunk.side, chunk.data) == (Message.REQUEST, Side.BOTH, b"some bytes")


def test_a_connection_that_cannot_send_now_gets_the_bytes_to_send_them_later() -> None:
    exchange, stream = streaming()
    connection = connection_of(exchange)
    connection._paused = Paused(commands.Command(), connection.mark_done())
    (command,) = stream.handle_event(ResponseData(stream.stream_id, b"some bytes"))
    assert isinstance(command, SendHttp)
    assert command.connection is exchange.context.client
    assert [*connection.handle_event(command.event)] == []
    assert [each.data for each in connection._paused_event_queue if isinstance(each, ResponseData)] == [
        b"some bytes"
    ]


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
    assert [data for _, data in sent(exchange, [*out])] == [b"SOME BYTES", b"!"]
    seen = [(each.side, each.data) for each in exchange.events if isinstance(each, Chunk)]
    assert seen == [(Side.SERVER, b"some bytes"), (Side.CLIENT, b"SOME BYTES"), (Side.CLIENT, b"!")]


@pytest.mark.parametrize(("store", "kept"), [(True, b"x" * 60 + b"y" * 40), (False, None)])
def test_mitmproxy_keeps_streamed_bodies_where_it_is_told_to(store: bool, kept: bytes | None) -> None:
    exchange, stream = streaming(store=store)
    exchange.server_sends(b"x" * 60)
    exchange.server_sends(b"y" * 40)
    assert stream.flow.response is not None
    assert stream.flow.response.raw_content == kept
    assert exchange.to_client.endswith(b"\r\n\r\n" + b"x" * 60 + b"y" * 40)
