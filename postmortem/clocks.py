"""How the clocks of two recordings of the same traffic compare, told from what passed both taps.

Nothing arrives before it left. A request that left tap A at its time x and reached tap B at its time y
says that B's clock, at x, was no further ahead than y - x; an answer that left B and reached A says that
it was at least as far ahead. What a hop holds back makes one of the two bounds wide, and never wrong. So
the clock is sought between the quickest requests and the quickest answers, as NTP does (RFC 5905 §8,
"On-wire Protocol"), and where the two leave room, nearer to the side whose delays scatter less: what is
held back by a hop comes at very different ages.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

type Point = tuple[int, int]
"""A time of A's (µs), and by how much B's clock was ahead then at most, or at least (µs)."""

FASTEST = 500e-6
"""A drift between two clocks that are disciplined at all is smaller (RFC 5905 §7.2, MAXFREQ)."""
USUAL = 100e-6
"""The drift of an ordinary crystal: what is assumed until the recordings are long enough to show it."""
_BUCKETS, _KEPT = 64, 32
_TOLERATED = 1_000
"""µs by which a bound may be broken before it is taken for that of exchanges wrongly paired."""
_LEAST_SCATTER = 50.0
_CLEARLY = 4
"""How many times as much the delays of one direction scatter before the other one is trusted more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one pair of exchanges says of the clocks: `upper` from its request, `lower` from its answer.

    `lower` is None where the answer did not come from B, or never came.
    """

    upper: Point
    lower: Point | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """B's clock against A's. Times are µs since the start of each run.

    B's wall clock is ahead by `offset` (µs) when A's run starts, and gains `drift` (a ratio) from then on;
    `drift_error` is its standard error.
    `early` and `late` (µs) are by how much, at most, the true offset is smaller or larger anywhere between
    the first and the last pair, as long as the drift is below `FASTEST`; None where there is no such bound.
    `pairs` is how many pairs told it, `violations` how many of them no clock can be right for.
    """

    offset: float
    drift: float = 0.0
    early: float | None = None
    late: float | None = None
    drift_error: float = 0.0
    pairs: int = 0
    violations: int = 0
    ahead: int = 0
    """By how much B's run started after A's, by their own clocks (µs)."""

    def at_b(self, at: float) -> float:
        """The time of B's run at A's time `at`."""
        return at * (1 + self.drift) + self.offset - self.ahead

    def at_a(self, at: float) -> int:
        """The time of A's run at B's time `at`, to the µs."""
        return round((at + self.ahead - self.offset) / (1 + self.drift))

    def slack(self) -> float:
        """By how much times may be wrong, one way or the other (µs), as far as that can be told."""
        return max(self.early or 0.0, self.late or 0.0)


def fitted(bounds: Sequence[Bounds], ahead: int = 0) -> Clock:
    """The clock that fits `bounds` best, in which B's times count from A's start by B's own wall clock.

    Without any bounds it is one that is neither ahead nor drifting.
    """
    uppers = [each.upper for each in bounds]
    lowers = [each.lower for each in bounds if each.lower is not None]
    if not uppers:
        return Clock(0.0, drift_error=USUAL, ahead=ahead)
    if not lowers:
        quickest = min(z for _, z in uppers)
        return Clock(quickest, late=0.0, drift_error=USUAL, pairs=len(uppers), ahead=ahead)
    middle = (min(x for x, _ in uppers) + max(x for x, _ in uppers)) // 2
    area = _without_wrong(_Area(_extremes(uppers, middle, min), _extremes(lowers, middle, max)))
    drift, error = _drift(area)
    offset, _, _ = area.offset(drift)
    early, late = area.uncertainty(offset, drift)
    start = offset - drift * middle
    broken = sum(_breaks(each, start, drift) for each in bounds)
    return Clock(start, drift, early, late, error, len(uppers), broken, ahead)


def agreed_offset(intervals: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """The offset (from, to) that lies in most of `intervals` (Marzullo); of near ties the smallest offset.

    Intervals whose end is before their beginning say nothing.
    """
    edges: list[tuple[int, int]] = []
    for low, high in intervals:
        if low <= high:
            edges += ((low, -1), (high, 1))
    edges.sort()
    peaks: list[tuple[int, int, int]] = []
    count = 0
    for place, (value, kind) in enumerate(edges):
        count -= kind
        if kind == -1 and place + 1 < len(edges) and edges[place + 1][1] == 1:
            peaks.append((count, value, edges[place + 1][0]))
    if not peaks:
        return None
    most = max(count for count, _, _ in peaks)
    near = [(low, high) for count, low, high in peaks if count >= 0.995 * most]
    return min(near, key=lambda each: abs(each[0] + each[1]))


@dataclass(slots=True)
class _Area:
    """The lines (offset against A's time) that run below all uppers and above all lowers."""

    uppers: list[tuple[float, float]]
    lowers: list[tuple[float, float]]

    def edges(self, drift: float) -> tuple[float, float]:
        """The highest and the lowest offset that such a line of this drift has at time 0."""
        return (
            min([z - drift * x for x, z in self.uppers]),
            max([z - drift * x for x, z in self.lowers]),
        )

    def room(self, drift: float) -> float:
        """How far the two are apart; below zero where there is no such line."""
        high, low = self.edges(drift)
        return high - low

    def offset(self, drift: float) -> tuple[float, float, float]:
        """The likeliest offset, and the highest and lowest there can be."""
        high, low = self.edges(drift)
        up = _scatter([z - drift * x - high for x, z in self.uppers])
        down = _scatter([low - (z - drift * x) for x, z in self.lowers])
        # What differs by less may do so by chance, or with the load of one direction.
        share = up / (up + down) if max(up, down) > _CLEARLY * min(up, down) else 0.5
        return high - (high - low) * share, high, low

    def drifts(self) -> tuple[float, float] | None:
        """The least and the greatest drift of such a line; None where there is no such line."""
        best = _highest(self.room, -FASTEST, FASTEST)
        if self.room(best) < 0:
            return None
        return _last(self.room, best, -FASTEST), _last(self.room, best, FASTEST)

    def uncertainty(self, offset: float, drift: float) -> tuple[float, float]:
        """By how much such a line is below or above this one at the ends, at most."""
        drifts = self.drifts()
        if drifts is None:
            off = -self.room(drift)
            return off, off
        least, greatest = drifts
        early = late = 0.0
        xs = [x for x, _ in (*self.uppers, *self.lowers)]
        for at in (min(xs), max(xs)):
            here = offset + drift * at
            top = _highest(lambda d, at=at: self.edges(d)[0] + d * at, least, greatest)  # type: ignore[misc]
            bottom = _highest(lambda d, at=at: -self.edges(d)[1] - d * at, least, greatest)  # type: ignore[misc]
            late = max(late, self.edges(top)[0] + top * at - here)
            early = max(early, here - self.edges(bottom)[1] - bottom * at)
        return max(early, 0.0), max(late, 0.0)


def _extremes(points: list[Point], middle: int, best: Callable[..., Point]) -> list[tuple[float, float]]:
    """Of each stretch of time the tightest bounds, with times counted from `middle`."""
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    width = (last - first) // _BUCKETS + 1
    leeway = -1 if best is max else 1  # times are whole µs
    buckets: dict[int, list[Point]] = {}
    for x, z in points:
        buckets.setdefault((x - first) // width, []).append((x, z))
    kept: list[tuple[float, float]] = []
    for some in buckets.values():
        some.sort(key=lambda point: point[1], reverse=best is max)
        kept += [(float(x - middle), float(z + leeway)) for x, z in some[:_KEPT]]
    return kept


def _without_wrong(area: _Area) -> _Area:
    """The same without bounds that contradict the most others: of exchanges that were paired wrongly."""
    for _ in range(3):
        if area.room(_highest(area.room, -FASTEST, FASTEST)) >= 0:
            break
        drift, offset = _least_broken(area)
        uppers = [(x, z) for x, z in area.uppers if z - drift * x >= offset - _TOLERATED]
        lowers = [(x, z) for x, z in area.lowers if z - drift * x <= offset + _TOLERATED]
        if not uppers or not lowers or len(uppers) + len(lowers) == len(area.uppers) + len(area.lowers):
            break
        area = _Area(uppers, lowers)
    return area


def _least_broken(area: _Area) -> tuple[float, float]:
    """Drift and offset of the line that the bounds are broken least by."""
    drift = _highest(lambda d: -_cost(area, d)[0], -FASTEST, FASTEST)
    return drift, _cost(area, drift)[1]


def _cost(area: _Area, drift: float) -> tuple[float, float]:
    """By how much all bounds together are broken by the best line of this drift, and its offset."""
    uppers = sorted([z - drift * x for x, z in area.uppers])
    lowers = sorted([z - drift * x for x, z in area.lowers], reverse=True)
    broken = next(
        (n for n, (up, low) in enumerate(zip(uppers, lowers, strict=False)) if up >= low),
        min(len(uppers), len(lowers)),
    )
    if broken == 0:
        return 0.0, (uppers[0] + lowers[0]) / 2
    low = max([*uppers[broken - 1 : broken], *lowers[broken : broken + 1]])
    high = min([*uppers[broken : broken + 1], *lowers[broken - 1 : broken]])
    offset = (low + high) / 2
    cost = sum(max(offset - up, 0.0) for up in uppers[: broken + 1])
    return cost + sum(max(low - offset, 0.0) for low in lowers[: broken + 1]), offset


def _drift(area: _Area) -> tuple[float, float]:
    """The likeliest drift, and its error: what both envelopes show, where they are long and smooth enough."""
    weight, total = 1 / USUAL**2, 0.0
    for points, best in ((area.uppers, min), (area.lowers, max)):
        found = _slope(points, best)
        if found is not None:
            slope, error = found
            weight += 1 / error**2
            total += slope / error**2
    least, greatest = area.drifts() or (-FASTEST, FASTEST)
    return min(max(total / weight, least), greatest), weight**-0.5


def _slope(points: list[tuple[float, float]], best: Callable[..., float]) -> tuple[float, float] | None:
    """The slope of an envelope by the medians of Theil and Sen, and how sure it is."""
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    width = (last - first) / 16 or 1.0
    buckets: dict[int, tuple[float, float]] = {}
    for x, z in points:
        place = int((x - first) / width)
        if place not in buckets or best(z, buckets[place][1]) == z:
            buckets[place] = (x, z)
    ends = sorted(buckets.values())
    if len(ends) < 4:
        return None
    slopes = [
        (right[1] - left[1]) / (right[0] - left[0])
        for n, left in enumerate(ends)
        for right in ends[n + 1 :]
        if right[0] > left[0]
    ]
    slope = median(slopes)
    level = median([z - slope * x for x, z in ends])
    off = 1.5 * median([abs(z - slope * x - level) for x, z in ends]) + _LEAST_SCATTER
    error = 3.5 * off / ((last - first) * len(ends) ** 0.5)
    return slope, error


def _scatter(ages: list[float]) -> float:
    """How much the quicker ones of these delays differ."""
    ordered = sorted(ages)
    return ordered[len(ordered) // 4] + _LEAST_SCATTER


def _breaks(bounds: Bounds, offset: float, drift: float) -> bool:
    x, z = bounds.upper
    if z < offset + drift * x - _TOLERATED:
        return True
    if bounds.lower is None:
        return False
    x, z = bounds.lower
    return z > offset + drift * x + _TOLERATED


def _highest(of: Callable[[float], float], low: float, high: float) -> float:
    """Where a concave function is highest."""
    for _ in range(60):
        third = (high - low) / 3
        left, right = low + third, high - third
        if of(left) < of(right):
            low = left
        else:
            high = right
    return (low + high) / 2


def _last(of: Callable[[float], float], inside: float, outside: float) -> float:
    """The last place on the way from `inside` to `outside` where a concave function is not below zero."""
    if of(outside) >= 0:
        return outside
    for _ in range(60):
        half = (inside + outside) / 2
        inside, outside = (half, outside) if of(half) >= 0 else (inside, half)
    return inside
