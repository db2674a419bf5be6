"""Recordings made of events by hand, through the writer that the proxy uses."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from contract.events import Event
from contract.profile import Profile, builtin, builtin_toml
from recordings.redaction import Redactor
from recordings.rows import RunInfo
from recordings.writer import BOUND, Writer

STARTED = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)


def run_info(started: datetime = STARTED, *, pid: int = 1, profile_toml: str | None = None) -> RunInfo:
    return RunInfo(
        started=started,
        mitmproxy="12.2.3",
        streamid="0.1.0",
        python="3.13",
        platform="test",
        pid=pid,
        profile_name="chat",
        profile_toml=builtin_toml("chat") if profile_toml is None else profile_toml,
    )


def writer(path: Path, info: RunInfo | None = None, *, redact: bool = False, bound: int = BOUND) -> Writer:
    """A writer that judges by the built-in profile, with at most `bound` bytes waiting for it."""
    profile: Profile = builtin("chat")
    return Writer(
        path,
        info or run_info(),
        redactor=Redactor(b"tests", enabled=redact),
        profile=profile,
        on_judged=lambda outputs: None,
        on_trouble=lambda sentence: None,
        bound=bound,
    )


def record(
    path: Path,
    events: Iterable[Event],
    info: RunInfo | None = None,
    *,
    redact: bool = False,
    bound: int = BOUND,
) -> Path:
    """A finished recording of `events`."""
    writing = writer(path, info, redact=redact, bound=bound)
    for event in events:
        writing.put(event)
    closing = writing.close(timeout=100)
    assert closing.clean
    assert closing.lost_events == closing.lost_bytes == 0
    return path
