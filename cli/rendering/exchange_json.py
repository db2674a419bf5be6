"""An exchange as JSON, written piece by piece: complete, however long its stream is."""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cli.rendering.json_stream import array, string, text_of
from contract.events import Chunk, Event, Headers, Message, RequestHead, ResponseHead, Side
from contract.findings import SIDE_NAMES, Finding, finding_fields
from replay.dispatch import dispatched, is_of_response
from replay.outline import SIDES, MessageOutline, Outline, body

type Reread = Callable[[], Iterable[Event]]
"""Reads the exchange's events from their beginning."""


def exchange_json(
    number: int, found: Outline, reread: Reread, findings: Iterable[Finding], side: Side
) -> Iterator[str]:
    """The pieces of one object; `side` narrows what is shown to one side of the proxy."""
    shown = found.side_to_show(side)
    yield f'{{"exchange": {number},\n"request": '
    yield from _message(found.request, side, shown, body(reread(), Message.REQUEST, shown))
    yield ',\n"response": '
    streams = found.is_event_stream(shown)
    yield from _message(
        found.response, side, shown, None if streams else body(reread(), Message.RESPONSE, shown)
    )
    yield ',\n"events": '
    yield from array(
        {"offset": event.offset, "at": event.at, "event": event.event, "data": event.data, "id": event.id}
        for event in dispatched(reread(), shown)
    )
    yield ',\n"chunks": '
    yield from array(_chunks(reread(), side))
    yield ',\n"findings": '
    yield from array(map(finding_fields, findings))
    yield "}"


def _chunks(events: Iterable[Event], side: Side) -> Iterator[dict[str, Any]]:
    names = {side.value: name for side, name in SIDE_NAMES.items()}
    for event in events:
        if isinstance(event, Chunk) and is_of_response(event, side):
            yield {"side": names[event.side.value], "at": event.at, "size": event.size}


def _message[H: RequestHead | ResponseHead](
    sides: dict[Side, MessageOutline[H]], asked: Side, shown: Side, pieces: Iterable[bytes] | None
) -> Iterator[str]:
    """The message as seen on side `shown`; under `sides` each side that was asked for."""
    if not any(sides[side].seen for side in SIDES if side & asked):
        yield "null"
        return
    message = sides[shown]
    each = {SIDE_NAMES[side]: _side(sides[side]) for side in SIDES if side & asked}
    yield text_of(_side(message) or {})[:-1]
    yield ', "sides": ' if message.seen else '"sides": '
    yield text_of(each)
    yield ', "body": '
    if pieces is None:
        yield "null"
    else:
        yield from string(_decoded(pieces))
    yield "}"


def _side[H: RequestHead | ResponseHead](message: MessageOutline[H]) -> dict[str, Any] | None:
    if not message.seen:
        return None
    head = message.head
    first: dict[str, Any] = {} if head is None else _head(head)
    return first | {
        "size": message.size,
        "chunks": message.chunks,
        "lost": message.lost,
        "complete": message.end is not None,
        "trailers": headers_json(message.end.trailers) if message.end else [],
    }


def _head(head: RequestHead | ResponseHead) -> dict[str, Any]:
    line: dict[str, Any]
    if isinstance(head, RequestHead):
        line = {"method": _text(head.method), "url": url(head)}
    else:
        line = {"status": head.status, "reason": _text(head.reason)}
    return line | {"version": _text(head.version), "at": head.at, "headers": headers_json(head.headers)}


def url(head: RequestHead) -> str:
    """Where a request goes; its target where that is no path (RFC 9112 §3.2)."""
    target = _text(head.target)
    if not target.startswith("/"):
        return target
    usual = (head.scheme, head.port) in (("http", 80), ("https", 443))
    return f"{head.scheme}://{head.host}{'' if usual else f':{head.port}'}{target}"


def headers_json(headers: Headers) -> list[list[str]]:
    """Field lines in order, with case and duplicates; a character a byte (latin-1)."""
    return [[_text(name), _text(value)] for name, value in headers]


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """UTF-8, cut anywhere; what is none becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")
