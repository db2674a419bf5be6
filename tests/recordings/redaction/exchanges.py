"""Events to feed a redactor with, and what came out of it."""

from collections.abc import Iterable
from itertools import pairwise

from contract.events import Chunk, End, Event, Form, Headers, Kind, Message, RequestHead, ResponseHead, Side
from recordings.redaction import Redactor

KEY = b"a key that is long enough, 32 by"
REQUEST, RESPONSE = Message.REQUEST, Message.RESPONSE
JSON: Headers = ((b"Content-Type", b"application/json"),)
SSE: Headers = ((b"Content-Type", b"text/event-stream"),)


def request(
    headers: Headers = (),
    target: bytes = b"/api/x",
    *,
    side: Side = Side.BOTH,
    exchange: int = 1,
    kind: Kind = Kind.HTTP,
) -> RequestHead:
    return RequestHead(
        exchange, side, 0, b"POST", "http", "127.0.0.1", 3002, target, b"HTTP/1.1", headers, kind
    )


def response(
    headers: Headers = (), *, side: Side = Side.BOTH, exchange: int = 1, status: int = 200
) -> ResponseHead:
    return ResponseHead(exchange, side, 0, status, b"OK", b"HTTP/1.1", headers)


def chunk(
    data: bytes, message: Message = RESPONSE, *, side: Side = Side.BOTH, exchange: int = 1, at: int = 0
) -> Chunk:
    return Chunk(exchange, message, side, at, data, len(data))


def end(
    message: Message = RESPONSE, *, side: Side = Side.BOTH, exchange: int = 1, trailers: Headers = ()
) -> End:
    return End(exchange, message, side, 0, trailers)


def answer(headers: Headers, pieces: Iterable[bytes], exchange: int = 1) -> list[Event]:
    """A whole exchange whose response has this body, in these pieces."""
    return [
        request(exchange=exchange),
        end(REQUEST, exchange=exchange),
        response(headers, exchange=exchange),
        *(chunk(piece, exchange=exchange) for piece in pieces),
        end(exchange=exchange),
    ]


def redact(events: Iterable[Event], redactor: Redactor | None = None) -> list[Event]:
    """All that comes out for `events`, in order."""
    redactor = redactor or Redactor(KEY)
    return [released for event in events for released in redactor.feed(event)]


def body(events: Iterable[Event], message: Message = RESPONSE, side: Side | None = None) -> bytes:
    """The bytes of a message; lost chunks are left out."""
    return b"".join(chunk.data for chunk in chunks(events, message, side))


def chunks(events: Iterable[Event], message: Message = RESPONSE, side: Side | None = None) -> list[Chunk]:
    return [
        event
        for event in events
        if isinstance(event, Chunk) and event.message is message and (side is None or side in event.side)
    ]


def forms(events: Iterable[Event]) -> list[Form]:
    return [chunk.form for chunk in chunks(events)]


def redacted_body(headers: Headers, *pieces: bytes) -> bytes:
    return body(redact(answer(headers, pieces)))


def cut(text: bytes, bounds: Iterable[int]) -> list[bytes]:
    """`text` in pieces, cut at `bounds`."""
    offsets = sorted({0, len(text), *(bound % (len(text) + 1) for bound in bounds)})
    return [text[start:stop] for start, stop in pairwise(offsets)]
