"""Exchanges made by hand, as events and as what is put together of them."""

from collections.abc import Iterable, Sequence

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
from replay.recorded import Recorded, recorded_exchanges

type Fields = Sequence[tuple[bytes, bytes]]

HOST, PORT = "service.test", 80
JSON = (b"Content-Type", b"application/json")
SSE = (b"Content-Type", b"text/event-stream")


def exchange(
    number: int,
    at: int,
    line: str,
    *,
    fields: Fields = (),
    body: bytes = b"",
    status: int = 200,
    answer: bytes | Sequence[bytes] = b"",
    answer_fields: Fields = (JSON,),
    takes: int = 10_000,
    left: bool = False,
    host: str = HOST,
    port: int = PORT,
) -> list[Event]:
    """The events of one exchange: `line` is `GET /path`, times are in µs; `left`: by its client."""
    method, target = line.encode().split(b" ")
    length = [(b"Content-Length", str(len(body)).encode())] if body else []
    head = ((b"Host", f"{host}:{port}".encode()), *fields, *length)
    pieces = [answer] if isinstance(answer, bytes) else list(answer)
    whole = isinstance(answer, bytes) and SSE not in answer_fields
    framing = (
        (b"Content-Length", str(len(pieces[0])).encode()) if whole else (b"Transfer-Encoding", b"chunked")
    )
    has_framing = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in answer_fields)
    answer_fields = answer_fields if has_framing else (*answer_fields, framing)
    both, request, response = Side.BOTH, Message.REQUEST, Message.RESPONSE
    events: list[Event] = [
        RequestHead(number, both, at, method, "http", host, port, target, b"HTTP/1.1", head)
    ]
    if body:
        events.append(Chunk(number, request, both, at, body, len(body)))
    events += [
        End(number, request, both, at),
        ResponseHead(number, both, at + takes // 2, status, b"OK", b"HTTP/1.1", tuple(answer_fields)),
    ]
    step = takes // 2 // max(len(pieces), 1)
    for index, piece in enumerate(filter(None, pieces)):
        then = at + takes // 2 + index * step
        events.append(Chunk(number, response, both, then, piece, len(piece)))
    if left:
        events.append(Abort(number, both, at + takes, Breaker.CLIENT, Manner.CLOSED, "left"))
    else:
        events.append(End(number, response, both, at + takes))
    return events


def in_time(*exchanges: Iterable[Event]) -> list[Event]:
    """The events of several exchanges in the order of their times."""
    return sorted((event for each in exchanges for event in each), key=lambda event: event.at)


def put_together(*exchanges: Iterable[Event]) -> dict[int, Recorded]:
    """Them as exchanges, by number."""
    return {each.exchange: each for each in recorded_exchanges(in_time(*exchanges))}


def sse(*events: tuple[str, str]) -> bytes:
    """A stream of (type, data)."""
    return "".join(f"event: {kind}\ndata: {data}\n\n" for kind, data in events).encode()
