"""How long an answer took, beside how long it took in the recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from replay.recorded import Recorded
from replay.resending.differences import Difference
from replay.resending.plan import over_at
from replay.resending.sequence import Way

FACTOR, LEAST = 2.0, 100_000
"""Times count as different where one is so many times the other, and they are so many µs apart."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Microseconds from the request: to the first byte of the body (of the head, where there is no body), to
    the end, and between pieces at most; None where there was none of it."""

    first_byte: int | None
    duration: int | None
    largest_gap: int | None


def timing_of(recorded: Recorded) -> Timing:
    """How long it took, seen from where the request left."""
    start = recorded.request.at
    pieces = recorded.response_body.pieces
    first = pieces[0].at if pieces else recorded.response.at if recorded.response else None
    over = over_at(recorded)
    return Timing(
        None if first is None else max(first - start, 0),
        None if over is None else max(over - start, 0),
        max((after.at - before.at for before, after in pairwise(pieces)), default=None),
    )


def compare_timing(recorded: Timing, new: Timing) -> Iterator[Difference]:
    """The times that differ by more than chance."""
    for name in ("first_byte", "duration", "largest_gap"):
        old, now = getattr(recorded, name), getattr(new, name)
        where = f"time {name.replace('_', ' ')}"
        if old is None or now is None:
            continue
        if abs(now - old) >= LEAST and max(old, now) >= FACTOR * min(old, now):
            yield Difference(where, where, Way.CHANGED, f"{old / 1000:.1f} ms", f"{now / 1000:.1f} ms")
