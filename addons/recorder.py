"""The run's recorder: opens the recording for a run, closes it, and says what it holds."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from addons import run_setup, summary
from addons.run import Run
from addons.settings import Settings
from addons.tally import Tally
from addons.verifier import StreamidVerifier
from contract.events import Chunk, Event
from recordings.drained import Drained, Load
from recordings.redaction import Redactor
from recordings.rows import EventRedactor, Redaction
from recordings.writer import Closing, Writer

CLOSING_TIME = 10.0
"""Seconds that closing may take where the disk fails; afterwards what is left is counted as lost."""

TURN = 0.001
"""Seconds for which the writer may keep the interpreter from the event loop (Python: 0.005). One exchange
takes several turns; at Python's they add up while the writer catches up with what a failing disk left."""


class Recorder:
    """A run, its verifier and the thread that writes, from `open` to `close`."""

    def __init__(self) -> None:
        self._early: list[Event] = []
        self.run = Run(self._early.append)
        self.verifier = StreamidVerifier(self.run)
        self.tally = Tally()
        self.settings: Settings | None = None
        self._writer: Writer | None = None
        self._load: Callable[[], Load] = _nothing_yet
        self.path: Path | None = None

    def open(self, settings: Settings, started: datetime, options: Mapping[str, str]) -> None:
        """Create the recording and start its thread.

        Raises OSError, ValueError (a bad key) or RecordingError where that cannot be.
        """
        redactor = run_setup.redactor(settings)
        about = run_setup.run_info(settings, started, options)
        if settings.record is not None:
            settings.record.parent.mkdir(parents=True, exist_ok=True)
        self._writer = Writer(
            settings.record,
            about,
            redactor=_Watched(redactor, self.verifier),
            profile=settings.profile,
            on_judged=_ignore,
            on_trouble=self.verifier.trouble,
            on_drained=self._drained,
            timed=settings.metrics is not None,
        )
        sys.setswitchinterval(min(TURN, sys.getswitchinterval()))
        self.settings, self.path = settings, settings.record
        self.run.put, self._load = self._writer.put, self._writer.load
        self.run.waiting = self._writer.waiting_bytes
        self.run.keeps_bounds = settings.record is not None or settings.metrics is not None
        for event in self._early:
            self._writer.put(event)
        self._early.clear()

    @property
    def is_open(self) -> bool:
        """Whether events are being recorded."""
        return self._writer is not None

    def close(self, reason: str) -> Closing | None:
        """Seal what is open, write what is left, and say the rest; None where nothing was open."""
        if self._writer is None:
            return None
        self.run.seal(reason)
        writer, self._writer = self._writer, None
        self.run.put = _ignore
        closing = writer.close(CLOSING_TIME)
        self.verifier.finish()
        return closing

    def load(self) -> Load:
        """What waits for the recorder, and what is lost; any thread may ask, also before and after."""
        return self._load()

    def summary(self) -> summary.Summary:
        """The run so far, or as it was."""
        load = self.load()
        lost = load.lost_events, load.lost_bytes
        return summary.summary(self.tally, self.run.exchanges, lost, self.path)

    def _drained(self, drained: Drained) -> None:
        self.tally.add(drained)
        self.verifier.drained(drained)

    def discard(self) -> None:
        """The proxy never ran: leave no empty recording behind."""
        if self._writer is not None and self.run.exchanges == 0:
            self.close("the proxy did not start")
            if self.path is not None:
                self.path.unlink(missing_ok=True)


class _Watched(EventRedactor):
    """The redactor, with the verifier looking at what comes out of it."""

    def __init__(self, redactor: Redactor, verifier: StreamidVerifier) -> None:
        self._redactor = redactor
        self._verifier = verifier

    def feed(self, event: Event) -> list[Event]:
        released = self._redactor.feed(event)
        return self._watched(released) if self._verifier.log_headers else released

    def feed_run(self, chunks: Sequence[Chunk]) -> list[Event]:
        released = self._redactor.feed_run(chunks)
        return self._watched(released) if self._verifier.log_headers else released

    def _watched(self, released: list[Event]) -> list[Event]:
        for each in released:
            self._verifier.watch(each)
        return released

    def flush(self) -> list[Event]:
        return self._redactor.flush()

    def take_redactions(self) -> Sequence[Redaction]:
        return self._redactor.take_redactions()


def _nothing_yet() -> Load:
    return Load(0, 0, 0, 0, None)


def _ignore(_: object) -> None:
    """For what comes after the end of a run, and for what is told in another way, too."""
