"""Two recordings of the same traffic, before and behind a hop: what the hop did to it.

with Recording(before) as a, Recording(behind) as b:
    taps = Taps(a, b)
    for comparison in taps.comparisons(profile):
        ...
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from contract.events import Event, Message, Side
from contract.profile import Profile
from postmortem.comparing import Comparison, compared
from postmortem.differences import Difference, Kind
from postmortem.joining import Flavour, Joint
from postmortem.masks import masks
from postmortem.pairing import paired
from postmortem.sightings import Advance, Sighting, sightings
from recordings.reader import Recording

_NOTHING = array("q")


class NoPairError(ValueError):
    """No exchange of one recording could be found in the other; the message says why."""


def unheard(events: int) -> None:
    """Progress that nobody asked for."""


class Taps:
    """Two taps, paired: `a` on the client's side of a hop and `b` on the server's side of it.

    Reads both once; raises `NoPairError`. `clock` tells how B's clock compares to A's, `masks` what secrets
    are called in both.
    """

    def __init__(self, a: Recording, b: Recording, advance: Advance = unheard) -> None:
        self.a, self.b = a, b
        ours, theirs = sightings(a, Side.SERVER, advance), sightings(b, Side.CLIENT, advance)
        self.ahead = (b.run.info.started.astimezone(UTC) - a.run.info.started.astimezone(UTC)) // timedelta(
            microseconds=1
        )
        self.pairing, self.clock = paired(ours, theirs, self.ahead)
        if not self.pairing.pairs:
            raise NoPairError(_why_none(self, ours, theirs))
        for seen in (*ours, *theirs):
            seen.marks = _NOTHING  # they have done their work, and are most of what is kept
        self.masks = masks(a, b, self.pairing)

    def joint(self, flavour: Flavour = Flavour.HOP) -> Joint:
        """Both as one sequence, as a proxy in the hop's place would have seen it."""
        return Joint(self.a, self.b, self.pairing, self.clock, flavour, self.masks)

    def events(self, flavour: Flavour = Flavour.HOP) -> Iterator[Event]:
        """The same, only the events."""
        return self.joint(flavour).events()

    def comparisons(self, profile: Profile, advance: Advance = unheard) -> Iterator[Comparison]:
        """What the hop did to each exchange that reached B, each when it is over."""
        numbers = {pair.a.exchange for pair in self.pairing.pairs}
        return compared(_heard(self.events(), advance), numbers.__contains__, profile)


def _heard(events: Iterator[Event], advance: Advance) -> Iterator[Event]:
    count = 0
    for event in events:
        count += 1
        if count == 4096:
            advance(count)
            count = 0
        yield event
    advance(count)


def _why_none(taps: Taps, ours: list[Sighting], theirs: list[Sighting]) -> str:
    """One sentence on what hinders."""
    for recording, seen, side in ((taps.a, ours, "server"), (taps.b, theirs, "client")):
        if not seen:
            return f"{recording.path}: has no HTTP exchange on its {side}'s side"
    names = f"{taps.a.path} and {taps.b.path}"
    lasts = [recording.run.time(recording.run.last_at) for recording in (taps.a, taps.b)]
    starts = [recording.run.info.started.astimezone(UTC) for recording in (taps.a, taps.b)]
    if starts[0] > lasts[1] or starts[1] > lasts[0]:
        spans = " and ".join(
            f"{start:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}"
            for start, last in zip(starts, lasts, strict=True)
        )
        return f"{names}: have no exchange in common, and are of different times ({spans})"
    return (
        f"{names}: have no exchange in common: no request of one has the path or the body of one of the other"
    )


type Deed = tuple[Kind, Message, str, str]
"""What is counted as one: the kind, the message, and the old and new name of a field in lower case."""


def deed(difference: Difference) -> Deed:
    """What `difference` is counted as."""
    name = "" if difference.kind is Kind.EVENTS else difference.name.lower()
    new = difference.after.lower() if difference.kind is Kind.RENAMED else ""
    return difference.kind, difference.message, name, new


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that a hop did: the first time it was seen, in how many exchanges, and of how many.

    `of` counts those in which it might have been done: that had such a message, or such a field in it.
    """

    first: Difference
    count: int
    of: int


@dataclass
class Tally:
    """What a hop did, counted over many exchanges. Latencies are in µs."""

    pairs: int = 0
    differing: int = 0
    requests: list[int] = field(default_factory=list)
    first_bytes: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    _deeds: Counter[Deed] = field(default_factory=Counter)
    _first: dict[Deed, Difference] = field(default_factory=dict)
    _entered: Counter[tuple[Message, str]] = field(default_factory=Counter)

    def add(self, comparison: Comparison) -> None:
        """Count one exchange."""
        self.pairs += 1
        self.differing += bool(comparison.differences)
        once = {deed(each): each for each in reversed(comparison.differences)}
        self._deeds.update(once.keys())
        for key, difference in once.items():
            self._first.setdefault(key, difference)
        self._entered.update(comparison.entered)
        latency = comparison.latency
        for values, value in (
            (self.requests, latency.request),
            (self.first_bytes, latency.first_byte),
            (self.ends, latency.end),
        ):
            if value is not None:
                values.append(value)

    def done(self) -> list[Done]:
        """What the hop did: what takes something away first, the most frequent first."""
        kinds = list(Kind)
        done = [Done(self._first[key], count, self._of(key)) for key, count in self._deeds.items()]
        return sorted(done, key=lambda each: (kinds.index(each.first.kind), -each.count))

    def _of(self, key: Deed) -> int:
        kind, message, name, _ = key
        return self._entered[message, name if kind in (Kind.DROPPED, Kind.RENAMED, Kind.CHANGED) else ""]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of some latencies in µs: the middle one, the one that 95 % do not exceed, and the largest."""

    median: int
    p95: int
    most: int


def quantiles(values: list[int]) -> Quantiles | None:
    """None where there are no values."""
    if not values:
        return None
    ordered = sorted(values)
    return Quantiles(
        ordered[len(ordered) // 2], ordered[min(len(ordered) * 19 // 20, len(ordered) - 1)], ordered[-1]
    )
