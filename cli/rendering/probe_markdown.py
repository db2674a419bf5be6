"""What `streamid probe` found, as tables in GitHub's or GitLab's Markdown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.finding_lines import weight
from cli.rendering.probe_text import counts_line
from cli.rendering.report_markdown import MOST, code_span
from cli.rendering.report_text import exchange_line

if TYPE_CHECKING:
    from replay.probing.report import ProbeReport


def markdown_lines(report: "ProbeReport") -> Iterator[str]:
    """The counts, a row per rule, a row per finding as far as they fit, and what was not carried out."""
    yield f"**streamid probe** {code_span(report.url)}: {code_span(counts_line(report))}"
    yield from ("", "| rule | result | pass | fail | warn | open |", "|---|---|---|---|---|---|")
    for row in report.rules:
        counts = (row.passed, row.failed, row.warned, row.inconclusive)
        why = f" ({row.because})" if row.because else ""
        yield f"| {row.code} {row.name} | {row.result}{why} | {' | '.join(map(str, counts))} |"
    if report.findings:
        yield from ("", "| severity | rule | exchange | finding |", "|---|---|---|---|")
    size = 0
    for number, finding in enumerate(report.findings):
        where = code_span(f"#{finding.exchange} {exchange_line(finding)}".rstrip())
        said = code_span(printable(finding.message))
        row_ = f"| {weight(finding)} | {finding.code} {finding.name} | {where} | {said} |"
        size += len(row_)
        if size > MOST:
            yield from ("", f"and {len(report.findings) - number:,} more findings")
            break
        yield row_
    for trouble in report.troubles:
        yield from ("", f"not carried out: {code_span(printable(trouble))}")
