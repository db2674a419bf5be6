"""Where each value of a recording was seen: in answers and in requests, in order, in little memory.

Bodies are not kept. Of a value longer than 64 characters a digest is, and the value itself from when it
was seen in both an answer and a request; a sighting takes 28 bytes.
"""

import re
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from replay.forms import is_random
from replay.names import Called, called
from replay.recorded import Recorded
from replay.shapes import LONGEST
from replay.values import RPC_CALL, Named, Place, named_in_answer, named_in_request, segments

_KEPT_AS_THEY_ARE = 64
_DIGEST = 16
_REQUEST, _ANSWER, _BOTH = 1, 2, 3
_SAFE = frozenset([b"GET", b"HEAD", b"OPTIONS", b"QUERY", b"TRACE"])  # RFC 9110 §9.2.1
_WHITE = re.compile(r"\s")
_WORD = re.compile(r"[A-Za-z]+(?:[_.-][A-Za-z]+)*")


class Asked(NamedTuple):
    """What is kept of an exchange.

    `head` is when its request's head passed (µs). Requests of one `likeness` are alike: method, address
    and body, its random values apart. `credentials` is a digest of the tokens it carried, 0 for none.
    `literal` is its path without all but words; `is_safe` and `is_fine` speak of method and status.
    """

    head: int
    likeness: int
    credentials: int
    literal: str
    is_safe: bool
    is_fine: bool


class Sighting(NamedTuple):
    """A value in a message; `time` orders it: of a request when its head passed, of an answer `at`."""

    time: int
    exchange: int
    is_answer: bool
    place: Place
    at: int
    hint: str

    @property
    def called(self) -> Called:
        """What its name says."""
        return called(self.place.kind, self.hint)


class _Spot(NamedTuple):
    """What sightings have in common, so that they need not keep it each."""

    is_answer: bool
    place: Place
    hint: str


class Sightings:
    """Add exchanges in any order; then ask for the values that answers and requests share."""

    def __init__(self) -> None:
        self.asked: dict[int, Asked] = {}
        self._numbers: dict[str | bytes, int] = {}
        self._texts: dict[int, str] = {}
        self._roles = bytearray()
        self._latest = array("q")  # by value: its latest sighting, -1 for none
        self._before = array("q")  # by sighting: the one before of the same value
        self._exchanges = array("q")
        self._times = array("q")
        self._spots = array("I")
        self._spot_numbers: dict[_Spot, int] = {}
        self._spot_list: list[_Spot] = []

    def add(self, recorded: Recorded) -> None:
        """The values of one exchange."""
        asked = list(named_in_request(recorded))
        seen: set[tuple[int, int]] = set()
        for each in asked:
            self._add(each, recorded.exchange, False, seen)
        for each in named_in_answer(recorded):
            self._add(each, recorded.exchange, True, seen)
        self.asked[recorded.exchange] = _asked(recorded, asked)

    def _add(self, named: Named, exchange: int, is_answer: bool, seen: set[tuple[int, int]]) -> None:
        value = named.value
        if not value or len(value) > LONGEST or _WHITE.search(value):
            return
        key = value if len(value) <= _KEPT_AS_THEY_ARE else _digest(value)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._roles)
            self._roles.append(0)
            self._latest.append(-1)
        spot = self._spot(_Spot(is_answer, named.place, named.hint))
        if (number, spot) in seen:
            return  # in a stream, the same again with each event
        seen.add((number, spot))
        self._roles[number] |= _ANSWER if is_answer else _REQUEST
        if len(value) > _KEPT_AS_THEY_ARE and self._roles[number] == _BOTH:
            self._texts[number] = value
        self._before.append(self._latest[number])
        self._latest[number] = len(self._times)
        self._times.append(named.at)
        self._exchanges.append(exchange)
        self._spots.append(spot)

    def _spot(self, spot: _Spot) -> int:
        number = self._spot_numbers.get(spot)
        if number is None:
            number = self._spot_numbers[spot] = len(self._spot_list)
            self._spot_list.append(spot)
        return number

    def shared(self) -> Iterator[tuple[str, list[Sighting]]]:
        """Each value that was in an answer and in a request, with all its sightings in order."""
        for key, number in self._numbers.items():
            if self._roles[number] == _BOTH:
                yield key if isinstance(key, str) else self._texts[number], sorted(self._of(number))

    def _of(self, number: int) -> Iterator[Sighting]:
        at = self._latest[number]
        while at >= 0:
            spot = self._spot_list[self._spots[at]]
            exchange, time = self._exchanges[at], self._times[at]
            order = time if spot.is_answer else self.asked[exchange].head
            yield Sighting(order, exchange, spot.is_answer, spot.place, time, spot.hint)
            at = self._before[at]

    def answers_with(self, wanted: set[tuple[int, Place]]) -> dict[tuple[int, Place], set[int]]:
        """By likeness and place (without indices): the exchanges whose answer has any value there."""
        places = {place for _, place in wanted}
        templates = [without_indices(spot.place) if spot.is_answer else None for spot in self._spot_list]
        numbers = {number for number, place in enumerate(templates) if place in places}
        found: dict[tuple[int, Place], set[int]] = {each: set() for each in wanted}
        for spot, exchange in zip(self._spots, self._exchanges, strict=True):
            if spot in numbers:
                place = templates[spot]
                key = (self.asked[exchange].likeness, place)
                if place is not None and key in found:
                    found[self.asked[exchange].likeness, place].add(exchange)
        return found


def without_indices(place: Place) -> Place:
    """The place with `*` for each index of a list."""
    if place.kind not in ("json", "sse"):
        return place
    return Place(place.kind, ".".join(["*" if step.isdigit() else step for step in place.name.split(".")]))


def _digest(value: str) -> bytes:
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _asked(recorded: Recorded, values: list[Named]) -> Asked:
    head = recorded.request
    path = head.target.partition(b"?")[0].decode("latin-1")
    said = [
        (each.place, each.value)
        for each in values
        if each.place.kind in ("form", "json") and each.hint != RPC_CALL and not is_random(each.value)
    ]
    credentials = [
        each.value
        for each in values
        if each.place.kind == "cookie"
        or (each.place.kind == "header" and (each.place.name == "authorization" or is_random(each.value)))
    ]
    status = recorded.response.status if recorded.response else 0
    return Asked(
        head=head.at,
        likeness=hash((head.method, recorded.origin, head.target, tuple(said))),
        credentials=hash(tuple(credentials)) if credentials else 0,
        literal="/".join([each for each in segments(path) if _WORD.fullmatch(each) and not is_random(each)]),
        is_safe=head.method in _SAFE,
        is_fine=200 <= status < 400,
    )
