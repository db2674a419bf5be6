"""Exchanges that another tool wrote down, and the events that they become.

Such a tool stood in one place, and has one view of each exchange. So every event is `Side.BOTH`: what
came to that place is what left it. That is no claim about hops elsewhere, and no more than what a proxy
of ours says where it changed nothing. Seen from one side alone an answer would be taken for the proxy's
own (nothing came from a service), and every ID in it for one that no service issued.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Headers,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)

EPOCH = datetime.fromtimestamp(0, UTC)
_SEEN = Side.BOTH


class SourceError(ValueError):
    """A source cannot be used; one line that names file, entry and field."""


class Part(NamedTuple):
    """A known piece of a body: when it was there (µs since 1970), and of how many bytes on the wire."""

    at: int
    data: bytes
    size: int
    form: Form = Form.WIRE


@dataclass(frozen=True, slots=True)
class ForeignBody:
    """A body. `ended_at` (µs since 1970) is None where it did not come to its end.

    `why_missing` says why it is not known whether there was one, and which; empty otherwise.
    """

    parts: tuple[Part, ...] = ()
    ended_at: int | None = None
    trailers: Headers = ()
    why_missing: str = ""


@dataclass(frozen=True, slots=True)
class ForeignRequest:
    """A request, by the names of `RequestHead`; `at` is µs since 1970."""

    at: int
    method: bytes
    scheme: str
    host: str
    port: int
    target: bytes
    version: bytes
    headers: Headers
    body: ForeignBody
    client: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class ForeignAnswer:
    """A response, by the names of `ResponseHead`; `at` is µs since 1970."""

    at: int
    status: int
    reason: bytes
    version: bytes
    headers: Headers
    body: ForeignBody


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an exchange is not complete; `at` is µs since 1970."""

    at: int
    by: Breaker
    manner: Manner
    reason: str


@dataclass(frozen=True, slots=True)
class ForeignExchange:
    """One exchange. Without an answer there is always a failure."""

    request: ForeignRequest
    answer: ForeignAnswer | None
    failure: Failure | None


@dataclass
class Imported:
    """What a source gave: exchanges, how many of what was skipped, and a sentence on where they are from."""

    source: str
    exchanges: list[ForeignExchange] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def microseconds(moment: datetime) -> int:
    """A point of time (with its zone) as µs since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def sequence(exchanges: Iterable[ForeignExchange]) -> tuple[datetime, list[Event]]:
    """When the first request began, and the events of all in the order of their times.

    Exchanges are numbered from 1 in the order of their requests. What has the same time stays in that
    order, and an exchange's own events always do.
    """
    ordered = sorted(exchanges, key=lambda exchange: exchange.request.at)
    start = ordered[0].request.at
    events = [
        event for number, each in enumerate(ordered, 1) for event in _since(start, _events(each, number))
    ]
    events.sort(key=lambda event: event.at)
    return EPOCH + timedelta(microseconds=start), events


def _since(start: int, events: Iterable[Event]) -> Iterator[Event]:
    """The events of one exchange, counted from `start`; none is earlier than the one before it."""
    last = 0
    for event in events:
        last = max(last, event.at - start)
        yield replace(event, at=last)


def _events(exchange: ForeignExchange, number: int) -> Iterator[Event]:
    asked, answer, failure = exchange.request, exchange.answer, exchange.failure
    yield RequestHead(
        number,
        _SEEN,
        asked.at,
        asked.method,
        asked.scheme,
        asked.host,
        asked.port,
        asked.target,
        asked.version,
        asked.headers,
        client=asked.client,
        server=asked.server,
    )
    yield from _body(asked.body, number, Message.REQUEST, asked.at)
    if answer is not None:
        yield ResponseHead(
            number, _SEEN, answer.at, answer.status, answer.reason, answer.version, answer.headers
        )
        yield from _body(answer.body, number, Message.RESPONSE, answer.at)
    if failure is not None:
        yield Abort(number, _SEEN, failure.at, failure.by, failure.manner, failure.reason)


def _body(body: ForeignBody, number: int, message: Message, at: int) -> Iterator[Event]:
    if body.why_missing:
        yield Gap(number, at if body.ended_at is None else body.ended_at, 1, 0, body.why_missing)
    for part in body.parts:
        yield Chunk(number, message, _SEEN, part.at, part.data, part.size, part.form)
    if body.ended_at is not None:
        yield End(number, message, _SEEN, body.ended_at, body.trailers)
