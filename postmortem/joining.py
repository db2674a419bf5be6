"""Two recordings as one sequence of events: as though a single proxy had stood where the hop is.

What the tap on the client's side saw becomes the client side, what the one behind the hop saw becomes the
server side, in A's time and under A's numbers. So `contract.checker.Checker`, and whatever else reads such
a sequence, judges a hop as it judges the two sides of one proxy.

Both recordings are read once, side by side, and nothing of them is kept. Their own orders stay. They are
merged by time, and where the estimate of the clock would put an effect before its cause, the cause comes
first: a request is at A before it is at B, an answer and its end are at B before they are at A.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from contract import event_making
from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Gap,
    Injection,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from postmortem.clocks import Clock
from postmortem.masks import Masks
from postmortem.pairing import Pair, Pairing
from recordings.reader import Recording

_PATIENCE = 1_000_000
"""µs by which, at most, order is mended beyond what the clock may be wrong by."""


class Flavour(Enum):
    """Which sides of the two taps are taken: those of A, and of B."""

    HOP = (Side.SERVER, Side.CLIENT)
    """What the hop alone did: as it left A, and as it reached B."""
    ENDS = (Side.CLIENT, Side.SERVER)
    """The whole way: as the client saw it, and as the service did; the taps' own doings are part of it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which exchange of which recording a joined one is; None where that recording has no part in it."""

    a: int | None
    b: int | None


class Joint:
    """How a pair of recordings is joined; `events` reads them, as often as is wanted."""

    def __init__(
        self,
        a: Recording,
        b: Recording,
        pairing: Pairing,
        clock: Clock,
        flavour: Flavour = Flavour.HOP,
        masks: Masks | None = None,
    ) -> None:
        self._a, self._b = a, b
        self._clock = clock
        self._flavour = flavour
        self._masks = masks or Masks({})
        self._by_a = {pair.a.exchange: pair for pair in pairing.pairs}
        self._by_b = {pair.b.exchange: pair for pair in pairing.pairs}
        last = max((row.exchange for row in a.exchanges()), default=0)
        alone = sorted(row.exchange for row in b.exchanges() if row.exchange not in self._by_b)
        self._alone = {number: last + place for place, number in enumerate(alone, 1)}
        self._alone_by_number = {place: number for number, place in self._alone.items()}

    def origin(self, exchange: int) -> Origin:
        """What the joined exchange of this number is in the two recordings."""
        if exchange in self._alone_by_number:
            return Origin(None, self._alone_by_number[exchange])
        pair = self._by_a.get(exchange)
        return Origin(exchange, pair.b.exchange if pair else None)

    def number(self, exchange_of_b: int) -> int:
        """The number in the joined sequence of an exchange of B's; 0 is none of them."""
        pair = self._by_b.get(exchange_of_b)
        return pair.a.exchange if pair else self._alone.get(exchange_of_b, 0)

    def events(self) -> Iterator[Event]:
        """The joined sequence. Sides are `CLIENT` for A and `SERVER` for B; times are A's, in µs."""
        ours, theirs = _Reading(self._of_a()), _Reading(self._of_b())
        order = _Order(self._by_a, self._clock)
        while ours.next is not None and theirs.next is not None:
            event = (ours if order.a_is_first(ours.next, theirs.next) else theirs).take()
            order.passed(event)
            yield event
        for rest in (ours, theirs):
            while rest.next is not None:
                yield rest.take()

    def _of_a(self) -> Iterator[Event]:
        side, whole = self._flavour.value[0], self._flavour is Flavour.ENDS
        for event in self._a.events():
            if isinstance(event, Gap | Injection):
                if whole or isinstance(event, Gap):
                    yield event
            elif event.side & side:
                if isinstance(event, Abort):
                    pair = self._by_a.get(event.exchange)
                    event = self._by_hop(event, Breaker.SERVER, pair.b.broken_by if pair else None)
                yield _moved(event, event.exchange, Side.CLIENT, event.at)

    def _of_b(self) -> Iterator[Event]:
        side, whole, at_a = self._flavour.value[1], self._flavour is Flavour.ENDS, self._clock.at_a
        for event in self._b.events():
            if isinstance(event, Gap | Injection):
                if whole or isinstance(event, Gap):
                    yield replace(event, exchange=self.number(event.exchange), at=at_a(event.at))
            elif event.side & side:
                if isinstance(event, Abort):
                    pair = self._by_b.get(event.exchange)
                    event = self._by_hop(event, Breaker.CLIENT, pair.a.broken_by if pair else None)
                moved = _moved(event, self.number(event.exchange), Side.SERVER, at_a(event.at))
                yield self._masks.event(moved)

    def _by_hop(self, abort: Abort, peer: Breaker, there: Breaker | None) -> Abort:
        """The hop is the proxy now: what it broke off at one tap, and nobody did at the other, it did itself.

        `peer` is what the tap took the hop for, `there` who broke the exchange off by the other tap. Between
        the taps alone, what a tap broke off itself was broken off by the side on which it stands.
        """
        if abort.by is peer:
            is_passed_on = there is peer or (there is Breaker.PROXY and self._flavour is Flavour.HOP)
            return abort if is_passed_on else replace(abort, by=Breaker.PROXY)
        if abort.by is Breaker.PROXY and self._flavour is Flavour.HOP:
            return replace(abort, by=Breaker.CLIENT if peer is Breaker.SERVER else Breaker.SERVER)
        return abort


def join(
    a: Recording,
    b: Recording,
    pairing: Pairing,
    clock: Clock,
    flavour: Flavour = Flavour.HOP,
    masks: Masks | None = None,
) -> Iterator[Event]:
    """The events of both recordings as one proxy in the hop's place would have seen them.

    Exchanges that reached B have A's numbers; of several tries that is the one that was answered to the
    client. What B alone has is numbered after A's last, in B's order.
    """
    return Joint(a, b, pairing, clock, flavour, masks).events()


def _moved(
    event: RequestHead | ResponseHead | Chunk | End | Abort, number: int, side: Side, at: int
) -> Event:
    """`event` under another number, on one side, at another time."""
    if isinstance(event, Chunk):
        return event_making.chunk(number, event.message, side, at, event.data, event.size, event.form)
    if isinstance(event, End):
        return event_making.end(number, event.message, side, at, event.trailers)
    if isinstance(event, ResponseHead):
        line = event.status, event.reason, event.version
        return event_making.response_head(number, side, at, *line, event.headers)
    return replace(event, exchange=number, side=side, at=at)


class _Reading:
    """One recording's events, with a look at the next one."""

    __slots__ = ("_events", "next")

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self.next = next(events, None)

    def take(self) -> Event:
        """The next event, which is behind us then."""
        event = self.next
        assert event is not None
        self.next = next(self._events, None)
        return event


class _Order:
    """Whose event comes next: the earlier one's, unless its cause is still to come from the other tap."""

    def __init__(self, pairs: dict[int, Pair], clock: Clock) -> None:
        self._pairs = pairs
        self._clock = clock
        self._slack = min(clock.slack(), _PATIENCE) + _PATIENCE
        self._asked: set[int] = set()
        """Paired exchanges whose request has passed A."""
        self._answered: set[int] = set()
        self._ended: set[int] = set()
        """Those whose answer has passed B, and its end."""

    def a_is_first(self, one: Event, other: Event) -> bool:
        """Whether A's event comes before B's."""
        if other.at > one.at + self._slack or one.at > other.at + self._slack:
            return one.at <= other.at
        if self._a_waits(one):
            # Both can wait for each other only where exchanges were paired wrongly.
            return self._b_waits(other)
        return one.at <= other.at or self._b_waits(other)

    def _b_waits(self, event: Event) -> bool:
        if not isinstance(event, RequestHead) or event.exchange in self._asked:
            return False
        return event.exchange in self._pairs

    def _a_waits(self, event: Event) -> bool:
        pair = self._pairs.get(event.exchange)
        if pair is None:
            return False
        if isinstance(event, ResponseHead):
            return event.exchange not in self._answered and self._is_near(pair.b.answered_at, event.at)
        if isinstance(event, End) and event.message is Message.RESPONSE and pair.b.is_complete:
            return event.exchange not in self._ended and self._is_near(pair.b.ended_at, event.at)
        return False

    def _is_near(self, at_b: int, at: int) -> bool:
        return at_b >= 0 and self._clock.at_a(at_b) <= at + self._slack

    def passed(self, event: Event) -> None:
        """Note what is handed out."""
        if isinstance(event, Chunk | Gap | Injection) or event.exchange not in self._pairs:
            return
        number = event.exchange
        if isinstance(event, RequestHead):
            if event.side is Side.CLIENT:
                self._asked.add(number)
        elif event.side is Side.SERVER:
            if isinstance(event, ResponseHead):
                if event.status >= 200 or event.status == 101:
                    self._answered.add(number)
            elif isinstance(event, End) and event.message is Message.RESPONSE:
                self._ended.add(number)
