"""`streamid validate` on one core: recordings read back and judged, beside mitmproxy only reading its own."""

import tempfile
import time
from functools import partial
from pathlib import Path

from mitmproxy.io import FlowReader

from benchmarks.exchanges import CHUNKS, small, stream
from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.writer import Made, saved, written
from contract.profile import builtin
from recordings.reader import Recording
from replay.validation import Validation

SMALL, STREAMS = 20_000, 2_000
FLOWS_SHARE = 5
"""mitmproxy gets so many times fewer, for it takes so much longer."""
READER = "mitmproxy's FlowReader"


def rows(effort: Effort) -> list[Row]:
    """Exchanges per second that `validate` reads and judges."""
    made: list[Row] = []
    kinds: tuple[tuple[Made, str, int, int], ...] = (
        (small, "validate, small JSON", SMALL, 20_000),
        (stream, f"validate, SSE of {CHUNKS} events", STREAMS, 3_000),
    )
    for make, what, usual, bound in kinds:
        with tempfile.TemporaryDirectory() as name:
            made += _row(make, what, effort.amount(usual), bound, Path(name), effort.rounds)
    return made


def _row(make: Made, what: str, count: int, bound: int, folder: Path, rounds: int) -> list[Row]:
    recording, flows, fewer = folder / "recording.db", folder / "flows", max(1, count // FLOWS_SHARE)
    written(make, count, recording)
    saved(make, fewer, flows)
    found = interleaved(
        {READER: partial(_read, flows, fewer), "streamid": partial(_validated, recording, count)}, rounds
    )
    reference, own = found[READER][0], found["streamid"][0]
    budget = Budget("figure", bound, above=True)
    return [
        Row("validate", what, READER, "1/s", reference),
        Row("validate", what, "streamid", "1/s", own, READER, reference, budget),
    ]


def _validated(path: Path, count: int) -> tuple[float]:
    profile, begun = builtin("chat"), time.process_time()
    validation = Validation()
    with Recording(path) as recording:
        validation.judge("benchmark", recording, profile)
    report = validation.report()
    spent = time.process_time() - begun
    assert report.exchanges == count, f"{report.exchanges} exchanges of {count}"
    assert not report.findings, report.findings[0]
    return (count / spent,)


def _read(path: Path, count: int) -> tuple[float]:
    begun = time.process_time()
    with path.open("rb") as file:
        total = sum(1 for _ in FlowReader(file).stream())
    spent = time.process_time() - begun
    assert total == count
    return (count / spent,)
