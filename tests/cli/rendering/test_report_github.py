import re

from cli.rendering.report_github import github_lines
from contract.findings import Severity, Verdict
from tests.cli.rendering.reports import finding, hostile, report

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def test_a_finding_is_an_annotation_of_its_severity() -> None:
    levels = [
        (Severity.ERROR, Verdict.FAIL, "error"),
        (Severity.WARNING, Verdict.WARN, "warning"),
        (Severity.INFO, Verdict.FAIL, "notice"),
        (Severity.INFO, Verdict.INCONCLUSIVE, "notice"),
    ]
    made = report(*(finding(severity=severity, verdict=verdict) for severity, verdict, _ in levels))
    lines = list(github_lines(made))
    assert [line.split(" ")[0] for line in lines] == [f"::{level}" for *_, level in levels] + ["::notice"]
    assert lines[0] == "::error title=EC203 echo-fabricated::a.db#4 It failed. It failed. → 400: It failed."
    assert lines[-1].startswith("::notice title=streamid::4 errors, ")


def test_percent_signs_are_escaped_and_nothing_recorded_begins_a_line_or_ends_a_title() -> None:
    made = hostile()
    lines = list(github_lines(made))
    assert len(lines) == len(made.findings) + 1
    for line in lines:
        assert COMMAND.fullmatch(line), line
        assert line.isprintable()
        assert not re.search(r"%(?!25|0A|0D|3A|2C)", line)
    assert any("%250A::error::forged%250D" in line for line in lines)
