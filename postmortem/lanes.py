"""An exchange as times to be drawn: one lane where both sides of the proxy are alike, else one for each."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from contract.events import (
    Abort,
    Chunk,
    End,
    Event,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.headers import content_coding
from replay.dispatch import SEEN_ON, Dispatcher, is_event_stream

ALIKE = 10_000
"""Microseconds within which the two sides are alike: what passes at once is recorded as one event."""


_MANY = 20_000
"""Events up to which each is a mark of its own."""


@dataclass(slots=True)
class Lane:
    """What happened on `side`, and when (µs since the start of the run); None where it did not.

    `moments` are the events of an event stream, as a browser dispatches them. `answered` is the final
    head (RFC 9110 §15.2), `ended` the end of the response, `abort` what broke the exchange off.
    """

    side: Side
    is_stream: bool = False
    asked: int | None = None
    answered: int | None = None
    moments: "array[int]" = field(default_factory=lambda: array("q"))
    ended: int | None = None
    abort: Abort | None = None

    def times(self) -> Iterator[int]:
        """All times of it, in no order."""
        aborted = None if self.abort is None else self.abort.at
        yield from (at for at in (self.asked, self.answered, self.ended, aborted) if at is not None)
        yield from self.marks()

    def marks(self) -> "array[int]":
        """`moments`; of very many so many that each longer wait is there, from its first µs to its last."""
        if len(self.moments) <= _MANY:
            return self.moments
        first, last = min(self.moments), max(self.moments)
        part = (last - first) // (_MANY // 2) + 1
        lows, highs = array("q", [-1]) * (_MANY // 2), array("q", [-1]) * (_MANY // 2)
        for at in self.moments:
            place = (at - first) // part
            lows[place] = at if lows[place] < 0 else min(lows[place], at)
            highs[place] = max(highs[place], at)
        return array("q", [at for pair in zip(lows, highs, strict=True) for at in pair if at >= 0])

    @property
    def last(self) -> int | None:
        """When it was over, or last heard of."""
        return max(self.times(), default=None)


def lanes(events: Iterable[Event]) -> list[Lane]:
    """The lanes of the exchange whose events these are: one for both sides, or the server's and the client's.

    A side on which nothing passed has none.
    """
    takers = {side: _Taker(Lane(side)) for side in (Side.SERVER, Side.CLIENT)}
    for event in events:
        if isinstance(event, RequestHead | ResponseHead | Chunk | End | Abort):
            for side, taker in takers.items():
                if event.side in SEEN_ON[side]:
                    taker.take(event)
    found = [taker.lane for taker in takers.values() if taker.lane.last is not None]
    if len(found) == 2 and _alike(*found):
        found[1].side = Side.BOTH
        return found[1:]
    return found


class _Taker:
    """Takes the events of one side into a lane."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self._dispatcher: Dispatcher | None = None

    def take(self, event: RequestHead | ResponseHead | Chunk | End | Abort) -> None:
        lane = self.lane
        match event:
            case Chunk():
                if event.message is Message.RESPONSE:
                    self._chunk(event)
            case RequestHead():
                lane.asked = event.at if lane.asked is None else lane.asked
            case ResponseHead():
                lane.answered = event.at
                lane.is_stream = is_event_stream(event)
                self._dispatcher = Dispatcher(content_coding(event.headers)) if lane.is_stream else None
            case Abort():
                lane.abort = lane.abort or event
            case End() if event.message is Message.RESPONSE:
                lane.ended = event.at

    def _chunk(self, chunk: Chunk) -> None:
        if self._dispatcher is not None:
            self.lane.moments.extend([event.at for event in self._dispatcher.feed(chunk)])


def _alike(one: Lane, other: Lane) -> bool:
    """Whether nothing but the proxy's own pace tells them apart."""
    if (one.abort is None, one.is_stream) != (other.abort is None, other.is_stream):
        return False
    heads = [(one.asked, other.asked), (one.answered, other.answered), (one.ended, other.ended)]
    return all(map(_near, *zip(*heads, strict=True))) and _near_all(one.moments, other.moments)


def _near_all(some: Sequence[int], others: Sequence[int]) -> bool:
    return len(some) == len(others) and all(map(_near, some, others))


def _near(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= ALIKE
