"""How one sequence of events differs from another: what is missing, extra, changed, or elsewhere.

What both have in the same order is found by Myers' greedy algorithm ("An O(ND) Difference Algorithm
and Its Variations", 1986). What it leaves over is then told apart: the same item on both sides is one
that moved, two of a kind at the same point are one that changed.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

MOST = 400
"""Items missing and extra, together, beyond which only the kinds of items are compared one by one:
the time that is taken grows with their square."""


class Item(NamedTuple):
    """What is compared; only items of one `kind` can be a changed one."""

    kind: str
    key: Hashable


class Way(StrEnum):
    """How sequences differ at a point."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    REORDERED = "reordered"


class Change(NamedTuple):
    """One difference: the index in the recorded sequence, and in the new one; None where it has none."""

    way: Way
    recorded: int | None
    new: int | None


def changes(recorded: Sequence[Item], new: Sequence[Item]) -> list[Change]:
    """What makes `new` another sequence than `recorded`, in the order of the sequences; empty if nothing."""
    matched = _matches(recorded, new)
    if matched is None:
        kinds = _matches([item.kind for item in recorded], [item.kind for item in new])
        pairs = kinds if kinds is not None else [(at, at) for at in range(min(len(recorded), len(new)))]
        matched = [(old, at) for old, at in pairs if recorded[old] == new[at]]
    gaps = list(_gaps(matched, len(recorded), len(new)))
    found = _moved(recorded, new, gaps)
    moved_old = {change.recorded for change in found}
    moved_new = {change.new for change in found}
    for olds, news in gaps:
        found += _in_gap(
            recorded,
            new,
            [at for at in olds if at not in moved_old],
            [at for at in news if at not in moved_new],
        )
    return sorted(found, key=_position(matched, len(recorded)))


def _position(matched: list[tuple[int, int]], size: int) -> Callable[[Change], tuple[int, int, int]]:
    """Where a change stands: by the recorded sequence; what is extra, before what matches after it."""
    news = [new for _, new in matched]

    def position(change: Change) -> tuple[int, int, int]:
        if change.recorded is not None:
            return change.recorded, 0, 0
        assert change.new is not None
        after = bisect_left(news, change.new)
        return (matched[after][0] if after < len(matched) else size), -1, change.new

    return position


def _gaps(matched: list[tuple[int, int]], olds: int, news: int) -> Iterator[tuple[range, range]]:
    """The stretches between matched items, as ranges of indices."""
    old = new = 0
    for next_old, next_new in [*matched, (olds, news)]:
        if next_old > old or next_new > new:
            yield range(old, next_old), range(new, next_new)
        old, new = next_old + 1, next_new + 1


def _moved(recorded: Sequence[Item], new: Sequence[Item], gaps: list[tuple[range, range]]) -> list[Change]:
    """Items that both have, at different points."""
    left: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for _, news in gaps:
        for at in news:
            left[new[at]].append(at)
    found = []
    for olds, _ in gaps:
        for at in olds:
            elsewhere = left.get(recorded[at])
            if elsewhere:
                found.append(Change(Way.REORDERED, at, elsewhere.popleft()))
    return found


def _in_gap(recorded: Sequence[Item], new: Sequence[Item], olds: list[int], news: list[int]) -> list[Change]:
    """What stands at one point on both sides: of one kind it changed, the rest is missing or extra."""
    pairs = _matches([recorded[at].kind for at in olds], [new[at].kind for at in news])
    if pairs is None:
        pairs = [
            (at, at)
            for at in range(min(len(olds), len(news)))
            if recorded[olds[at]].kind == new[news[at]].kind
        ]
    changed = {olds[old]: news[at] for old, at in pairs}
    partners = set(changed.values())
    found = [
        Change(Way.CHANGED, old, changed[old]) if old in changed else Change(Way.MISSING, old, None)
        for old in olds
    ]
    return found + [Change(Way.EXTRA, None, at) for at in news if at not in partners]


def _matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]] | None:
    """A longest common subsequence as pairs of indices; None where more than `MOST` is not in it."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = _greedy(old[start : len(old) - end], new[start : len(new) - end])
    if middle is None:
        return None
    pairs = [(at, at) for at in range(start)]
    pairs += [(first + start, second + start) for first, second in middle]
    return pairs + [(len(old) - at, len(new) - at) for at in range(end, 0, -1)]


def _greedy(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]] | None:
    """Myers' algorithm: `furthest[k]` is how far in `old` a path has come on diagonal k = x - y."""
    furthest = {1: 0}
    history = []
    for edits in range(min(len(old) + len(new), MOST) + 1):
        history.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]
            )
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            while x < len(old) and 0 <= x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            if x >= len(old) and x - diagonal >= len(new):
                return _path(history, len(old), len(new))
    return None


def _path(history: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """Back from the end along the way that was found: the items that were equal."""
    pairs = []
    for edits in range(len(history) - 1, -1, -1):
        furthest = history[edits]
        diagonal = x - y
        down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        start = furthest.get(before, 0)
        begin = (start, start - before) if edits else (0, 0)
        while x > begin[0] and y > begin[1]:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = begin
    return pairs[::-1]
