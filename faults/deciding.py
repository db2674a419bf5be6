"""Whether a fault strikes: a function of seed, name, key and ordinal, so that a run can be had again."""

from random import Random
from typing import NamedTuple

from faults.when import When


class Decision(NamedTuple):
    """Whether an occasion is struck; `ordinal` is its number (from 1) under its key, `because` a clause."""

    hit: bool
    ordinal: int
    because: str


class Decider:
    """Decides for one fault of a plan.

    How many exchanges of other keys came in between makes no difference to a decision. Only the window
    (`after`, `for`) and `max-active` depend on time: they turn a hit into a miss, and the occasion is
    counted all the same. The window begins at `armed_at`, by the clock of `now` (µs).
    """

    def __init__(self, seed: int, name: str, when: When, armed_at: int = 0) -> None:
        self._seed = seed
        self._name = name
        self._when = when
        self._armed_at = armed_at
        self._counts: dict[str, int] = {}
        self.active = 0
        """How many exchanges are struck and not over."""

    def arm(self, now: int) -> None:
        """Let the window begin now; what was counted stays."""
        self._armed_at = now

    def decide(self, key: str, now: int) -> Decision:
        """Decide on the next occasion under `key`; a hit is to be followed by `over`."""
        ordinal = self._counts.get(key, 0) + 1
        self._counts[key] = ordinal
        hit, because = self._chosen(key, ordinal)
        missed = self._outside(now) or self._too_many()
        if hit and missed:
            return Decision(False, ordinal, missed)
        self.active += hit
        return Decision(hit, ordinal, because)

    def over(self) -> None:
        """An exchange that was struck has ended."""
        self.active -= 1

    def random_for(self, key: str, ordinal: int) -> Random:
        """What one hit takes its chances from; not the numbers that its decision was made with."""
        return Random(f"{self._seed}/{self._name}/{key}/{ordinal}/hit")

    def _chosen(self, key: str, ordinal: int) -> tuple[bool, str]:
        when = self._when
        if when.first is not None:
            return ordinal <= when.first, f"number {ordinal}; the first {when.first} are struck"
        if when.nth is not None:
            return ordinal == when.nth, f"number {ordinal}; number {when.nth} is struck"
        if when.every is not None:
            return ordinal % when.every == 0, f"number {ordinal}; one in {when.every} is struck"
        if when.probability is not None:
            drawn = Random(f"{self._seed}/{self._name}/{key}/{ordinal}").random()
            return drawn < when.probability, f"drew {drawn:.4f}; below {when.probability:g} is struck"
        return True, "each is struck"

    def _outside(self, now: int) -> str:
        """Why the time is not right; empty if it is."""
        begin = self._armed_at + self._when.after
        if now < begin:
            return f"the window begins in {_seconds(begin - now)}"
        if self._when.for_ is not None and now >= begin + self._when.for_:
            return f"the window ended {_seconds(now - begin - self._when.for_)} ago"
        return ""

    def _too_many(self) -> str:
        limit = self._when.max_active
        return f"{self.active} are struck already" if limit is not None and self.active >= limit else ""


def _seconds(microseconds: int) -> str:
    return f"{microseconds / 1_000_000:.3f} s"
