"""Times of a run in words."""

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recordings.rows import Run


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
