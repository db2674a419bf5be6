"""Finds the recorded request that a client's request is most like."""

import hashlib
from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from replay.matching import NOT_KEPT, Comparison, Reader, Values, learned_free
from replay.playback.conversation import Conversation
from replay.playback.library import Group, Library, origin
from replay.recorded import Recorded

CONSIDERED = 64
"""Recorded requests that one is compared with: of those to its very target, and then of all like it."""
_FEW = 2
_LEARNED_FROM = 50
_MOST_READINGS = 10_000


class Found(NamedTuple):
    """A recorded request, by the number of its entry, and how far the client's is from it."""

    number: int
    comparison: Comparison

    def is_perfect(self, talk: Conversation) -> bool:
        """Whether it is the same request, and its answer was not given yet."""
        return not self.comparison.cost and self.number not in talk.used


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
        self, group: Group, asked: Recorded, reading: Values, talk: Conversation, *, head_alone: bool = False
    ) -> list[Found]:
        """Compare with those to the same target, and with all like it where none of them fits.

        With `head_alone` what is in bodies does not count.
        """
        target = asked.request.target.decode("latin-1")
        free: Container[str] = _Bodies() if head_alone else self.reader.free(target)
        meant = talk.target(target)
        exact = group.to(meant)
        if len(exact) > _FEW and not head_alone:
            # To compare is dear, and most of them may differ in their bodies.
            body = asked.request_body.data
            digest = hashlib.sha256(body).digest()[:8] if body else b""
            likely = talk.window(group.with_body(meant, digest, self._library.request_body), CONSIDERED)
            found = self._compared(likely, group, reading, talk, free)
            if any(not each.comparison.cost for each in found):
                return found  # nothing can be closer
        found = self._compared(talk.window(exact, CONSIDERED), group, reading, talk, free)
        if not any(each.comparison.fits for each in found) and len(exact) < len(group.numbers):
            known = set(exact)
            others = [each for each in talk.window(group.numbers, CONSIDERED) if each not in known]
            found += self._compared(others, group, reading, talk, free)
        return found

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
            reading = self._readings[number] = self.reader.read(self._library.load(number).recorded)
        return reading

    def _compared(
        self, numbers: list[int], group: Group, reading: Values, talk: Conversation, free: Container[str]
    ) -> list[Found]:
        found: list[Found] = []
        for number in numbers:
            recorded = self.read(number)
            if recorded.get("body") == NOT_KEPT:
                comparison = self.reader.compare(reading, recorded, talk.term, _Either(free, _Bodies()))
            else:
                comparison = self.reader.compare(reading, recorded, talk.term, free)
            if not comparison.fits and len(group.numbers) > 1:
                more = self._free_in(group)
                comparison = self.reader.compare(reading, recorded, talk.term, _Either(free, more))
            found.append(Found(number, comparison))
            if found[-1].is_perfect(talk) and self._library.is_whole(number):
                break
        return found

    def _free_in(self, group: Group) -> frozenset[str]:
        """Places that the recording shows to be free in requests of this group."""
        learned = self._learned.get(id(group))
        if learned is None:
            readings = [self.read(number) for number in group.numbers[:_LEARNED_FROM]]
            learned = self._learned[id(group)] = learned_free(readings)
        return learned


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
