"""What a recording shows from where one stands: all of it, or only one side of a hop."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from contract.events import Abort, Breaker, Event, Gap, Injection, Manner, Side


def client_side(batches: Iterable[list[Event]]) -> Iterator[list[Event]]:
    """The events of the client's side, as though both sides were alike: nothing else is known."""
    for events in batches:
        yield [each for event in events if (each := _seen(event)) is not None]


def _seen(event: Event) -> Event | None:
    if isinstance(event, Gap):
        return event
    if isinstance(event, Injection) or not event.side & Side.CLIENT:
        return None
    if isinstance(event, Abort) and event.manner is Manner.INJECTED:
        # That it was done on purpose is known in the hop alone; before it, its connection just closed.
        return replace(event, side=Side.BOTH, by=Breaker.SERVER, manner=Manner.CLOSED)
    return event if event.side is Side.BOTH else replace(event, side=Side.BOTH)
