"""The report of `streamid validate` for people: findings by stream and exchange, with the actual values."""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.exchange_table import path_of, status_colour
from cli.rendering.finding_lines import COLOURS, verdict_text, weight
from cli.rendering.styling import bold, coloured

if TYPE_CHECKING:
    from replay.validation import Report, ReportedFinding, Summary

_INDENT = " " * 36


def report_lines(report: "Report") -> Iterator[str]:
    """The findings, those of one stream together, then what is known already, and a last line with counts."""
    for (recording, stream), findings in _by_stream(report).items():
        verdict = report.verdicts.get((recording, stream)) if stream else None
        title = verdict_text(verdict) if verdict else printable(stream) or "(of no stream)"
        yield bold(f"{_qualified(recording, report)}{title}")
        for _, some in groupby(findings, key=lambda finding: finding.exchange):
            of_one = list(some)
            yield f"  {_exchange(of_one[0], report)}"
            for finding in of_one:
                yield from _lines(finding)
        yield ""
    yield from notes(report)
    yield _coloured_counts(report)


def _qualified(recording: str, report: "Report") -> str:
    return f"{printable(recording)}  " if len(report.recordings) > 1 else ""


def _by_stream(report: "Report") -> "dict[tuple[str, str], list[ReportedFinding]]":
    groups: dict[tuple[str, str], list[ReportedFinding]] = {}
    for finding in report.findings:
        groups.setdefault((report.recording_of(finding), finding.stream), []).append(finding)
    return groups


def _exchange(finding: "ReportedFinding", report: "Report") -> str:
    """For example `chat.db#4  POST /api/chat/sessions/s1/update-stream → 400`."""
    where = f"{printable(finding.recording)}#" if finding.recording else "#"
    return f"{where}{finding.exchange}  {exchange_line(finding, colour=True)}".rstrip()


def exchange_line(finding: "ReportedFinding", *, colour: bool = False) -> str:
    """Method, path and status of the exchange, printable; '' where the recording has no such line."""
    if not finding.method:
        return ""
    status = str(finding.status or "no answer")
    shown = coloured(status, status_colour(finding.status)) if colour else status
    return f"{printable(finding.method)} {printable(path_of(finding.url))} → {shown}"


def _lines(finding: "ReportedFinding") -> Iterator[str]:
    weighed = coloured(f"{weight(finding):<7}", COLOURS[finding.severity])
    yield f"    {finding.code} {finding.name:<20} {weighed}  {printable(finding.message)}"
    for fact, value in finding.evidence.items():
        yield f"{_INDENT}{printable(fact)}: {printable(value)}"


def notes(report: "Report") -> Iterator[str]:
    """What was not listed, and which defects of the baseline are gone."""
    if report.left_out:
        yield left_out(report)
    if report.known:
        yield f"{counted(report.known, 'finding')} known by the baseline, not counted"
    for gone in report.gone:
        what = f"{gone.code} at {gone.where}: {gone.message}"
        yield f"in the baseline, but not found any more: {printable(what)}"


def left_out(report: "Report") -> str:
    """How many findings are not listed, and what to do about it."""
    return f"{counted(report.left_out, 'more finding')} not listed; --limit 0 lists all"


def counts_line(report: "Report") -> str:
    """For example `1 error, 0 warnings, 2 info, 0 inconclusive in 12 exchanges, 3 streams (…)`."""
    return f"{_counts(report.summary)} in {_what(report)}"


def _coloured_counts(report: "Report") -> str:
    return f"{coloured(_counts(report.summary), _colour(report.summary))} in {_what(report)}"


def _counts(counts: "Summary") -> str:
    return ", ".join(
        (
            counted(counts.error, "error"),
            counted(counts.warning, "warning"),
            f"{counts.info:,} info",
            f"{counts.inconclusive:,} inconclusive",
        )
    )


def _what(report: "Report") -> str:
    several = f" of {len(report.recordings)} recordings" if len(report.recordings) > 1 else ""
    seen = f"{counted(report.exchanges, 'exchange')}, {counted(report.streams, 'stream')}"
    return f"{seen}{several} (profile {printable(report.profile)})"


def counted(number: int, noun: str) -> str:
    """For example `1,200 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _colour(counts: "Summary") -> str:
    if counts.error:
        return "red"
    return "yellow" if counts.warning else "green"
