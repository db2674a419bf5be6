"""What a resend found, exchange by exchange."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from replay.resending.differences import Difference
from replay.resending.timing import Timing


class Fate(StrEnum):
    """What became of a recorded request."""

    SAME = "same"
    DIFFERENT = "different"
    NOT_SENT = "not sent"
    """Because of what the new service did: a difference."""
    CUT = "interrupted"
    """Not sent any more, or broken off, because its user stopped the resend."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One recorded exchange and the new one (`new`: its number among the new ones, 0 where there is none).

    `because` says why it was not sent, or what could not be compared. `needed_by` has the exchanges for
    whose sake it was sent although it was not asked for. `new_path` is the path that it was sent to.
    """

    exchange: int
    new: int
    method: str
    origin: str
    path: str
    new_path: str
    fate: Fate
    status: tuple[int | None, int | None]
    outcome: tuple[str, str]
    timing: tuple[Timing, Timing | None]
    because: str = ""
    needed_by: tuple[int, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A resend. `left_out`: (exchange, why) of what cannot be sent at all, such as a tunnel.

    `learned` has the fields that differed between two sends, by route.
    """

    recording: str
    targets: dict[str, str]
    exchanges: list[Compared]
    left_out: list[tuple[int, str]] = field(default_factory=list)
    learned: dict[str, list[str]] = field(default_factory=dict)
    interrupted: bool = False

    def count(self, fate: Fate) -> int:
        """How many exchanges ended so."""
        return _count(self.exchanges, fate)

    @property
    def differs(self) -> bool:
        """Whether there is any difference; what an interruption left out is none."""
        return any(each.fate in (Fate.DIFFERENT, Fate.NOT_SENT) for each in self.exchanges)


def _count(exchanges: Iterable[Compared], fate: Fate) -> int:
    return sum(each.fate is fate for each in exchanges)
