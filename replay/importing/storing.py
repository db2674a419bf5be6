"""Make a recording of events that are all there already, by the writer that the proxy uses.

The writer never lets its callers wait; here there is nobody in a hurry, so this waits for the writer
instead of losing bytes, and a recording that is not whole is not left behind.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from contract.events import Chunk, Event
from contract.findings import Finding, Output
from contract.profile import Profile
from recordings.errors import RecordingError, RecordingExists
from recordings.rows import EventRedactor, RunInfo
from recordings.writer import BOUND, Writer

_AT_ONCE = 256
_WAITING = BOUND // 4
_PAUSE = 0.02
_CLOSING = 10.0

type Advance = Callable[[int], None]


def store(
    path: Path,
    info: RunInfo,
    events: Iterable[Event],
    *,
    redactor: EventRedactor,
    profile: Profile,
    advance: Advance,
) -> int:
    """Write the recording `path`, which must not be there yet; how many findings are in it.

    Raises `RecordingExists` or `RecordingError`, and leaves no file then; nor where it is interrupted.
    """
    findings: list[Finding] = []
    troubles: list[str] = []

    def judged(outputs: list[Output]) -> None:
        findings.extend(output for output in outputs if isinstance(output, Finding))

    try:
        writer = Writer(
            path, info, redactor=redactor, profile=profile, on_judged=judged, on_trouble=troubles.append
        )
    except RecordingExists:
        raise
    except RecordingError:
        _remove(path)
        raise
    kept = False
    try:
        _put(writer, events, troubles, advance)
        closing = writer.close(0 if troubles else _CLOSING)
        # What the redactor could not understand is lost in a recording of the proxy, too; nothing else is.
        kept = closing.clean and not troubles and not closing.lost_events
    finally:
        if not kept:
            writer.close(0)
            _remove(path)
    if not kept:
        raise RecordingError(troubles[0] if troubles else f"{path}: cannot be written")
    return len(findings)


def _remove(path: Path) -> None:
    """Remove a recording that is not whole, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _put(writer: Writer, events: Iterable[Event], troubles: list[str], advance: Advance) -> None:
    count = size = 0
    for event in events:
        writer.put(event)
        count += 1
        size += event.size if isinstance(event, Chunk) else 0
        if count < _AT_ONCE and size < _WAITING:
            continue
        advance(count)
        count = size = 0
        if not _is_below(_WAITING, writer, troubles):
            return
    advance(count)
    _is_below(1, writer, troubles)


def _is_below(waiting: int, writer: Writer, troubles: list[str]) -> bool:
    """Wait until fewer bytes than that wait for `writer`; False where it has trouble."""
    while writer.load().waiting_bytes >= waiting and not troubles:
        time.sleep(_PAUSE)
    return not troubles
