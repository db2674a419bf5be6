"""The short way for streamed bytes does what mitmproxy's own, longer one does."""

import pytest
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData

from addons.tapped_stream import TappedStream
from contract.events import Chunk, Message, Side
from tests.support.sansio import Exchange

ASKED = b"POST /x HTTP/1.1\r\nHost: upstream.test\r\nContent-Length: 100\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


def streaming() -> tuple[Exchange, TappedStream]:
    """An exchange that streams in both directions."""
    exchange = Exchange()
    exchange.client_sends(ASKED)
    exchange.server_sends(ANSWER)
    (stream,) = exchange.layer.streams.values()
    assert isinstance(stream, TappedStream)
    return exchange, stream


def shape(command: commands.Command) -> tuple[object, ...]:
    assert isinstance(command, SendHttp)
    assert isinstance(command.event, RequestData | ResponseData)
    return type(command.event), command.event.data, command.connection, command.blocking


@pytest.mark.parametrize("kind", [RequestData, ResponseData])
def test_one_command_leaves_as_from_mitmproxys_own_stream(kind: type[RequestData | ResponseData]) -> None:
    exchange, stream = streaming()
    event = kind(stream.stream_id, b"some bytes")
    sent = stream.handle_event(event)
    assert isinstance(sent, list), "not the short way"
    (short,), (long,) = list(sent), list(HttpStream.handle_event(stream, event))
    assert shape(short) == shape(long)
    assert short.blocking is False
    (chunk,) = (each for each in exchange.events if isinstance(each, Chunk))
    message = Message.REQUEST if kind is RequestData else Message.RESPONSE
    assert (chunk.message, chunk.side, chunk.data) == (message, Side.BOTH, b"some bytes")


def test_bytes_that_an_addon_is_to_see_take_mitmproxys_own_way() -> None:
    exchange, stream = streaming()
    assert stream.flow.response is not None
    stream.flow.response.stream = lambda data: [data.upper(), b"!"]
    sent = stream.handle_event(ResponseData(stream.stream_id, b"some bytes"))
    assert not isinstance(sent, list)
    assert [shape(command)[1] for command in sent] == [b"SOME BYTES", b"!"]
    seen = [(each.side, each.data) for each in exchange.events if isinstance(each, Chunk)]
    assert seen == [(Side.SERVER, b"some bytes"), (Side.CLIENT, b"SOME BYTES"), (Side.CLIENT, b"!")]
