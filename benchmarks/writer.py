"""The store alone: how fast exchanges are written, and what they take on the disk.

Nothing is redacted or judged; processor time of the writer's own work counts, so that it does not
matter what else runs.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mitmproxy.io import FlowWriter

from benchmarks.exchanges import CHUNKS, as_flow, body_of_stream, small, stream
from benchmarks.measurement import Budget, Effort, Row, Spread, interleaved
from contract.events import Event
from recordings.file import RecordingFile
from recordings.intake import Intake
from recordings.rows import RunInfo

SMALL, STREAMS = 8_000, 1_000
DRAIN = 64
"""Exchanges in one drain."""
SPREAD = 10
"""Drains over which a stream comes that is still running in most of them."""
FLOWS = "mitmproxy's FlowWriter"

type Made = Callable[[int], list[Event]]


def rows(effort: Effort) -> list[Row]:
    """Exchanges per second that the store alone writes, and its share of a body on the disk."""
    count, streams = effort.amount(SMALL), effort.amount(STREAMS)
    found = interleaved(
        {
            "small": partial(_stored, small, count, 1),
            "small flows": partial(_saved, small, count),
            "streams": partial(_stored, stream, streams, 1),
            "spread": partial(_stored, stream, max(1, streams // SPREAD), SPREAD),
            "flows": partial(_saved, stream, streams // 2 or 1),
        },
        effort.rounds,
    )
    what, ours = f"writer alone, SSE of {CHUNKS} events", "streamid"
    rate, size = found["flows"]
    own_rate, own_size = found["streams"]
    return [
        Row("writer", what, FLOWS, "1/s", rate),
        Row("writer", what, ours, "1/s", own_rate, FLOWS, rate, Budget("figure", 8_000, above=True)),
        Row("writer", f"the same, in {SPREAD} drains", ours, "1/s", found["spread"][0]),
        Row("writer", "writer alone, small JSON", FLOWS, "1/s", found["small flows"][0]),
        Row(
            "writer",
            "writer alone, small JSON",
            ours,
            "1/s",
            found["small"][0],
            FLOWS,
            found["small flows"][0],
        ),
        Row("writer", "disk, share of the body, SSE", FLOWS, "of body", _share(size)),
        Row(
            *(
                "writer",
                "disk, share of the body, SSE",
                ours,
                "of body",
                _share(own_size),
                FLOWS,
                _share(size),
            ),
            Budget("figure", 0.25, above=False),
        ),
        Row("writer", f"the same, in {SPREAD} drains", ours, "of body", _share(found["spread"][1])),
    ]


def written(make: Made, count: int, path: Path, *, drains: int = 1) -> float:
    """Processor seconds of the writer's work on `count` exchanges, to the closed file at `path`.

    Each exchange comes in that many drains, and is folded in the last one.
    """
    info = RunInfo(datetime.now(UTC), "", "", "", "", os.getpid(), "", "")
    file, intake = RecordingFile(path, info), Intake()
    spent = 0.0
    for first in range(0, count, DRAIN):
        exchanges = [make(number) for number in range(first + 1, min(first + DRAIN, count) + 1)]
        for part in range(drains):
            events = [event for each in exchanges for event in _part(each, part, drains)]
            begun = time.thread_time()
            intake.store(events)
            batch = intake.take()
            batch.rows["run"].append((intake.last_seq, intake.last_at, intake.settled(), 0, 0))
            file.write(batch)
            spent += time.thread_time() - begun
    begun = time.thread_time()
    file.mark_closed(info.started)
    file.to_single_file()
    spent += time.thread_time() - begun
    file.close()
    return spent


def saved(make: Made, count: int, path: Path) -> float:
    """Processor seconds in which mitmproxy writes the same exchanges."""
    spent = 0.0
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for number in range(1, count + 1):
            flow = as_flow(make(number))
            begun = time.thread_time()
            writer.add(flow)
            spent += time.thread_time() - begun
    return spent


def _stored(make: Made, count: int, drains: int) -> tuple[float, float]:
    """Exchanges per second, and bytes of the file for each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.db")
        seconds = written(make, count, path, drains=drains)
        return count / seconds, path.stat().st_size / count


def _saved(make: Made, count: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "flows")
        seconds = saved(make, count, path)
        return count / seconds, path.stat().st_size / count


def _share(size: Spread) -> Spread:
    body = body_of_stream()
    return Spread(tuple(each / body for each in size.rounds))


def _part(events: list[Event], part: int, parts: int) -> list[Event]:
    return events[len(events) * part // parts : len(events) * (part + 1) // parts]
