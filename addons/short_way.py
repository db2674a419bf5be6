"""How the bytes of a streamed answer leave, decided once for all its pieces.

On mitmproxy's own way each piece becomes a command for the HTTP layer, which hands it to the client's
connection, which looks up in the answer's head whether it sends in chunks, frames the piece, and has it
written by itself. Where nobody has a say in a streamed body all of that depends on the head alone, and takes
longer than all that a recorder does. Here it is done once; and what has come in one read leaves in one
write, or in a few. The bytes are the same, and so are the chunks.
"""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import HttpLayer, SendHttp
from mitmproxy.proxy.layers.http._events import ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Server

from addons.run import Run

MOST_TOGETHER = 16
"""Pieces in one write: the first of them waits for the others, some 10 µs for each."""
BEHIND = 3 * 1024 * 1024
"""Bytes that wait for the recorder above which each piece is written by itself. With every write the event
loop lets go of the interpreter; with few of them the recorder's thread would not get it often enough."""

type Send = Callable[[ResponseData], list[commands.Command]]
"""What is to be done at once with a piece that has arrived; it need not wait for anything."""


class Outbox:
    """What is to leave for one client when the read that is being handled has been handled, or sooner."""

    __slots__ = ("_run", "client", "most", "pieces")

    def __init__(self, client: Client, run: Run) -> None:
        self._run = run
        self.client = client
        self.pieces: list[bytes] = []
        self.most = MOST_TOGETHER
        """So many pieces are written at once."""

    def take(self) -> commands.SendData:
        """Have all that is there (something is) written."""
        pieces = self.pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.most = MOST_TOGETHER if self._run.waiting() < BEHIND else 1
        return commands.SendData(self.client, data)


def short_way(layer: HttpLayer, outbox: Outbox) -> Send:
    """The way of the pieces of an answer to the client of `outbox`, once its head has been sent."""
    client, pieces = outbox.client, outbox.pieces
    connection = layer.connections.get(client)

    def to_the_layer(event: ResponseData) -> list[commands.Command]:
        sent: list[commands.Command] = [outbox.take()] if pieces else []
        return [*sent, SendHttp(event, client)]

    if type(connection) is not Http1Server or connection.debug is not None or connection.response is None:
        return to_the_layer
    response = connection.response
    is_chunked = sends_in_chunks(response)

    def framed(event: ResponseData) -> list[commands.Command]:
        if connection._paused is not None or connection.response is not response:
            return to_the_layer(event)
        data = in_a_chunk(event.data) if is_chunked else event.data
        if data:
            pieces.append(data)
        return [outbox.take()] if len(pieces) >= outbox.most else []

    return framed


def sends_in_chunks(response: http.Response) -> bool:
    """Whether mitmproxy sends the body of `response` in chunks to a client that speaks HTTP/1.1."""
    return "chunked" in response.headers.get("transfer-encoding", "").lower()


def in_a_chunk(data: bytes) -> bytes:
    """`data` as one chunk (RFC 9112 §7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)
