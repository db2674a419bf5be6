"""Exchanges written down by hand, to be recorded and played back."""

from collections.abc import Sequence

from contract.events import Chunk, End, Event, Form, Headers, Message, RequestHead, ResponseHead, Side

BOTH = Side.BOTH
ORIGIN = "http://localhost:3002"
JSON = (b"Content-Type", b"application/json")
CHUNKED = (b"Transfer-Encoding", b"chunked")
STREAMED: Headers = ((b"Content-Type", b"text/event-stream"), CHUNKED)


def asked(
    number: int,
    at: int,
    target: str,
    body: bytes = b"",
    *,
    method: str = "",
    fields: Headers = (),
    port: int = 3002,
    host: str = "localhost",
) -> list[Event]:
    """A request, complete 10 µs after its head."""
    way = (method or ("POST" if body else "GET")).encode()
    fields = fields or ((JSON,) if body else ())
    head = RequestHead(number, BOTH, at, way, "http", host, port, target.encode(), b"HTTP/1.1", fields)
    return [
        head,
        *([Chunk(number, Message.REQUEST, BOTH, at + 5, body, len(body))] if body else []),
        End(number, Message.REQUEST, BOTH, at + 10),
    ]


def answered(
    number: int, at: int, *pieces: bytes, status: int = 200, fields: Headers | None = None, gap: int = 100
) -> list[Event]:
    """An answer of these chunks, `gap` µs apart; with its length where it is but one."""
    if fields is None:
        size = sum(len(piece) for piece in pieces)
        fields = (JSON, (b"Content-Length", str(size).encode()))
    times = range(at + gap, at + gap * (len(pieces) + 1), gap)
    return [
        ResponseHead(number, BOTH, at, status, b"OK", b"HTTP/1.1", fields),
        *(
            Chunk(number, Message.RESPONSE, BOTH, when, piece, len(piece))
            for when, piece in zip(times, pieces, strict=True)
        ),
        End(number, Message.RESPONSE, BOTH, at + gap * (len(pieces) + 1)),
    ]


def lost(events: Sequence[Event], message: Message = Message.RESPONSE) -> list[Event]:
    """The same with the bytes of the last chunk of `message` not kept."""
    found = list(events)
    index = max(n for n, each in enumerate(found) if isinstance(each, Chunk) and each.message is message)
    chunk = found[index]
    assert isinstance(chunk, Chunk)
    found[index] = Chunk(chunk.exchange, message, chunk.side, chunk.at, b"", chunk.size, Form.LOST)
    return found
