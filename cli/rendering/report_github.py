"""The report as workflow commands of GitHub Actions: an annotation per finding.

Every line is a command, so that nothing recorded begins a line of its own. The runner undoes the
percent-escapes of a command's data, and in its properties those of `:` and `,` as well.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.report_text import counts_line, exchange_line, notes
from contract.findings import Severity, Verdict

if TYPE_CHECKING:
    from replay.validation import Report, ReportedFinding

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github_lines(report: "Report") -> Iterator[str]:
    """An annotation for each finding, and one for the counts."""
    for finding in report.findings:
        yield _command(_level(finding), f"{finding.code} {finding.name}", _text(finding, report))
    yield _command("notice", "streamid", "; ".join((counts_line(report), *notes(report))))


def _level(finding: "ReportedFinding") -> str:
    return "notice" if finding.verdict is Verdict.INCONCLUSIVE else _LEVELS[finding.severity]


def _text(finding: "ReportedFinding", report: "Report") -> str:
    where = f"{printable(report.recording_of(finding))}#{finding.exchange}"
    return f"{where} {exchange_line(finding)}: {printable(finding.message)}"


def _command(level: str, title: str, data: str) -> str:
    return f"::{level} title={_property(title)}::{_data(data)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
