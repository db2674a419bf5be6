"""A sequence of events with causes planted in it."""

from dataclasses import dataclass

from contract.events import Event, Side
from contract.incidents import Confidence

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
CLIENT, SERVER, BOTH = Side.CLIENT, Side.SERVER, Side.BOTH


@dataclass(frozen=True)
class Planted:
    """What `events` must be put down to: exactly `causes`, and no incident where there are none.

    The rest is about the incident of the first cause: `sure` its confidence, `seen` exchanges and sides that
    its evidence must have, `says` words that its advice must have, `possible` what it leaves possible, in
    order. `expected` counts negative tests that were refused as they should be. `is_joined`: the two sides
    are two taps. `hidden` says that from the client's side alone nothing of it shows, `behind` are causes
    that are true as well, as far as the service's side alone shows.
    """

    name: str
    events: list[Event]
    causes: tuple[str, ...] = ()
    sure: Confidence | None = None
    seen: tuple[tuple[int, Side], ...] = ()
    says: tuple[str, ...] = ()
    possible: tuple[str, ...] | None = None
    expected: int = 0
    is_joined: bool = False
    hidden: bool = False
    behind: tuple[str, ...] = ()


def healthy(name: str, events: list[Event], expected: int = 0) -> Planted:
    """Nothing is wrong here."""
    return Planted(name, events, expected=expected)
