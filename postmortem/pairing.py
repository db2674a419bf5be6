"""Which exchange at tap B is which at tap A: by what they carry, by their order, and by when they passed.

First the exchanges that carry something no other one does (a request ID, a body, an answer) find each
other: they tell how the clocks compare. By that clock the rest is walked through in order: what reaches B
is sought among the exchanges that were open at A by then, the one that has most in common first, the
earliest first of those that are alike. So hundreds of polls pair up, though some never arrived.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import log2

from postmortem.clocks import USUAL, Bounds, Clock, agreed_offset, fitted
from postmortem.sightings import BODY, LAST, PATH, REQUEST_ID, TAIL, VALUE, Sighting, kind_of

_MOST_TRIES = 8
"""How often a hop may have sent one request, where its content alone tells that it is the same one."""
_CANDIDATES = 64
"""Exchanges of one mark that are looked at more closely."""
_EARLY, _PRECISE = 20_000, 2_000
"""µs by which a request may seem to arrive before it left: at first, and where the clock is known well."""
_CLOSELY = 500
"""µs by which one exchange may seem to reach out of another beside what the clock may be wrong by."""
_CLOCK_LOST = 1_000_000
_SAMPLE, _AGAINST = 300, 2_000
"""Exchanges that are compared each with each where no content tells one from the other."""
_STRONG = frozenset((REQUEST_ID, BODY, PATH))
_TELLING = frozenset((REQUEST_ID, BODY, PATH, TAIL))
_FINDING = _TELLING | {LAST}
_TRY_AGAIN = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True)
class Pair:
    """An exchange at A, and what it was at B. `others` are further tries of the hop, in their order."""

    a: Sighting
    b: Sighting
    others: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairing:
    """All exchanges of both recordings: `pairs` in A's order, what never reached B, what only B saw."""

    pairs: list[Pair] = field(default_factory=list)
    lost: list[Sighting] = field(default_factory=list)
    extra: list[Sighting] = field(default_factory=list)


def paired(a: Sequence[Sighting], b: Sequence[Sighting], ahead: int) -> tuple[Pairing, Clock]:
    """Pair the exchanges of two taps, each in the order of its requests, and estimate B's clock.

    `ahead` (µs) is by how much B's run started after A's, by their own clocks.
    """
    matching = _Matching(a, b, ahead)
    matching.anchor()
    clock = matching.first_clock()
    leeway = _EARLY
    for _ in range(3):
        matching.sweep(clock, leeway)
        clock = fitted(list(matching.bounds()), ahead)
        leeway = min(_EARLY, _PRECISE + round(clock.slack()))
    return matching.pairing(), clock


class _Matching:
    """Pairs in the making: `tries[i]` are the exchanges at B that A's i-th became, in order."""

    def __init__(self, a: Sequence[Sighting], b: Sequence[Sighting], ahead: int) -> None:
        self.a, self.b, self.ahead = a, b, ahead
        self._anchored: dict[int, int] = {}
        """By place in B, the place in A that its content alone tells."""
        self._found: dict[int, int] = {}
        counts_a, counts_b = _counts(a), _counts(b)
        total = len(a) + len(b)
        self._weights = {
            mark: log2(1 + total / (count + counts_b[mark]))
            for mark, count in counts_a.items()
            if mark in counts_b
        }
        self._telling = {
            mark for mark in self._weights if counts_a[mark] == 1 and counts_b[mark] <= _MOST_TRIES
        }

    # What content alone tells.

    def anchor(self) -> None:
        """Pair what carries something that no other exchange at A does."""
        telling = self._telling
        only = {mark: place for place, a in enumerate(self.a) for mark in a.marks if mark in telling}
        for place, seen in enumerate(self.b):
            votes: Counter[int] = Counter()
            for mark in seen.marks:
                if mark in only:
                    votes[only[mark]] += round(1000 * self._weights[mark])
            best = votes.most_common(2)
            if not best or (len(best) > 1 and best[0][1] == best[1][1]):
                continue
            if self._fits(self.a[best[0][0]], seen):
                self._anchored[place] = best[0][0]

    def _fits(self, a: Sighting, b: Sighting) -> bool:
        """Whether two exchanges that share something rare may be the same one."""
        shared = {kind_of(mark) for mark in set(a.marks) & set(b.marks)}
        return REQUEST_ID in shared or (a.method == b.method and bool(shared - {VALUE, LAST}))

    def first_clock(self) -> Clock:
        """The clock by the anchors; where there are none, the offset by which most of B lies within A.

        An anchor by which a request came a second before it left is dropped. Where several at B are one
        exchange at A, they are tries of it only if they came, and were over, while it was open there: else a
        hop has made other exchanges alike, and order has to tell.
        """
        counts = Counter(self._anchored.values())
        self._found = {b: a for b, a in self._anchored.items() if counts[a] == 1} or dict(self._anchored)
        if self._anchored:
            clock = fitted(list(self.bounds()), self.ahead)
            for place, at_a in list(self._anchored.items()):
                is_early = clock.at_a(self.b[place].asked_at) < self.a[at_a].asked_at - _CLOCK_LOST
                if is_early or (counts[at_a] > 1 and not _within(self.a[at_a], self.b[place], clock)):
                    del self._anchored[place]
            self._found = dict(self._anchored)
            return fitted(list(self.bounds()), self.ahead)
        agreed = agreed_offset(self._intervals())
        offset = 0.0 if agreed is None else sum(agreed) / 2
        return Clock(offset, ahead=self.ahead)

    def _intervals(self) -> Iterator[tuple[int, int]]:
        """The offsets by which an exchange at B lies within one at A of the same path, for some of them."""
        first = max(len(self.a) - _SAMPLE, 0) // 2
        sample = [each for each in self.a[first : first + _SAMPLE] if each.ended_at >= 0]
        by_end: dict[int, list[Sighting]] = {}
        for seen in self.b:
            by_end.setdefault(self._end(seen), []).append(seen)
        for a in sample:
            # What the clocks may have drifted apart by since the middle of the sample.
            drifted = round(abs(a.asked_at - sample[len(sample) // 2].asked_at) * USUAL)
            for b in by_end.get(self._end(a), ())[:_AGAINST]:
                inner = b.heard_at if b.is_complete and a.is_complete else b.asked_at
                low, high = inner + self.ahead - a.ended_at, b.asked_at + self.ahead - a.asked_at
                yield low - drifted, high + drifted

    def _end(self, seen: Sighting) -> int:
        """The end of its path, as far as both recordings have it."""
        marks = [mark for mark in seen.marks if kind_of(mark) in (TAIL, LAST)]
        return next((mark for mark in marks if mark in self._weights), marks[-1])

    # What order and time tell.

    def sweep(self, clock: Clock, leeway: int) -> None:
        """Pair the rest, in the order in which it reached B; `leeway` (µs) is how wrong the clock may be."""
        self._found = dict(self._anchored)
        active = _Active(self.a, self._found.values(), leeway)
        for place, seen in enumerate(self.b):
            at = clock.at_a(seen.asked_at)
            active.go_to(at)
            if place not in self._anchored:
                over = clock.at_a(seen.heard_at) - leeway if seen.is_complete else 0
                found = self._best(active, seen, at, over)
                if found is not None:
                    self._found[place] = found
                    active.take(found, seen)

    def _best(self, active: "_Active", seen: Sighting, at: int, over: int) -> int | None:
        """The exchange at A that has most in common with `seen`; of those alike the one that left first.

        `at` and `over` are when, in A's time, `seen` reached B and was complete there.
        """
        best, most = None, 0.0
        marks = set(seen.marks)
        for place in active.candidates(seen, self._weights):
            a = self.a[place]
            if a.method != seen.method or not active.is_free(place, seen):
                continue
            if a.is_complete and a.status == seen.status and a.ended_at < over:
                continue  # its answer was there before this one was given
            shared = marks.intersection(a.marks)
            if not _is_prefixed(a.target, seen.target) and not {kind_of(mark) for mark in shared} & _TELLING:
                continue
            score = sum(self._weights.get(mark, 0.0) for mark in shared)
            if at < a.asked_at:  # only what the clock may be wrong by
                score -= 0.5
            if a.status != seen.status:
                score -= 1
            if score > most:
                best, most = place, score
        return best

    # What comes of it.

    def _tries(self) -> dict[int, list[Sighting]]:
        tries: dict[int, list[Sighting]] = {}
        for place in sorted(self._found):
            tries.setdefault(self._found[place], []).append(self.b[place])
        return tries

    def bounds(self) -> Iterator[Bounds]:
        """What the pairs that were found say of the clocks."""
        for place, tries in self._tries().items():
            yield _bounds(self.a[place], tries[0], _answering(self.a[place], tries), self.ahead)

    def pairing(self) -> Pairing:
        """All exchanges, paired or not."""
        tries = self._tries()
        pairing = Pairing()
        for place, seen in enumerate(self.a):
            of_b = tries.get(place)
            if of_b is None:
                pairing.lost.append(seen)
                continue
            main = _answering(seen, of_b)
            pairing.pairs.append(Pair(seen, main, tuple(each for each in of_b if each is not main)))
        pairing.extra.extend(each for place, each in enumerate(self.b) if place not in self._found)
        return pairing


class _Active:
    """The exchanges that are open at A at some time, by what they carry."""

    def __init__(self, a: Sequence[Sighting], anchored: Iterable[int], leeway: int) -> None:
        self._a = a
        self._leeway = leeway
        self._next = 0
        self._by_mark: dict[int, dict[int, None]] = {}
        self._ends: list[tuple[int, int]] = []
        self._taken: dict[int, Sighting] = {}
        self._anchored = frozenset(anchored)

    def go_to(self, at: int) -> None:
        """Take up what has begun by `at`, and forget what was over before."""
        while self._next < len(self._a) and self._a[self._next].asked_at <= at + self._leeway:
            self._open(self._next)
            self._next += 1
        while self._ends and self._ends[0][0] < at - self._leeway:
            self._forget(heappop(self._ends)[1])

    def _open(self, place: int) -> None:
        seen = self._a[place]
        if place in self._anchored:
            return
        for mark in seen.marks:
            if kind_of(mark) in _FINDING:
                self._by_mark.setdefault(mark, {})[place] = None
        if seen.ended_at >= 0:
            heappush(self._ends, (seen.ended_at, place))

    def candidates(self, seen: Sighting, weights: dict[int, float]) -> list[int]:
        """Exchanges that share a path, a body or a request ID with `seen`, the rarest first, once each."""
        found: dict[int, None] = {}
        marks = [mark for mark in seen.marks if kind_of(mark) in _FINDING and mark in weights]
        for mark in sorted(marks, key=lambda mark: -weights[mark]):
            for place in self._by_mark.get(mark, ()):
                found[place] = None
                if len(found) >= _CANDIDATES:
                    return list(found)
        return sorted(found)

    def is_free(self, place: int, seen: Sighting) -> bool:
        """Whether `seen` may be this one: it has no counterpart yet, or one that failed before."""
        before = self._taken.get(place)
        if before is None:
            return True
        failed = before.broken_by is not None or before.status >= 500 or before.status in _TRY_AGAIN
        return failed and 0 <= before.ended_at <= seen.asked_at and _is_same_request(before, seen)

    def take(self, place: int, seen: Sighting) -> None:
        """It has a counterpart now; unless that failed, nothing else is it."""
        self._taken[place] = seen
        if seen.status and seen.status < 500 and seen.status not in _TRY_AGAIN and seen.broken_by is None:
            self._forget(place)

    def _forget(self, place: int) -> None:
        for mark in self._a[place].marks:
            places = self._by_mark.get(mark)
            if places is not None:
                places.pop(place, None)
                if not places:
                    del self._by_mark[mark]


def _within(a: Sighting, b: Sighting, clock: Clock) -> bool:
    """Whether `b` was asked for and answered while `a` was open, as exactly as `clock` is known."""
    leeway = _EARLY if clock.early is None else min(_EARLY, _CLOSELY + round(clock.slack()))
    if clock.at_a(b.asked_at) < a.asked_at - leeway:
        return False
    over = clock.at_a(b.heard_at if b.is_complete else b.asked_at)
    return a.ended_at < 0 or over <= a.ended_at + leeway


def _is_same_request(one: Sighting, other: Sighting) -> bool:
    strong = {mark for mark in one.marks if kind_of(mark) in _STRONG}
    return strong == {mark for mark in other.marks if kind_of(mark) in _STRONG}


def _counts(sightings: Sequence[Sighting]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for seen in sightings:
        counts.update(set(seen.marks))
    return counts


def _is_prefixed(one: bytes, other: bytes) -> bool:
    """Whether one path is the other with something before it."""
    one, other = one.partition(b"?")[0], other.partition(b"?")[0]
    return one.endswith(other) or other.endswith(one)


def _answering(a: Sighting, tries: Sequence[Sighting]) -> Sighting:
    """The try whose answer the client got: the last one with its status, or simply the last."""
    alike = [each for each in tries if each.status == a.status]
    return (alike or tries)[-1]


def _bounds(a: Sighting, first: Sighting, main: Sighting, ahead: int) -> Bounds:
    upper = (a.asked_at, first.asked_at + ahead - a.asked_at)
    if a.is_sent and first.is_sent:
        upper = min(upper, (a.sent_at, first.sent_at + ahead - a.sent_at), key=lambda point: point[1])
    lower = None
    if a.status and a.status == main.status:
        lower = (a.answered_at, main.answered_at + ahead - a.answered_at)
        if a.is_complete and main.is_complete:
            lower = max(lower, (a.heard_at, main.heard_at + ahead - a.heard_at), key=lambda point: point[1])
    return Bounds(upper, lower)
