"""Finds the recorded request that a client's request is most like."""

import hashlib
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from recordings.redaction.tokens import MARK
from replay.matching import NOT_KEPT, Comparison, Reader, Values, learned_free
from replay.playback.conversation import Conversation
from replay.playback.errors import NeedsDiskError
from replay.playback.library import Group, Library
from replay.recorded import Recorded, origin

CONSIDERED = 64
"""Recorded requests that one is compared with: of those to its very target, and then of all like it."""
_FEW = 2
SEARCHED = 4096
"""Recorded requests that one is compared with where it would be a miss otherwise."""
_LEARNED_FROM = 50
_MOST_READINGS = 10_000


class Found(NamedTuple):
    """A recorded request, by the number of its entry, its values, and how far the client's is from it."""

    number: int
    comparison: Comparison
    values: Values


class Finder:
    """Finds entries of one library."""

    def __init__(self, library: Library, reader: Reader) -> None:
        self._library = library
        self.reader = reader
        self._origins = library.origins
        self._readings: dict[int, dict[str, str]] = {}
        self._learned: dict[int, frozenset[str]] = {}

    def group(self, asked: Recorded) -> Group | None:
        """The recorded requests of the same origin, method and shape of path."""
        head = asked.request
        where = origin(head.scheme, head.host, head.port)
        if where not in self._origins and len(self._origins) == 1:
            where = self._origins[0]  # there is only one that can be meant
        shape = self._library.shape(head.target.decode("latin-1"))
        return self._library.groups.get((where, head.method.decode("latin-1"), shape))

    def search(
        self,
        group: Group,
        asked: Recorded,
        reading: Values,
        talk: Conversation,
        *,
        head_alone: bool = False,
        whole: bool = False,
    ) -> list[Found]:
        """Compare with those to the same target, and with all like it where none of them fits.

        With `head_alone` what is in bodies does not count. `whole`: do not stop at one that is the same.
        Raises `NeedsDiskError` where more have to be compared than a caller has time for that cannot wait.
        """
        target = asked.request.target.decode("latin-1")
        free: Container[str] = _Bodies() if head_alone else self.reader.free(target)
        echoes = frozenset() if head_alone else self.reader.echoes(target)
        search = _Search(group, reading, talk, free, echoes, whole)
        meant = talk.target(target)
        exact = group.to(meant)
        if len(exact) > _FEW and not head_alone:
            # To compare is dear, and most of them may differ in their bodies.
            body = asked.request_body.data
            digest = hashlib.sha256(body).digest()[:8] if body else b""
            likely = group.with_body(meant, digest, self._library.request_body)
            self._compare(talk.window(likely, CONSIDERED), search)
            if search.has_same and not whole:
                return list(search.found.values())  # nothing can be closer
        for numbers in (exact, group.numbers):
            self._compare(talk.window(numbers, CONSIDERED), search)
            if not search.has_fitting and len(numbers) > CONSIDERED:
                if not self._library.reads_disk:
                    raise NeedsDiskError
                self._compare(talk.window(numbers, SEARCHED), search)
            if search.has_fitting:
                break
        return list(search.found.values())

    def best(self, found: list[Found], talk: Conversation, method: bytes) -> Found | None:
        """The closest that fits.

        Of equals the first that was not played yet. Once all were: the last one of what is only read, as a
        client does that waits for a change; of anything else all in turn.
        """
        least = min((each.comparison.cost for each in found if each.comparison.fits), default=None)
        closest = [each for each in found if each.comparison.cost == least]
        closest = [each for each in closest if self._library.is_whole(each.number)] or closest
        if least is None or not closest:
            return None
        used = talk.used
        unused = [each for each in closest if each.number not in used]
        if unused:
            return min(unused)
        choose = max if method in (b"GET", b"HEAD") else min
        return choose(closest, key=lambda each: used[each.number])

    def read(self, number: int) -> dict[str, str]:
        """The values of a recorded request by place."""
        reading = self._readings.get(number)
        if reading is None:
            if len(self._readings) >= _MOST_READINGS:
                self._readings.clear()
            kept = self._library.load(number)
            reading = self.reader.read(kept.recorded)
            for place, value in reading.items() if kept.digits else ():
                if value in kept.digits:
                    reading[place] = MARK.decode() + value  # or nobody could tell that it is a token
            self._readings[number] = reading
        return reading

    def _compare(self, numbers: Iterable[int], search: "_Search") -> None:
        """Compare with these entries, up to one that is the same and was not played yet."""
        group, found = search.group, search.found
        for number in numbers:
            if number in found:
                continue
            recorded = self.read(number)
            free = search.free
            if recorded.get("body") == NOT_KEPT:
                free = _Either(free, _Bodies())
            comparison = self._compared(search, recorded, free)
            if not comparison.fits and len(group.numbers) > 1:
                more = _Either(free, self._free_in(group) - search.echoes)
                comparison = self._compared(search, recorded, more)
            found[number] = Found(number, comparison, recorded)
            search.has_fitting |= comparison.fits
            search.has_same |= not comparison.cost
            is_new = number not in search.talk.used and self._library.is_whole(number)
            if is_new and not (comparison.cost or search.whole):
                break

    def _compared(self, search: "_Search", recorded: Values, free: Container[str]) -> Comparison:
        return self.reader.compare(search.reading, recorded, search.talk.term, free, search.echoes)

    def _free_in(self, group: Group) -> frozenset[str]:
        """Places that the recording shows to be free in requests of this group."""
        learned = self._learned.get(id(group))
        if learned is None:
            readings = [self.read(number) for number in group.numbers[:_LEARNED_FROM]]
            learned = self._learned[id(group)] = learned_free(readings)
        return learned


@dataclass(slots=True)
class _Search:
    """One request that is looked for, and what was found so far, by number."""

    group: Group
    reading: Values
    talk: Conversation
    free: Container[str]
    echoes: frozenset[str]
    whole: bool
    found: dict[int, Found] = field(default_factory=dict)
    has_fitting: bool = False
    has_same: bool = False


class _Bodies:
    """All places in bodies."""

    def __contains__(self, place: object) -> bool:
        return str(place).startswith(("json ", "form ", "body"))


@dataclass(frozen=True, slots=True)
class _Either:
    one: Container[str]
    other: Container[str]

    def __contains__(self, place: object) -> bool:
        return place in self.one or place in self.other
