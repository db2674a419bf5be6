"""What many exchanges come to, by group: counts, bytes, and how long things took."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from contract.findings import Role
from postmortem.percentiles import Distribution, Rough, Scale, distribution
from recordings.figures import Figures
from recordings.rows import ExchangeRow

MEASURES = ("first_byte", "whole", "event_rate", "largest_gap")
"""What is measured of an exchange, in µs, the rate in events a second:

`first_byte`: from the request's head to the answer's. `whole`: from the request's head to the end,
of complete exchanges. `event_rate`: of complete event streams of two events or more, events by the time
from the first byte to the end. `largest_gap`: the longest time between two chunks of an event stream.
"""

GAPS = "gaps"
"""The times between all chunks of event streams, in µs; measured only where it is asked for."""

MOST_GROUPS = 1_000
"""Groups that are told apart; what comes in more of them is counted together."""

OTHERS = "(others)"


@dataclass
class Group:
    """Counts of some exchanges. Bytes are those of bodies, as the client saw them."""

    name: str
    exchanges: int = 0
    streams: int = 0
    findings: int = 0
    statuses: Counter[int | None] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    stream_outcomes: Counter[str] = field(default_factory=Counter)
    request_bytes: int = 0
    response_bytes: int = 0
    measured: dict[str, Distribution] = field(default_factory=dict)

    def count(self, row: ExchangeRow) -> None:
        """Count one more."""
        self.exchanges += 1
        self.findings += row.findings
        self.statuses[row.status] += 1
        self.outcomes[row.outcome] += 1
        self.request_bytes += row.request_size
        self.response_bytes += row.response_size
        if is_stream(row):
            self.streams += 1
            self.stream_outcomes[row.outcome] += 1


def is_stream(row: ExchangeRow) -> bool:
    """Whether its answer is an event stream, or should have been."""
    return row.events is not None or row.role == Role.ISSUE


class Statistics:
    """Takes exchanges, and says what they come to.

    Percentiles are exact: the numbers wait in a temporary file (`Figures`). Gaps alone, of which a
    stream may have many thousands, are counted in buckets of 1 %. What is held in memory grows with the
    number of groups, up to `MOST_GROUPS`, and not with that of exchanges.
    """

    def __init__(self, figures: Figures, *, with_gaps: bool = False) -> None:
        self._figures = figures
        self._with_gaps = with_gaps
        self._groups: dict[str, tuple[int, Group]] = {}
        self._counts: Counter[tuple[int, int]] = Counter()
        self._ends: list[tuple[float, float] | None] = [None] * len(MEASURES)
        self._rough: dict[int, Rough] = {}
        self._all_rough = Rough()
        self.total = Group("")

    def take(self, row: ExchangeRow, name: str, pace: Sequence[int] = ()) -> None:
        """An exchange of the group `name`; `pace` are the times of its answer's chunks, for the gaps."""
        number, group = self._group(name)
        group.count(row)
        self.total.count(row)
        numbers = _measures(row)
        self._figures.add(number, numbers)
        for column, value in enumerate(numbers):
            if value is not None:
                self._counts[number, column] += 1
                low, high = self._ends[column] or (value, value)
                self._ends[column] = min(low, value), max(high, value)
        if self._with_gaps and len(pace) > 1:
            gaps = [after - before for before, after in pairwise(pace)]
            self._rough.setdefault(number, Rough()).add_all(gaps)
            self._all_rough.add_all(gaps)

    def scale(self, measure: str) -> Scale:
        """The scale of the spreads of a measure, the same in all groups."""
        if measure == GAPS:
            return Scale.over(self._all_rough.low or 1, self._all_rough.high or 1)
        low, high = self._ends[MEASURES.index(measure)] or (1, 1)
        return Scale.over(low or 1, high)

    def groups(self) -> list[Group]:
        """All groups with what was measured, in the order of their names; fills in `total` as well."""
        by_number = dict(self._groups.values())
        for column, measure in enumerate(MEASURES):
            scale = self.scale(measure)
            for number, values in self._by_group(column):
                n = self._counts[number, column]
                by_number[number].measured[measure] = distribution(values, n, scale)
            n = sum(count for (_, of), count in self._counts.items() if of == column)
            self.total.measured[measure] = distribution(self._figures.all(column), n, scale)
        if self._with_gaps:
            scale = self.scale(GAPS)
            for number, rough in self._rough.items():
                by_number[number].measured[GAPS] = rough.distribution(scale)
            self.total.measured[GAPS] = self._all_rough.distribution(scale)
        return sorted(by_number.values(), key=lambda group: (group.name == OTHERS, group.name))

    def _by_group(self, column: int) -> Iterator[tuple[int, Iterator[float]]]:
        for number, pairs in groupby(self._figures.by_group(column), key=lambda pair: pair[0]):
            yield number, (value for _, value in pairs)

    def _group(self, name: str) -> tuple[int, Group]:
        if name not in self._groups:
            if len(self._groups) >= MOST_GROUPS:
                name = OTHERS
            self._groups.setdefault(name, (len(self._groups), Group(name)))
        return self._groups[name]


def _measures(row: ExchangeRow) -> tuple[float | None, ...]:
    """The numbers of one exchange, in the order of `MEASURES`."""
    is_complete = row.outcome == "complete" and row.ended_at is not None
    whole = row.ended_at - row.at if is_complete and row.ended_at is not None else None
    gap = row.largest_gap if is_stream(row) else None
    return row.first_byte, whole, _rate(row, whole), gap


def _rate(row: ExchangeRow, whole: int | None) -> float | None:
    if whole is None or row.first_byte is None or row.events is None or row.events < 2:
        return None
    streaming = whole - row.first_byte
    return row.events * 1_000_000 / streaming if streaming > 0 else None
