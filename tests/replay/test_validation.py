from pathlib import Path

import pytest

from contract.checker import Checker
from contract.findings import Finding
from contract.profile import builtin
from recordings.decoding import DECODERS
from recordings.reader import Recording
from replay.validation import Summary, Validation, fails
from tests.cli.recorded import record
from tests.contract.case import Case
from tests.contract.cases import catalogue

CASES = catalogue()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_offline_findings_are_those_of_the_events_and_those_that_were_stored(
    case: Case, tmp_path: Path
) -> None:
    checker = Checker(builtin("chat"), decoders=DECODERS)
    outputs = [output for event in case.events for output in checker.feed(event)] + checker.end()
    direct = [output for output in outputs if isinstance(output, Finding)]
    path = record(tmp_path / "case.db", case.events)
    validation = Validation()
    with Recording(path) as recording:
        stored = list(recording.findings())
        validation.judge("case", recording, builtin("chat"))
    report = validation.report()
    assert stored == direct
    assert [finding.model_dump(exclude={"recording"}) for finding in report.findings] == [
        {
            "code": finding.code,
            "name": finding.name,
            "severity": finding.severity,
            "verdict": finding.verdict,
            "message": finding.message,
            "exchange": finding.exchange,
            "stream": finding.stream,
            "side": str(finding.side.name).lower(),
            "at": finding.at,
            "evidence": dict(finding.evidence),
        }
        for finding in direct
    ]


def test_the_catalogue_has_cases_with_findings() -> None:
    assert sum(bool(case.expected) for case in CASES) > 10


def test_progress_adds_up_to_the_events(tmp_path: Path) -> None:
    events = CASES[0].events
    path = record(tmp_path / "case.db", events)
    steps: list[int] = []
    with Recording(path) as recording:
        Validation().judge("case", recording, builtin("chat"), steps.append)
    assert sum(steps) == len(events)


def test_what_is_inconclusive_never_fails() -> None:
    assert not fails(Summary(inconclusive=3, info=2), "warning")
    assert fails(Summary(warning=1), "warning")
    assert not fails(Summary(warning=1), "error")
    assert fails(Summary(error=1), "warning")
    assert not fails(Summary(error=1), "never")
