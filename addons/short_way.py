"""How the bytes of a streamed answer leave, decided once for all its pieces.

On mitmproxy's own way each piece becomes a command for the HTTP layer, which hands it to the client's
connection, which looks up in the answer's head whether it sends in chunks, and frames the piece. Where
nobody has a say in a streamed body, all of that depends on the head alone, and takes as long as all that
a recorder does. What leaves is the same.
"""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import HttpLayer, SendHttp
from mitmproxy.proxy.layers.http._events import ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Server

type Send = Callable[[ResponseData], list[commands.Command]]
"""What a piece that arrived comes to; it need not wait for anything."""


def short_way(layer: HttpLayer, client: Client, response: http.Response) -> Send:
    """The way of the pieces of `response` to a client, once its head has been sent."""
    connection = layer.connections.get(client)

    def to_the_layer(event: ResponseData) -> list[commands.Command]:
        return [SendHttp(event, client)]

    if type(connection) is not Http1Server or connection.debug is not None:
        return to_the_layer
    is_chunked = sends_in_chunks(response)

    def framed(event: ResponseData) -> list[commands.Command]:
        if connection._paused is not None or connection.response is not response:
            return to_the_layer(event)
        data = in_a_chunk(event.data) if is_chunked else event.data
        return [commands.SendData(client, data)] if data else []

    return framed


def sends_in_chunks(response: http.Response) -> bool:
    """Whether mitmproxy sends the body of `response` in chunks to a client that speaks HTTP/1.1."""
    return "chunked" in response.headers.get("transfer-encoding", "").lower()


def in_a_chunk(data: bytes) -> bytes:
    """`data` as one chunk (RFC 9112 §7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)
