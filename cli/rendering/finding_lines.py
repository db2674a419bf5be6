"""Findings and verdicts as text, and a report of them grouped by stream."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.styling import bold, coloured
from contract.findings import Finding, Severity, StreamVerdict, Verdict

if TYPE_CHECKING:
    from replay.validation import Report, ReportedFinding, Summary

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_EXPOSED = {True: "readable by scripts", False: "NOT readable by scripts", None: "exposure not to be told"}
_ACCEPTED = {True: "accepted", False: "REFUSED", None: "answer undecided"}


def finding_text(finding: Finding) -> str:
    """For example `EC204 echo-stale error: the update carried …`."""
    return f"{finding.code} {finding.name} {_weight(finding)}: {printable(finding.message)}"


def _weight(finding: "Finding | ReportedFinding") -> str:
    sure = " (inconclusive)" if finding.verdict is Verdict.INCONCLUSIVE else ""
    return f"{finding.severity.value}{sure}"


def verdict_text(verdict: StreamVerdict) -> str:
    """For example `stream-1-ab: issued (#4), readable by scripts, echoed (#5), accepted (200)`."""
    parts = [f"issued (#{verdict.issued})" if verdict.issued else "issue not seen", _EXPOSED[verdict.exposed]]
    if verdict.echoed:
        status = f" ({verdict.status})" if verdict.status else ""
        parts += [f"echoed (#{verdict.echoed})", _ACCEPTED[verdict.accepted] + status]
    return f"{printable(verdict.stream) or '(no ID)'}: {', '.join(parts)}"


def report_lines(report: "Report", latest: Mapping[tuple[str, str], StreamVerdict]) -> Iterator[str]:
    """The findings, those of one stream together, and a last line with counts."""
    for (recording, stream), findings in _by_stream(report).items():
        verdict = latest.get((recording, stream)) if stream else None
        title = verdict_text(verdict) if verdict else printable(stream) or "(of no stream)"
        yield bold(f"{_qualified(recording, report)}{title}")
        for finding in findings:
            yield _line(finding)
        yield ""
    yield counts_line(report)


def _qualified(recording: str, report: "Report") -> str:
    return f"{printable(recording)}  " if len(report.recordings) > 1 else ""


def _by_stream(report: "Report") -> "dict[tuple[str, str], list[ReportedFinding]]":
    groups: dict[tuple[str, str], list[ReportedFinding]] = {}
    for finding in report.findings:
        recording = finding.recording or report.recordings[0]
        groups.setdefault((recording, finding.stream), []).append(finding)
    return groups


def _line(finding: "ReportedFinding") -> str:
    where = f"{printable(finding.recording)}#" if finding.recording else "#"
    weight = coloured(f"{_weight(finding):<7}", COLOURS[finding.severity])
    named = f"{finding.code} {finding.name:<20}"
    return f"  {named} {weight}  {where}{finding.exchange}  {printable(finding.message)}"


def counts_line(report: "Report") -> str:
    """For example `1 error, 0 warnings, 2 info, 0 inconclusive in 12 exchanges, 3 streams (…)`."""
    counts = report.summary
    text = ", ".join(
        (
            _count(counts.error, "error"),
            _count(counts.warning, "warning"),
            f"{counts.info:,} info",
            f"{counts.inconclusive:,} inconclusive",
        )
    )
    what = f"{_count(report.exchanges, 'exchange')}, {_count(report.streams, 'stream')}"
    several = f" of {len(report.recordings)} recordings" if len(report.recordings) > 1 else ""
    return f"{coloured(text, _colour(counts))} in {what}{several} (profile {report.profile})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _colour(counts: "Summary") -> str:
    if counts.error:
        return "red"
    return "yellow" if counts.warning else "green"
