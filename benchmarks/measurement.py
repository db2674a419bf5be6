"""What a benchmark yields: one figure per round for each variant, and their ratio against a reference.

Variants take turns within a round (A B A B …), so that what else the machine does meets all of them;
only figures of the same round are divided by each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure: `rounds` of each variant, and `share` of the usual amount in each."""

    rounds: int = 5
    share: float = 1.0

    def amount(self, usual: int) -> int:
        """The amount for one round, at least one."""
        return max(1, round(usual * self.share))


@dataclass(frozen=True, slots=True)
class Spread:
    """The figures of several rounds."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return median(self.rounds)

    @property
    def least(self) -> float:
        """The smallest of all rounds."""
        return min(self.rounds)

    @property
    def most(self) -> float:
        """The largest of all rounds."""
        return max(self.rounds)


@dataclass(frozen=True, slots=True)
class Budget:
    """What DESIGN allows: of the ratio against the reference, of the figure, or of the difference.

    `of` is `ratio`, `figure` or `excess` (figure minus the reference's); `above` says whether more is better.
    """

    of: str
    bound: float
    above: bool

    def met_by(self, value: float) -> bool:
        """Whether `value` keeps it."""
        return value >= self.bound if self.above else value <= self.bound


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `variant` of `what`, beside `reference` (empty for none)."""

    name: str
    what: str
    variant: str
    unit: str
    figures: Spread
    reference: str = ""
    against: Spread | None = None
    budget: Budget | None = None

    @property
    def ratio(self) -> Spread | None:
        """Figure by reference, round by round."""
        return self._compared(lambda figure, other: figure / other if other else float("inf"))

    @property
    def excess(self) -> Spread | None:
        """Figure minus reference, round by round."""
        return self._compared(lambda figure, other: figure - other)

    @property
    def met(self) -> bool | None:
        """Whether the median keeps the budget; None without one."""
        if self.budget is None:
            return None
        judged = {"ratio": self.ratio, "figure": self.figures, "excess": self.excess}[self.budget.of]
        return judged is not None and self.budget.met_by(judged.median)

    def _compared(self, compare: Callable[[float, float], float]) -> Spread | None:
        if self.against is None:
            return None
        pairs = zip(self.figures.rounds, self.against.rounds, strict=True)
        return Spread(tuple(compare(figure, other) for figure, other in pairs))


def interleaved(
    variants: Mapping[str, Callable[[], Sequence[float]]], rounds: int
) -> dict[str, list[Spread]]:
    """Measure each variant once per round, in turn; each call gives one figure per quantity."""
    taken: dict[str, list[Sequence[float]]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, measure in variants.items():
            taken[name].append(measure())
    return {
        name: [Spread(tuple(column)) for column in zip(*figures, strict=True)]
        for name, figures in taken.items()
    }
