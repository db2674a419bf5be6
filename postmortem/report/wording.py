"""Times, counts and paths in words, as all forms of a report say them."""

from datetime import datetime


def after(microseconds: int) -> str:
    """A time relative to another one: `+0.123 s`, with no more places than it needs."""
    sign = "-" if microseconds < 0 else "+"
    seconds = abs(microseconds) / 1_000_000
    return f"{sign}{seconds:.{3 if seconds < 10 else 1}f} s"


def duration(microseconds: int) -> str:
    """A duration as a person would say it: `12 ms`, `3.4 s`, `2 min 5 s`, `1 h 3 min`."""
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.0f} ms"
    seconds = microseconds / 1_000_000
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def clock(time: datetime) -> str:
    """A point of time in UTC, with milliseconds: `2025-01-31 12:00:00.123`."""
    return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03d}"


def counted(count: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def path_of(url: str) -> str:
    """What follows the origin in a URL; all of it where there is none."""
    origin, slashes, rest = url.partition("://")
    return f"/{rest.partition('/')[2]}" if slashes and origin.isalpha() else url


def sentence(text: str) -> str:
    """`text` as it begins a sentence."""
    return text[:1].upper() + text[1:]
