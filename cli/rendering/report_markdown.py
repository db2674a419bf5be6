"""The report as a table in GitHub's or GitLab's Markdown, to be put into a comment.

What was recorded stands in code spans: there neither HTML nor links, references or mentions mean anything.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.finding_lines import weight
from cli.rendering.report_text import counts_line, exchange_line, notes

if TYPE_CHECKING:
    from replay.validation import Report, ReportedFinding

MOST = 60_000
"""Characters; a comment may have 65,536 on GitHub."""

_TICKS = re.compile("`+")


def markdown_lines(report: "Report") -> Iterator[str]:
    """The counts, a row per finding as far as they fit, and what is to be added."""
    yield f"**streamid**: {code_span(counts_line(report))}"
    if report.findings:
        yield from ("", "| severity | rule | exchange | finding |", "|---|---|---|---|")
    size = 0
    for number, finding in enumerate(report.findings):
        row = _row(finding, report)
        size += len(row)
        if size > MOST:
            yield from ("", f"and {len(report.findings) - number:,} more findings")
            break
        yield row
    for note in notes(report):
        yield from ("", code_span(note))


def _row(finding: "ReportedFinding", report: "Report") -> str:
    where = f"{printable(report.recording_of(finding))}#{finding.exchange} {exchange_line(finding)}".rstrip()
    cells = (
        weight(finding),
        f"{finding.code} {finding.name}",
        code_span(where),
        code_span(printable(finding.message)),
    )
    return f"| {' | '.join(cells)} |"


def code_span(text: str) -> str:
    """A code span (CommonMark 6.1) that may stand in a table's cell (GFM 4.10: a pipe is escaped)."""
    longest = max((len(ticks) for ticks in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    # One space at each end is taken off again, where the text is not blank.
    return f"{fence} {text} {fence}".replace("|", "\\|") if longest else f"`{text}`".replace("|", "\\|")
