"""What diagnoses say of a run of the matrix, from each place where one may have stood."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contract.events import Event
from contract.incidents import Confidence, Incident
from contract.profile import builtin
from contract.vantage import Vantage
from postmortem.diagnosing import diagnose_events
from postmortem.joining import Flavour
from postmortem.taps import Taps
from postmortem.vantages import client_side
from recordings.reader import Recording

CHAT = builtin("chat")


@dataclass(frozen=True)
class Explained:
    """The incidents of one run: by its own proxy, from the client's side alone, and by two taps.

    `by_taps` is None where there was no hop.
    """

    by_proxy: list[Incident]
    from_client: list[Incident]
    by_taps: list[Incident] | None

    @property
    def best(self) -> list[Incident]:
        """By all that was recorded."""
        return self.by_proxy if self.by_taps is None else self.by_taps


def explained(recording: Path, after: int, behind: Path | None) -> Explained:
    """Of the exchanges after `after`; `behind` is the recording of a second tap, behind a hop."""
    with Recording(recording) as ours:
        events = [event for event in ours.events() if event.exchange > after]
        by_taps = None
        if behind is not None:
            with Recording(behind) as theirs:
                joint = Taps(ours, theirs).joint(Flavour.ENDS)
                of_both = [event for event in joint.events() if event.exchange > after]
                by_taps = incidents(of_both, is_joined=True)
    return Explained(incidents(events), incidents(*client_side([events]), is_of_client=True), by_taps)


def incidents(events: list[Event], *, is_joined: bool = False, is_of_client: bool = False) -> list[Incident]:
    """What a diagnosis that sees only these says."""
    vantage = Vantage.CLIENT if is_of_client else Vantage.BOTH
    return diagnose_events("run", [events], CHAT, vantage=vantage, is_joined=is_joined).incidents


def named(found: list[Incident]) -> tuple[str, ...]:
    """The causes, sorted, each once."""
    return tuple(sorted({each.cause for each in found}))


def wrongly_sure(found: list[Incident], planted: tuple[str, ...]) -> Iterator[str]:
    """What is said to be certain and was not planted."""
    for each in found:
        if each.confidence is Confidence.CERTAIN and each.cause not in planted:
            yield f"{each.cause} in exchange {each.exchange}: {each.summary}"


def wrong_culprits(found: list[Incident], planted: tuple[str, ...]) -> Iterator[str]:
    """What is concluded and was not planted, and where all is left open, but not what was planted."""
    for each in found:
        candidates = set(each.possible or (each.cause,))
        if not candidates & set(planted):
            yield f"{each.cause} {each.possible} in exchange {each.exchange}: {each.summary}"
