"""What many numbers come to: how many, percentiles, and how they spread over a scale of powers."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, floor, log

SHARES = (50, 90, 99)
"""The percentiles that are told, in percent."""

COLUMNS = 16
"""Cells of a spread."""

_LEAST = 4
_LOWEST = 0.001
"""Where a scale begins at the lowest: it has no 0."""

_STEP = log(1.01)
"""Buckets of a `Rough` are 1 % wide."""


@dataclass(frozen=True, slots=True)
class Scale:
    """`COLUMNS` cells from `low` to `high`, each so many times as high as the one before."""

    low: float
    high: float

    @classmethod
    def over(cls, low: float, high: float) -> "Scale":
        """One for numbers of `low` to `high`, in its middle where they are less than `_LEAST` times apart."""
        low, high = max(low, _LOWEST), max(high, _LOWEST)
        more = max(_LEAST / (high / low), 1) ** 0.5
        return cls(low / more, high * more)

    def bounds(self) -> list[float]:
        """The lower bounds of all cells but the first."""
        step = log(self.high / self.low) / COLUMNS
        return [self.low * exp(step * number) for number in range(1, COLUMNS)]


@dataclass(slots=True)
class Distribution:
    """`n` numbers. A percentile is the least of them that is not below so many percent of all (nearest rank).

    `spread` is how many of them fall into each cell of a scale. Where `exact` is False, percentiles are
    within 1 %; `n` and `max` are always exact. All are None, 0 or empty where there is no number.
    """

    n: int = 0
    percentiles: dict[int, float] = field(default_factory=dict)
    max: float | None = None
    spread: list[int] = field(default_factory=lambda: [0] * COLUMNS)
    exact: bool = True


def rank(share: int, n: int) -> int:
    """Which of `n` numbers in order, from 1, is the percentile: the nearest rank."""
    return max(1, -(-share * n // 100))


def distribution(ordered: Iterable[float], n: int, scale: Scale) -> Distribution:
    """That of `n` numbers, which come in order."""
    ranks = {share: rank(share, n) for share in SHARES}
    bounds = scale.bounds()
    found = Distribution(n)
    for number, value in enumerate(ordered, 1):
        for share, at in ranks.items():
            if at == number:
                found.percentiles[share] = value
        found.spread[bisect_right(bounds, value)] += 1
        found.max = value
    return found


class Rough:
    """Any number of numbers of 0 or more, in little memory: how many there are in each bucket, 1 % wide."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._zeros = 0
        self.n = 0
        self.low: float | None = None
        self.high: float | None = None

    def add_all(self, values: Sequence[int]) -> None:
        """Count `values`."""
        if not values:
            return
        for value, times in Counter(values).items():
            if value <= 0:
                self._zeros += times
            else:
                self._counts[floor(log(value) / _STEP)] += times
        self.n += len(values)
        low, high = min(values), max(values)
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)

    def distribution(self, scale: Scale) -> Distribution:
        """What is known of them."""
        found = Distribution(self.n, max=self.high, exact=False)
        bounds = scale.bounds()
        ranks = {share: rank(share, self.n) for share in SHARES}
        passed = 0
        for value, times in self._ordered():
            for share, at in ranks.items():
                if passed < at <= passed + times:
                    found.percentiles[share] = value
            passed += times
            found.spread[bisect_right(bounds, value)] += times
        return found

    def _ordered(self) -> Iterable[tuple[float, int]]:
        if self._zeros:
            yield 0.0, self._zeros
        for bucket in sorted(self._counts):
            middle = exp((bucket + 0.5) * _STEP)
            yield min(max(middle, self.low or 0.0), self.high or middle), self._counts[bucket]
