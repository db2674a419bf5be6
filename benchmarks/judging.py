"""Judging alone: what the rules cost the writer's thread, beside the store's work on the same exchanges."""

import gc
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.exchanges import CHUNKS, saved_answer, small, stream
from benchmarks.measurement import Effort, Row, Spread, interleaved
from benchmarks.writer import Made, written
from contract.checker import Checker
from contract.events import Event
from contract.findings import Finding, Output
from contract.profile import builtin
from recordings.decoding import DECODERS

STREAMS, EXCHANGES = 1_000, 4_000
AT_ONCE = 512
"""Events that the writer judges at a time."""
STORE = "the store"


def rows(effort: Effort) -> list[Row]:
    """Processor time of judging: for a stream, an update, and an exchange that the profile ignores."""
    kinds: tuple[tuple[str, Made, int], ...] = (
        (f"SSE of {CHUNKS} events", stream, STREAMS),
        ("session, stream, update by turns", saved_answer, EXCHANGES),
        ("exchange beside the profile", small, EXCHANGES),
    )
    made: list[Row] = []
    for what, make, usual in kinds:
        count = effort.amount(usual)
        found = interleaved(
            {"store": partial(_stored, make, count), "judged": partial(_judged, make, count)}, effort.rounds
        )
        store, judged = found["store"][0], found["judged"][0]
        made.append(Row("judging", what, STORE, "µs", store))
        made.append(Row("judging", what, "streamid", "µs", judged, STORE, store))
        if make is stream:
            chunk = Spread(tuple(each / CHUNKS for each in judged.rounds))
            made.append(Row("judging", "the same, for a chunk of it", "streamid", "µs", chunk))
    return made


def _stored(make: Made, count: int) -> tuple[float]:
    """µs for each exchange."""
    with tempfile.TemporaryDirectory() as folder:
        return (written(make, count, Path(folder, "recording.db")) / count * 1e6,)


def _judged(make: Made, count: int) -> tuple[float]:
    """µs for each exchange; all are right, so that nothing but judging is measured."""
    events = [event for number in range(1, count + 1) for event in make(number)]
    checker, out = Checker(builtin("chat"), decoders=DECODERS), list[Output]()
    gc.collect()
    gc.disable()  # its work depends on what else is alive
    begun = time.thread_time()
    for start in range(0, len(events), AT_ONCE):
        checker.feed_all(_some(events, start), out)
    out += checker.end()
    spent = time.thread_time() - begun
    gc.enable()
    found = next((each for each in out if isinstance(each, Finding)), None)
    assert found is None, found
    return (spent / count * 1e6,)


def _some(events: list[Event], start: int) -> list[Event]:
    return events[start : start + AT_ONCE]
