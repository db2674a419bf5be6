"""Where the recorded answers issued values, and what the new answers have there."""

from collections.abc import Iterable
from typing import NamedTuple

from replay.binding import Binding, Bindings, Site
from replay.recorded import Recorded
from replay.values import Found, Place, in_answer


class Key(NamedTuple):
    """What tells a bound value from all others: two things may have the same small number."""

    value: str
    issued: Site


def key_of(binding: Binding) -> Key:
    """The key of a binding."""
    return Key(binding.value, binding.issued)


class Spot(NamedTuple):
    """A value's place in an answer; where a place has several values, the `ordinal`-th of them, from 0."""

    key: Key
    ordinal: int

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.key.issued.place


def described(place: Place) -> str:
    """A place in words: `header x-id`, `cookie token`, `JSON user.id`, `event chunk: text`, …"""
    match place.kind:
        case "json":
            return f"JSON {place.name}".rstrip()
        case "sse":
            event, _, path = place.name.partition(":")
            return f"event {event}: {path}".rstrip(": ")
        case "sse-id":
            return "an event's id"
        case "path":
            return f"path segment {place.name}"
        case kind:
            return f"{kind} {place.name}"


def spots(recorded: Recorded, bindings: Bindings) -> tuple[Spot, ...]:
    """The values that an answer was the first to issue."""
    issued = bindings.issued_by(recorded.exchange)
    if not issued:
        return ()
    found = in_answer(recorded)
    return tuple(
        Spot(key_of(binding), _ordinal(found, binding.issued.place, binding.value)) for binding in issued
    )


def read(new: Recorded, wanted: Iterable[Spot]) -> dict[Key, str]:
    """The new values, as far as the new answer has them."""
    wanted = list(wanted)
    if not wanted or new.response is None:
        return {}
    by_place: dict[Place, list[str]] = {}
    for found in in_answer(new):
        by_place.setdefault(found.place, []).append(found.value)
    values = {}
    for spot in wanted:
        there = by_place.get(spot.place, [])
        if spot.ordinal < len(there) and there[spot.ordinal]:
            values[spot.key] = there[spot.ordinal]
    return values


def _ordinal(found: list[Found], place: Place, value: str) -> int:
    there = [each.value for each in found if each.place == place]
    return there.index(value) if value in there else 0
