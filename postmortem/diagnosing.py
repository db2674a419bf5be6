"""From a recording to its incidents."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contract.incidents import Incident
from contract.profile import Profile
from recordings.reader import Recording

type Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Group:
    """Incidents of one cause: how many, in which scopes, and its first and last (exchange and time, µs)."""

    cause: str
    count: int
    scopes: tuple[str, ...]
    first: int
    first_at: int
    last: int
    last_at: int


@dataclass
class Diagnosed:
    """What one recording gave. `healthy` counts exchanges of the profile that are part of no incident,
    `expected` negative tests that were refused as they should be; `left_out` incidents beyond the limit.
    """

    name: str
    profile: str
    incidents: list[Incident] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    healthy: int = 0
    expected: int = 0
    left_out: int = 0


def unheard(events: int) -> None:
    """Progress that nobody asked for."""


def diagnose(
    name: str,
    recording: Recording,
    profile: Profile,
    *,
    limit: int = 10_000,
    advance: Advance = unheard,
) -> Diagnosed:
    """The incidents of `recording`, which reports call `name`; `advance` hears of some events at a time."""
    raise NotImplementedError
