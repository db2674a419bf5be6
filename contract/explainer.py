"""A checker that also explains: what it hands out has incidents among findings and verdicts."""

from collections.abc import Collection, Iterable

from contract.bodies import Decoders
from contract.checker import WINDOW, Checker
from contract.diagnosis import Diagnosis
from contract.events import Event
from contract.findings import Output
from contract.incidents import Incident
from contract.profile import Profile
from contract.testimony import Testimony
from contract.vantage import Vantage


class Explainer:
    """Judges a sequence of events as `Checker` does, and concludes causes from the same exchanges."""

    def __init__(
        self,
        profile: Profile,
        *,
        decoders: Decoders | None = None,
        window: int = WINDOW,
        vantage: Vantage = Vantage.BOTH,
        waits: bool = False,
        is_joined: bool = False,
        causes: Collection[str] | None = None,
    ) -> None:
        self.diagnosis = Diagnosis(profile, vantage=vantage, waits=waits, is_joined=is_joined, causes=causes)
        self._found: list[Incident] = []
        self.checker = Checker(profile, decoders=decoders, window=window, testify=self._hear)

    def __len__(self) -> int:
        """How many exchanges are open."""
        return len(self.checker)

    def feed_all(self, events: Iterable[Event], out: list[Output]) -> None:
        """Take some events of the sequence, and add what they decide to `out`."""
        self.checker.feed_all(events, out)
        self._hand_over(out)

    def advance(self, at: int) -> list[Output]:
        """It is `at` (µs since the start of the run): incidents that close because nothing more came."""
        return list(self.diagnosis.advance(at))

    def end(self) -> list[Output]:
        """What is still to be said when the run is over."""
        out = self.checker.end()
        self._hand_over(out)
        out += self.diagnosis.end()
        return out

    def _hear(self, testimony: Testimony) -> None:
        self._found += self.diagnosis.feed(testimony)

    def _hand_over(self, out: list[Output]) -> None:
        if self._found:
            out += self._found
            self._found = []
