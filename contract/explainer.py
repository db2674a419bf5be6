"""A checker that also explains: what it hands out has incidents among findings and verdicts."""

from collections.abc import Callable, Collection, Iterable

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
    """Judges a sequence of events as `Checker` does, and concludes causes from the same exchanges.

    With `on_trouble`, an error of the diagnosis is told there, once, and judging goes on without it.
    """

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
        on_trouble: Callable[[Exception], None] | None = None,
    ) -> None:
        self.diagnosis = Diagnosis(profile, vantage=vantage, waits=waits, is_joined=is_joined, causes=causes)
        self._found: list[Incident] = []
        self._on_trouble = on_trouble
        self._is_broken = False
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
        return list(self._concluded(lambda: self.diagnosis.advance(at)))

    def end(self) -> list[Output]:
        """What is still to be said when the run is over."""
        out = self.checker.end()
        self._hand_over(out)
        out += self._concluded(self.diagnosis.end)
        return out

    def _hear(self, testimony: Testimony) -> None:
        self._found += self._concluded(lambda: self.diagnosis.feed(testimony))

    def _concluded(self, conclude: Callable[[], list[Incident]]) -> list[Incident]:
        if self._is_broken:
            return []
        try:
            return conclude()
        except Exception as error:
            if self._on_trouble is None:
                raise
            self._is_broken = True
            self._on_trouble(error)
            return []

    def _hand_over(self, out: list[Output]) -> None:
        if self._found:
            out += self._found
            self._found = []
