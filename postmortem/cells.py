"""A lane on an axis, cell by cell: what each cell stands for, and how many events are in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from postmortem.axis import Axis
from postmortem.lanes import Lane


class Mark(Enum):
    """What a cell shows. Where several things fall into one cell, the later one here is shown."""

    NOTHING = 0
    WAITING = 1
    """The request is there, its answer is not."""
    QUIET = 2
    """The answer is coming, and nothing of it falls into this cell."""
    ENDED = 3
    ASKED = 4
    ANSWERED = 5
    EVENTS = 6
    BROKEN = 7


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `count` is how many events are in it, whatever it shows."""

    mark: Mark = Mark.NOTHING
    count: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing from `since` to `until` (µs); `start` to `end` are the cells between the two."""

    since: int
    until: int
    start: int
    end: int
    mark: Mark

    @property
    def duration(self) -> int:
        """How long it is, in µs."""
        return self.until - self.since


def cells(lane: Lane, axis: Axis) -> list[Cell]:
    """A cell for each column of `axis`, on which all times of `lane` are."""
    marks = [Mark.NOTHING] * axis.width

    def put(mark: Mark, first: int, last: int) -> None:
        for column in range(axis.column(first), axis.column(last) + 1):
            marks[column] = max(marks[column], mark, key=lambda each: each.value)

    last = lane.last
    if last is None:
        return [Cell()] * axis.width
    first = min(lane.times())
    put(Mark.WAITING, first, last)
    if lane.answered is not None:
        put(Mark.QUIET, lane.answered, last)
        put(Mark.ANSWERED, lane.answered, lane.answered)
    if lane.asked is not None:
        put(Mark.ASKED, lane.asked, lane.asked)
    if lane.ended is not None:
        put(Mark.ENDED, lane.ended, lane.ended)
    for at in lane.moments:
        put(Mark.EVENTS, at, at)
    if lane.abort is not None:
        put(Mark.BROKEN, lane.abort.at, lane.abort.at)
    return [Cell(mark, count) for mark, count in zip(marks, axis.counted(lane.moments), strict=True)]


def pauses(lane: Lane, axis: Axis) -> Iterator[Pause]:
    """What was waited for in `lane`: between request and answer, between events, before the end."""
    over = [at for at in (lane.ended, None if lane.abort is None else lane.abort.at) if at is not None]
    heads = [at for at in (lane.asked, lane.answered) if at is not None]
    times = sorted([*heads, *lane.marks(), *over])
    for since, until in pairwise(times):
        start, end = axis.column(since) + 1, axis.column(until)
        if start < end:
            waits = lane.answered is None or until <= lane.answered
            yield Pause(since, until, start, end, Mark.WAITING if waits else Mark.QUIET)
