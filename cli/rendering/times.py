"""Times of a run in words."""

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recordings.rows import Run

_LONG_UNITS = (("min", 60), ("h", 3600), ("d", 86400))


def utc(run: "Run", at: int) -> str:
    """`at` (µs since the start of `run`) as ISO 8601 in UTC, with microseconds."""
    return run.time(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local(run: "Run", at: int, now: datetime) -> str:
    """`at` in local time, with milliseconds, and with the date where that is not the date of `now`."""
    time = run.time(at).astimezone()
    clock = f"{time:%H:%M:%S}.{time.microsecond // 1000:03d}"
    return clock if time.date() == _local_date(now) else f"{time:%Y-%m-%d} {clock}"


@lru_cache(maxsize=8)
def _local_date(time: datetime) -> date:
    return time.astimezone().date()


def after(microseconds: int) -> str:
    """A time relative to another one, in seconds: `+0.123s`."""
    sign = "-" if microseconds < 0 else "+"
    return f"{sign}{abs(microseconds) / 1_000_000:.3f}s"


def duration(microseconds: int) -> str:
    """A duration as a person would say it: `12 ms`, `3.4 s`."""
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.0f} ms"
    return f"{microseconds / 1_000_000:.1f} s"


def brief(microseconds: int) -> str:
    """A duration in at most seven characters: `0.3 ms`, `12 ms`, `3.4 s`, `2.5 min`, `3.1 h`, `99 d`."""
    if microseconds < 10_000:
        return f"{microseconds / 1000:.1f} ms"
    if microseconds < 100_000_000:
        return duration(microseconds)
    seconds = microseconds / 1_000_000
    unit, size = next((each for each in _LONG_UNITS if seconds < 100 * each[1]), _LONG_UNITS[-1])
    return f"{seconds / size:.{1 if seconds < 10 * size else 0}f} {unit}"
