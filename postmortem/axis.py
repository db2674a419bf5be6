"""Where on a line of limited length something is drawn: times to positions, long silences cut short.

A stream of milliseconds and an update a minute later would be two dots on a plain axis. So an axis
gives a silence that would flatten all else a fixed, small width, whatever its length; all other
times keep one scale. What draws it decides on glyphs, marks and labels.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SHORTEST_SILENCE = 10_000
"""Microseconds; nothing shorter is cut short."""
_OUTLIER = 5
"""A silence is this many times as long as all together that keeps its scale."""
_SHARE = 3
"""Silences that are cut short take at most this part of the axis (a third)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Times `since` to `until` (µs) on positions `start` to `end`: of the one scale, or a silence."""

    since: int
    until: int
    start: int
    end: int
    is_silence: bool = False

    def place(self, at: int) -> float:
        """The position of a time in it."""
        if self.until == self.since:
            return float(self.start)
        return self.start + (at - self.since) * (self.end - self.start) / (self.until - self.since)


class Axis:
    """An axis of `width` positions (cells, pixels) for `times` (µs, in any order, repeated or not).

    A silence takes `silence_width` positions. The first time is at position 0. `column` never falls
    and stays below `width`; a time of `times` is never in a column of a silence.
    """

    def __init__(self, times: Iterable[int], width: int, silence_width: int = 2) -> None:
        if width < 1 or silence_width < 1:
            raise ValueError("an axis and its silences are at least one position wide")
        marks = sorted(set(times)) or [0]
        self.width = width
        self.since, self.until = marks[0], marks[-1]
        self.pieces = _pieces(marks, width, silence_width)
        self._begins = [piece.since for piece in self.pieces]

    @property
    def silences(self) -> list[Piece]:
        """The silences that are cut short, in order."""
        return [piece for piece in self.pieces if piece.is_silence]

    def position(self, at: int) -> float:
        """Where `at` is, from 0 to `width`; before the first time 0, after the last `width`."""
        if at <= self.since:
            return 0.0
        return self._piece(at).place(at) if at < self.until else float(self.pieces[-1].end)

    def column(self, at: int) -> int:
        """The whole position, 0 to `width` - 1, into which `at` falls."""
        at = min(max(at, self.since), self.until)
        piece = self._piece(at)
        return min(max(int(piece.place(at)), piece.start), piece.end - 1)

    def counted(self, times: Iterable[int]) -> list[int]:
        """How many of `times` fall into each column."""
        counts = [0] * self.width
        for at in times:
            counts[self.column(at)] += 1
        return counts

    def ticks(self, apart: float) -> list[int]:
        """Round times (µs from the first one on) at least `apart` positions from each other, in order.

        The first time is always one, and so is where a scale goes on after a silence.
        """
        step = self._step(apart)
        found: list[int] = []
        for piece in self.pieces:
            if piece.is_silence:
                continue
            for at in _round_times(piece, self.since, step):
                if not found or self.position(at) - self.position(found[-1]) >= apart:
                    found.append(at)
        return found

    def _piece(self, at: int) -> Piece:
        piece = self.pieces[max(bisect_right(self._begins, at) - 1, 0)]
        # A silence begins at the time of what is before it, and that is not in the silence.
        if piece.is_silence and at == piece.since:
            return self.pieces[self.pieces.index(piece) - 1]
        return piece

    def _step(self, apart: float) -> int:
        """The least of 1, 2, 5, 10, 20 … µs that is `apart` positions or more in all pieces of the scale."""
        longest = max(self.pieces, key=lambda piece: 0 if piece.is_silence else piece.end - piece.start)
        duration = (longest.until - longest.since) * apart / (longest.end - longest.start)
        step = 1
        while True:
            for factor in (1, 2, 5):
                if step * factor >= duration:
                    return step * factor
            step *= 10


def _round_times(piece: Piece, zero: int, step: int) -> list[int]:
    first = -((zero - piece.since) // step) * step + zero
    times = [at for at in range(first, piece.until + 1, step) if at >= piece.since]
    return times if times and times[0] == piece.since else [piece.since, *times]


def _pieces(marks: Sequence[int], width: int, silence_width: int) -> list[Piece]:
    most = width // (silence_width * _SHARE)
    silent = _silences(marks, most)
    edges = [marks[0], *[marks[edge] for n in silent for edge in (n, n + 1)], marks[-1]]
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    return _placed(spans, width, silence_width)


def _placed(spans: Sequence[tuple[int, int]], width: int, silence_width: int) -> list[Piece]:
    """Pieces for `spans`, which are of one scale, with a silence between each two of them."""
    free = width - silence_width * (len(spans) - 1) - len(spans)
    whole = sum(until - since for since, until in spans) or 1
    pieces: list[Piece] = []
    start = gone = 0
    for number, (since, until) in enumerate(spans):
        if pieces:
            pieces.append(Piece(pieces[-1].until, since, start, start + silence_width, is_silence=True))
            start += silence_width
        before = free * gone // whole
        gone += until - since
        end = start + 1 + free * gone // whole - before
        if number == len(spans) - 1:
            end = width
        pieces.append(Piece(since, until, start, end))
        start = end
    return pieces


def _silences(marks: Sequence[int], most: int) -> list[int]:
    """Numbers of the pauses to be cut short: pause n is between marks n and n + 1. In order.

    As many of the longest as are each several times as long as all that keeps its scale together.
    """
    pauses = sorted(((after - before, n) for n, (before, after) in enumerate(pairwise(marks))), reverse=True)
    rest, found = marks[-1] - marks[0], 0
    for number, (long, _) in enumerate(pauses[:most], 1):
        rest -= long
        if number < len(pauses) and long >= max(SHORTEST_SILENCE, _OUTLIER * rest):
            found = number
    return sorted(n for _, n in pauses[:found])
