"""Recordings of two taps, made of events by hand: one proxy's view taken apart, or moved in time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.events import Abort, Breaker, Event, Gap, Injection, Message, Side
from contract.profile import builtin_toml
from recordings.reader import Recording
from recordings.rows import EventRedactor, RunInfo
from recordings.writer import Writer
from tests.support.sequences import RUN, Plain

STARTED = datetime(2025, 1, 31, 12, 0, 0, tzinfo=UTC)
INFO = replace(RUN, started=STARTED, profile_toml=builtin_toml("chat"))


def written(
    path: Path, events: Iterable[Event], info: RunInfo = INFO, redactor: EventRedactor | None = None
) -> Path:
    """A finished recording of `events`."""
    writer = Writer(
        path,
        info,
        redactor=redactor or Plain(),
        profile=None,
        on_judged=lambda _: None,
        on_trouble=lambda _: None,
    )
    for event in events:
        writer.put(event)
    assert writer.close().clean
    return path


def moved(source: Path, target: Path, offset: float, drift: float) -> Path:
    """The recording as a machine would have made it whose clock is ahead by `offset` µs and gains `drift`."""
    with Recording(source) as recording:
        return written_elsewhere(target, recording.events(), offset, drift, recording.run.info)


def written_elsewhere(
    path: Path, events: Iterable[Event], offset: float, drift: float, info: RunInfo = INFO
) -> Path:
    """A recording of `events` by such a machine."""
    later = replace(info, started=info.started + timedelta(microseconds=offset))
    return written(path, [replace(event, at=round(event.at * (1 + drift))) for event in events], later)


def taken_apart(events: Iterable[Event], delay: int = 1) -> tuple[list[Event], list[Event]]:
    """What two taps saw where one proxy saw `events`: everything reaches the other one `delay` µs later."""
    a: list[Event] = []
    b: list[Event] = []
    for event in events:
        if isinstance(event, Gap | Injection):
            a.append(event)
            continue
        if event.side & Side.CLIENT:
            a.append(_seen(event, Breaker.SERVER, event.at))
        if event.side & Side.SERVER:
            goes_up = getattr(event, "message", None) is Message.REQUEST or hasattr(event, "method")
            b.append(_seen(event, Breaker.CLIENT, event.at + (delay if goes_up else -delay)))
    return a, b


def _seen(event: Event, hop: Breaker, at: int) -> Event:
    """`event` at a tap for which the hop is the peer `hop`."""
    moved = replace(event, side=Side.BOTH, at=at)  # type: ignore[arg-type]
    if isinstance(moved, Abort) and moved.by is Breaker.PROXY:
        return replace(moved, by=hop)
    return moved
