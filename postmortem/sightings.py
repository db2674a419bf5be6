"""What one tap saw of each exchange, in a few words: enough to find it again at another tap.

An exchange is told by marks: numbers that stand for what it carries (its path, its body, the values of its
header fields). The same content gives the same mark at both taps, whatever a hop did to the rest.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Headers,
    Injection,
    Kind,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.two_sides import HOP_BY_HOP, REWRITTEN
from recordings.reader import Recording

type Advance = Callable[[int], None]

REQUEST_IDS = frozenset(
    (
        *(b"x-request-id", b"request-id", b"x-correlation-id", b"correlation-id", b"x-trace-id"),
        *(b"x-b3-traceid", b"x-amzn-trace-id", b"x-cloud-trace-context", b"traceparent", b"b3"),
        *(b"uber-trace-id", b"idempotency-key", b"x-client-request-id", b"x-datadog-trace-id"),
    )
)
"""Headers that exist to find a request again. Of `traceparent` (W3C) only the trace ID goes through a hop."""
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_TELLING = 8
"""Bytes from which on a header's value may tell one exchange from others."""

REQUEST_ID, BODY, PATH, TAIL, LAST, VALUE, ANSWER, ANSWER_BODY = range(8)
"""What a mark stands for; kept in its lowest three bits."""


def kind_of(mark: int) -> int:
    """What `mark` stands for."""
    return mark & 7


@dataclass(slots=True)
class Sighting:
    """One exchange as it passed on the side that faces the hop. Times: µs since the start of its run.

    `sent_at` and `heard_at` are those of the last bytes of request and answer: an end may be noticed later,
    or earlier where a length announced it. -1 is a time that did not come, `status` is 0 where no final
    answer came, `broken_by` is who ended it before it was complete (None: it is complete, or still open).
    """

    exchange: int
    method: bytes
    target: bytes
    asked_at: int
    sent_at: int = -1
    answered_at: int = -1
    heard_at: int = -1
    ended_at: int = -1
    status: int = 0
    is_sent: bool = False
    is_complete: bool = False
    broken_by: Breaker | None = None
    marks: "array[int]" = field(default_factory=lambda: array("q"))


def sightings(recording: Recording, side: Side, advance: Advance) -> list[Sighting]:
    """The HTTP exchanges that were seen on `side`, by the time of their request."""
    looking = _Looking(int(side))
    for events in recording.batches():
        looking.take(events)
        advance(len(events))
    return sorted(looking.all(), key=lambda each: each.asked_at)


class _Looking:
    """Takes in the events of one recording."""

    def __init__(self, side: int) -> None:
        self._side = side
        self._open: dict[int, _Open] = {}
        self._done: list[Sighting] = []

    def take(self, events: Iterable[Event]) -> None:
        side, open_ones = self._side, self._open
        for event in events:
            if isinstance(event, Gap | Injection) or not int(event.side) & side:
                continue
            one = open_ones.get(event.exchange)
            if isinstance(event, RequestHead):
                if one is None and event.kind is Kind.HTTP:
                    open_ones[event.exchange] = _Open(event)
            elif one is not None and one.take(event):
                self._done.append(open_ones.pop(event.exchange).closed())

    def all(self) -> Iterator[Sighting]:
        yield from self._done
        for one in self._open.values():
            yield one.closed()


class _Open:
    """An exchange that is not over yet."""

    __slots__ = ("_bodies", "_whole", "sighting")

    def __init__(self, head: RequestHead) -> None:
        self.sighting = Sighting(head.exchange, head.method, head.target, head.at, head.at)
        self._bodies: dict[Message, Any] = {}
        self._whole = {Message.REQUEST: True, Message.RESPONSE: True}
        _mark_request(self.sighting)
        _mark_fields(self.sighting.marks, head.headers, VALUE)

    def take(self, event: ResponseHead | Chunk | End | Abort) -> bool:
        """Take its next event; whether it is over."""
        seen = self.sighting
        if isinstance(event, Chunk):
            self._digest(event)
        elif isinstance(event, ResponseHead):
            if event.status >= 200 or event.status == 101:
                seen.status, seen.answered_at, seen.heard_at = event.status, event.at, event.at
                _mark_fields(seen.marks, event.headers, ANSWER)
        elif isinstance(event, Abort):
            seen.broken_by, seen.ended_at = event.by, event.at
            return True
        elif event.message is Message.REQUEST:
            seen.is_sent = True
            return seen.is_complete
        else:
            seen.ended_at, seen.is_complete = event.at, True
            return seen.is_sent
        return False

    def _digest(self, chunk: Chunk) -> None:
        if chunk.message is Message.REQUEST:
            self.sighting.sent_at = chunk.at
        else:
            self.sighting.heard_at = chunk.at
        if chunk.form is Form.LOST:
            self._whole[chunk.message] = False
        body = self._bodies.get(chunk.message)
        if body is None:
            body = self._bodies[chunk.message] = blake2b(digest_size=8)
        body.update(chunk.data)

    def closed(self) -> Sighting:
        seen = self.sighting
        for message, kind in ((Message.REQUEST, BODY), (Message.RESPONSE, ANSWER_BODY)):
            is_all = seen.is_sent if message is Message.REQUEST else seen.is_complete
            if message in self._bodies and is_all and self._whole[message]:
                seen.marks.append(_mark(kind, self._bodies[message].digest()))
        return seen


def _mark(kind: int, *content: bytes) -> int:
    return hash(content) & ~7 | kind


def _mark_request(seen: Sighting) -> None:
    path = seen.target.partition(b"?")[0].rstrip(b"/").split(b"/")
    seen.marks.append(_mark(PATH, seen.method, seen.target))
    # A hop that adds or takes a prefix leaves the end of the path.
    seen.marks.append(_mark(TAIL, seen.method, *path[-2:]))
    seen.marks.append(_mark(LAST, seen.method, path[-1]))


def _mark_fields(marks: "array[int]", fields: Headers, kind: int) -> None:
    for name, value in fields:
        name = name.lower()
        if name in REQUEST_IDS:
            found = _TRACE.fullmatch(value.strip().lower()) if name == b"traceparent" else None
            marks.append(_mark(REQUEST_ID, found[1] if found else value.strip()))
        elif len(value) >= _TELLING and name not in HOP_BY_HOP and name not in REWRITTEN:
            marks.append(_mark(kind, value.strip()))
