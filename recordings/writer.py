"""The writer: a thread that redacts, judges and stores what the proxy hands over.

Every period it takes what is waiting, and commits it in one transaction; the findings are handed
out after that. It shares the interpreter with the proxy, so what it does per event is little. If the
file cannot be written the drained batch is kept and tried again, unchanged: nothing is judged twice,
lost or doubled, and the bounded queue in front says what the memory may cost.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.events import Chunk, Event, Form, Gap
from contract.explainer import Explainer
from contract.findings import Output
from contract.profile import Profile
from contract.vantage import Vantage
from recordings.backlog import Backlog
from recordings.batch import Batch
from recordings.decoding import DECODERS
from recordings.drained import Drained, Load
from recordings.file import RecordingFile
from recordings.imported import vantage_of
from recordings.intake import Intake
from recordings.rows import EventRedactor, RunInfo
from recordings.runs import with_runs
from recordings.unkept import NoFile

PERIOD = 0.2
"""Seconds between drains. Each costs a stream that runs as much as some ten chunks do."""

BOUND = 64 * 1024 * 1024
WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of write-ahead log above which bodies are not kept, and at twice which nothing is written,
until the reader that prevents a checkpoint lets go."""

_AT_ONCE = 512
_FIRST_RETRY, _LAST_RETRY = 0.1, 2.0
_FOR_READERS = 1.0
"""Seconds at the end for those who follow the recording to see that it is over, and to let go of it."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a recording ended. `clean`: everything that was not counted as lost is in the one file `path`.

    `path` is None where nothing was to be kept.
    """

    lost_events: int
    lost_bytes: int
    path: Path | None
    clean: bool


class Writer:
    """Writes one recording. Raises `RecordingExists` or `RecordingError` where the file cannot be made.

    Without a `path` everything is redacted and judged as ever, and kept nowhere.

    `on_judged` and `on_trouble` are called on the writer's thread: with what the checker concluded, once
    it is in the file, and with a sentence when something goes wrong and when it is over. Without a
    profile nothing is judged. `on_drained` is called there, too, after `on_judged`, with all that a drain
    has brought; `timed` asks for the timings in it.
    """

    def __init__(
        self,
        path: Path | None,
        run: RunInfo,
        *,
        redactor: EventRedactor,
        profile: Profile | None,
        on_judged: Callable[[list[Output]], None],
        on_trouble: Callable[[str], None],
        on_drained: Callable[[Drained], None] | None = None,
        timed: bool = False,
        bound: int = BOUND,
        wal_limit: int = WAL_LIMIT,
    ) -> None:
        self.path = path
        self._run_info = run
        self._redactor = redactor
        self._checker = None if profile is None else self._explainer(profile, vantage_of(run))
        self._heard = time.monotonic()
        self._on_judged = on_judged
        self._on_trouble = on_trouble
        self._on_drained = on_drained
        self._wal_limit = wal_limit
        self._backlog = Backlog(bound)
        self.put: Callable[[Event], None] = self._backlog.put
        self.waiting_bytes: Callable[[], int] = self._backlog.waiting_bytes
        self._intake = Intake(timed=timed)
        self._in_hand = 0
        """Events that were taken from the backlog and are not in the file yet."""
        self._judged: list[Output] = []
        self._thin = False
        self._thinned_bytes = self._given_up = self._given_up_bytes = 0
        self._hidden_bytes = 0
        """What the redactor could not release, beside what came to it without its bytes."""
        self._abandoned = False
        """The recording ends before the run does: closing it took too long."""
        self._noted = (0, 0)
        self._troubles: set[str] = set()
        self._deadline: float | None = None
        self._stop = threading.Event()
        self._closing: Closing | None = None
        self._file = NoFile() if path is None else RecordingFile(path, run)
        self._thread = threading.Thread(target=self._work, name="streamid-writer", daemon=True)
        self._thread.start()

    def _explainer(self, profile: Profile, vantage: Vantage) -> Explainer:
        return Explainer(profile, decoders=DECODERS, vantage=vantage, on_trouble=self._unexplained)

    def _unexplained(self, error: Exception) -> None:
        self._trouble("explaining", f"causes are no longer sought, judging goes on: {error!r}")

    def close(self, timeout: float = 10.0) -> Closing:
        """Store what was put, seal the recording and close the file; at most about `timeout` seconds.

        What could not be stored by then is counted as lost. Nothing may be put afterwards.
        """
        if not self._stop.is_set():
            self._backlog.end()
            self._deadline = time.monotonic() + timeout
            self._stop.set()
        self._thread.join(timeout + 1.0)
        if self._closing is None:
            return Closing(*self._lost(), self.path, clean=False)
        return self._closing

    def load(self) -> Load:
        """How it is doing; any thread may ask."""
        backlog, lost = self._backlog, self._lost()
        return Load(len(backlog) + self._in_hand, backlog.waiting_bytes(), *lost, self._file.size())

    # The thread.

    def _work(self) -> None:
        try:
            while not self._stop.wait(PERIOD):
                self._guarded("writing", self._drain)
            self._guarded("writing", lambda: self._drain(closing=True))
            self._closing = self._finish()
        finally:
            self._file.close()

    def _drain(self, *, closing: bool = False) -> None:
        events, mark = self._backlog.take()
        self._in_hand = len(events)
        if self._abandoned:
            self._give_up(events)
            return
        self._process(events)
        if events:
            self._heard = time.monotonic()
        elif not closing:
            self._pass_time()
        if closing:
            self._end_of_run()
        intake = self._intake
        self._guarded("redaction", self._take_redactions)
        batch = intake.take(closing=closing)
        lost = self._lost()
        if batch or lost != self._noted:
            settled = intake.settled()
            batch.rows["run"].append((intake.last_seq, intake.last_at, settled, *lost))
            if not self._commit(batch, events):
                return
            self._noted = lost
        self._backlog.safe(mark)
        self._in_hand = 0
        self._report_losses()
        self._watch_wal()
        judged, self._judged = self._judged, []
        if judged:
            self._guarded("findings", lambda: self._on_judged(judged))
        tell = self._on_drained
        drained = intake.drained(judged)
        if tell is not None and (events or batch):
            self._guarded("findings", lambda: tell(drained))

    def _process(self, events: list[Event]) -> None:
        """Redact, store and judge, some at a time, so that they are still in the processor's cache."""
        for first in range(0, len(events), _AT_ONCE):
            self._judge(self._stored(self._redacted(events[first : first + _AT_ONCE])))

    def _redacted(self, events: list[Event]) -> list[Event]:
        feed, feed_run, released = self._redactor.feed, self._redactor.feed_run, list[Event]()
        if self._thin:
            events = [self._thinned(event) for event in events]
        for some in with_runs(events):
            try:
                released += feed_run(some) if isinstance(some, list) else feed(some)
            except Exception as error:
                lost = some if isinstance(some, list) else [some]
                released += [self._unredacted(event, error) for event in lost]
        # What arrives without its bytes is counted where it lost them; the redactor may have to add to it.
        self._hidden_bytes += _lost_bytes(released) - _lost_bytes(events)
        return released

    def _stored(self, events: list[Event]) -> list[Event]:
        """Hand `events` to the intake; those that it took."""
        intake, waiting, refused = self._intake, iter(events), set[int]()
        while True:
            try:
                intake.store(waiting)
                break
            except Exception as error:
                self._trouble("rows", f"an event cannot be stored: {error!r}")
                self._given_up += 1
                refused.add(intake.last_seq)
        if not refused:
            return events
        first = intake.last_seq + 1 - len(events)
        return [event for seq, event in enumerate(events, first) if seq not in refused]

    def _judge(self, events: list[Event]) -> None:
        if self._checker is None:
            return
        outputs: list[Output] = []
        try:
            self._checker.feed_all(events, outputs)
        except Exception as error:
            self._trouble("judging", f"judging stopped, recording goes on: {error!r}")
            self._checker = None
        if outputs:
            self._note(outputs)

    def _pass_time(self) -> None:
        """Nothing comes: what waits for that in the diagnosis may be told."""
        if self._checker is None:
            return
        now = self._intake.last_at + int((time.monotonic() - self._heard) * 1_000_000)
        try:
            outputs = self._checker.advance(now)
        except Exception as error:
            self._trouble("judging", f"judging stopped, recording goes on: {error!r}")
            self._checker = None
            return
        if outputs:
            self._note(outputs)

    def _thinned(self, event: Event) -> Event:
        if type(event) is not Chunk or not event.data:
            return event
        self._thinned_bytes += event.size
        return Chunk(event.exchange, event.message, event.side, event.at, b"", event.size, Form.LOST)

    def _unredacted(self, event: Event, error: Exception) -> Gap:
        # What cannot be redacted is not stored: a secret may be in it.
        self._trouble("redaction", f"an event could not be redacted and is not kept: {error!r}")
        self._given_up += 1
        return Gap(event.exchange, event.at, 1, getattr(event, "size", 0), "it could not be redacted")

    def _note(self, outputs: list[Output]) -> None:
        for output in outputs:
            self._intake.judged(output)
        self._judged += outputs

    def _end_of_run(self) -> None:
        released: list[Event] = []
        self._guarded("redaction", lambda: released.extend(self._redactor.flush()))
        self._hidden_bytes += _lost_bytes(released)
        self._judge(self._stored(released))
        if self._checker is not None:
            checker = self._checker
            self._guarded("judging", lambda: self._note(checker.end()))

    def _take_redactions(self) -> None:
        for redaction in self._redactor.take_redactions():
            self._intake.redacted(redaction)

    def _commit(self, batch: Batch, events: list[Event]) -> bool:
        """Write `batch`, however long it takes; False: given up, because the recording is to be closed."""
        pause = _FIRST_RETRY
        while True:
            error = self._attempt(batch)
            if error is None:
                self._recovered("writing", "the recording is written again; nothing that waited was lost")
                return True
            if not isinstance(error, sqlite3.OperationalError | OSError | WalFull):
                self._trouble("rows", f"{len(events)} events cannot be stored and are given up: {error!r}")
                self._give_up(events)
                self._intake.forget_stored()
                return True
            self._trouble(
                "writing",
                f"the recording cannot be written ({error}); traffic goes on, what passes waits in memory",
            )
            if self._deadline is not None and time.monotonic() + pause > self._deadline:
                # What follows is not tried either: it would hide that something is missing in the middle.
                self._abandoned = True
                self._give_up(events)
                return False
            # Not `_stop.wait`: once that is set it would not pause any more.
            time.sleep(pause) if self._deadline is not None else self._stop.wait(pause)
            pause = min(2 * pause, _LAST_RETRY)

    def _give_up(self, events: list[Event]) -> None:
        self._given_up += len(events)
        self._given_up_bytes += sum([event.size for event in events if isinstance(event, Chunk | Gap)])

    def _attempt(self, batch: Batch) -> Exception | None:
        if self._file.wal_size() > 2 * self._wal_limit and not self._file.checkpoint():
            return WalFull("another program holds a read transaction on it")
        try:
            self._file.write(batch)
        except Exception as error:
            return error
        return None

    def _watch_wal(self) -> None:
        """Keep bodies out while a reader prevents the write-ahead log from being emptied."""
        if self._file.wal_size() > self._wal_limit and not self._file.checkpoint():
            self._thin = True
            self._trouble(
                "wal",
                "another program holds a read transaction on the recording; until it lets go"
                " bodies are not kept, only their lengths and times",
            )
        elif self._thin:
            self._thin = False
            self._recovered("wal", f"bodies are kept again; {self._thinned_bytes} bytes were not")

    def _report_losses(self) -> None:
        if self._backlog.lost_events or self._backlog.lost_bytes:
            self._trouble("overload", "the recording cannot keep up; some bodies or events are not kept")

    def _finish(self) -> Closing:
        clean = "writing" not in self._troubles
        while clean:
            try:
                self._file.mark_closed(self._run_info.started)
                break
            except sqlite3.Error as error:
                self._trouble("writing", f"the recording cannot be closed ({error})")
                clean = self._time_left()
        patience = time.monotonic() + _FOR_READERS
        while clean and (why := self._file.to_single_file()):
            if not self._time_left() or time.monotonic() > patience:
                clean = False
                self._trouble("single", f"it stays in several files (-wal, -shm): {why}")
        return Closing(*self._lost(), self.path, clean=clean)

    def _time_left(self) -> bool:
        time.sleep(_FIRST_RETRY)
        return self._deadline is None or time.monotonic() < self._deadline

    def _lost(self) -> tuple[int, int]:
        backlog = self._backlog
        lost_bytes = backlog.lost_bytes + self._thinned_bytes + self._given_up_bytes
        lost_bytes += max(0, self._hidden_bytes)  # below zero while chunks without bytes wait in the redactor
        return backlog.lost_events + self._given_up, lost_bytes

    def _guarded(self, what: str, call: Callable[[], None]) -> None:
        """Our own and others' errors are reported; they never end the recording."""
        try:
            call()
        except Exception as error:
            self._trouble(what, f"{what}: {error!r}")

    def _trouble(self, what: str, sentence: str) -> None:
        if what not in self._troubles:
            self._troubles.add(what)
            self._say(sentence)

    def _recovered(self, what: str, sentence: str) -> None:
        if what in self._troubles:
            self._troubles.discard(what)
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        with contextlib.suppress(Exception):
            self._on_trouble(f"{self.path or 'no recording'}: {sentence}")


def _lost_bytes(events: list[Event]) -> int:
    return sum([event.size for event in events if type(event) is Chunk and event.form is Form.LOST])


class WalFull(Exception):  # noqa: N818 - a state, and never seen outside
    """The write-ahead log is as large as it may become."""
