"""`streamid diagnose` on one core, beside `validate` of the same recording: sessions, streams and updates."""

import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.exchanges import lost_answer, saved_answer
from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.writer import Made, written
from contract.profile import builtin
from postmortem.diagnosing import diagnose
from recordings.reader import Recording
from replay.validation import Validation

EXCHANGES = 30_000
JUDGED = "validate"


def rows(effort: Effort) -> list[Row]:
    """Exchanges per second that `diagnose` reads, judges and explains: all well, and all refused."""
    made: list[Row] = []
    kinds: tuple[tuple[Made, str], ...] = (
        (saved_answer, "diagnose, all accepted"),
        (lost_answer, "diagnose, all refused"),
    )
    for make, what in kinds:
        with tempfile.TemporaryDirectory() as name:
            recording, count = Path(name, "recording.db"), effort.amount(EXCHANGES) // 3 * 3 or 3
            written(make, count, recording)
            measured = {
                JUDGED: partial(_validated, recording, count),
                "streamid": partial(_diagnosed, recording, count, make is lost_answer),
            }
            found = interleaved(measured, effort.rounds)
            judged, explained = found[JUDGED][0], found["streamid"][0]
            budget = Budget("ratio", 0.5, above=True)
            made += [
                Row("diagnose", what, JUDGED, "1/s", judged),
                Row("diagnose", what, "streamid", "1/s", explained, JUDGED, judged, budget),
            ]
    return made


def _validated(path: Path, count: int) -> tuple[float]:
    profile, begun = builtin("chat"), time.process_time()
    validation = Validation()
    with Recording(path) as recording:
        validation.judge("benchmark", recording, profile)
    assert validation.report().exchanges == count
    return (count / (time.process_time() - begun),)


def _diagnosed(path: Path, count: int, fails: bool) -> tuple[float]:
    profile, begun = builtin("chat"), time.process_time()
    with Recording(path) as recording:
        found = diagnose("benchmark", recording, profile)
    assert found.streams == count // 3
    assert found.healthy == (0 if fails else count // 3)
    return (count / (time.process_time() - begun),)
