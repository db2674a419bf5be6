"""What one recorded exchange consists of, without its bodies: one pass, whatever their length."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.events import (
    Abort,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Injection,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.headers import content_coding
from replay.dispatch import SEEN_ON, PlainBody, is_event_stream

SIDES = (Side.CLIENT, Side.SERVER)
_SEPARATE = {Side.CLIENT: SIDES[:1], Side.SERVER: SIDES[1:], Side.BOTH: SIDES}


@dataclass(slots=True)
class MessageOutline[H: RequestHead | ResponseHead]:
    """One message as seen on one side. `lost`: how many of its `size` bytes were not kept."""

    heads: list[H] = field(default_factory=list)
    chunks: int = 0
    size: int = 0
    lost: int = 0
    first_at: int | None = None
    last_at: int | None = None
    end: End | None = None

    @property
    def head(self) -> H | None:
        """The last head: earlier ones are informational (RFC 9110 §15.2)."""
        return self.heads[-1] if self.heads else None

    @property
    def seen(self) -> bool:
        """Whether anything of it passed on this side."""
        return bool(self.heads or self.chunks or self.end)

    def add_chunk(self, chunk: Chunk) -> None:
        """Count `chunk`."""
        self.chunks += 1
        self.size += chunk.size
        if chunk.form is Form.LOST:
            self.lost += chunk.size - len(chunk.data)
        if self.first_at is None:
            self.first_at = chunk.at
        self.last_at = chunk.at


def _sides[H: RequestHead | ResponseHead]() -> dict[Side, MessageOutline[H]]:
    return {side: MessageOutline[H]() for side in SIDES}


@dataclass(slots=True)
class Outline:
    """An exchange. `at` is the time of its first event (µs since the start of the run)."""

    at: int = 0
    request: dict[Side, MessageOutline[RequestHead]] = field(default_factory=lambda: _sides())
    response: dict[Side, MessageOutline[ResponseHead]] = field(default_factory=lambda: _sides())
    aborts: list[Abort] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    injections: list[Injection] = field(default_factory=list)

    def side_to_show(self, asked: Side) -> Side:
        """`asked` if it is one side; of both, the client's where the response was seen there."""
        if asked is not Side.BOTH:
            return asked
        client, server = (self.response[side] for side in SIDES)
        return Side.SERVER if server.seen and not client.seen else Side.CLIENT

    def is_event_stream(self, side: Side) -> bool:
        """Whether a browser would take the response on `side` as events."""
        head = self.response[side].head
        return head is not None and is_event_stream(head)


def outline(events: Iterable[Event]) -> Outline:
    """The outline of the exchange whose events these are."""
    found = Outline()
    seen = False
    of: dict[Message, Mapping[Side, MessageOutline[Any]]] = {
        Message.REQUEST: found.request,
        Message.RESPONSE: found.response,
    }
    for event in events:
        if not seen:
            found.at, seen = event.at, True
        if isinstance(event, Chunk):
            sides = of[event.message]
            for side in _SEPARATE[event.side]:
                sides[side].add_chunk(event)
        else:
            _add(found, event)
    return found


def _add(found: Outline, event: RequestHead | ResponseHead | End | Abort | Gap | Injection) -> None:
    match event:
        case Abort():
            found.aborts.append(event)
        case Gap():
            found.gaps.append(event)
        case Injection():
            found.injections.append(event)
        case _:
            for side in _SEPARATE[event.side]:
                _add_on(found, side, event)


def _add_on(found: Outline, side: Side, event: RequestHead | ResponseHead | End) -> None:
    match event:
        case RequestHead():
            found.request[side].heads.append(event)
        case ResponseHead():
            found.response[side].heads.append(event)
        case End() if event.message is Message.REQUEST:
            found.request[side].end = event
        case End():
            found.response[side].end = event


def body(events: Iterable[Event], message: Message, side: Side) -> Iterator[bytes]:
    """The decoded pieces of a body on `side`. What cannot be decoded is left out."""
    plain = PlainBody("")
    for event in events:
        if isinstance(event, RequestHead | ResponseHead):
            is_request = isinstance(event, RequestHead)
            if event.side & side and is_request == (message is Message.REQUEST):
                plain = PlainBody(content_coding(event.headers))
        elif isinstance(event, Chunk) and event.message is message and event.side in SEEN_ON[side]:
            piece = plain.feed(event)
            if piece:
                yield piece
