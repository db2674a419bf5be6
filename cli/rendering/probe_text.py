"""What `streamid probe` found, for people: a line per rule, and the actual values of what does not hold."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.columns import Cell, Column, table
from cli.rendering.escaping import printable
from cli.rendering.finding_lines import COLOURS, weight
from cli.rendering.report_text import counted, exchange_line
from cli.rendering.styling import bold, coloured
from replay.probing.conformance import Result

if TYPE_CHECKING:
    from replay.probing.report import ProbeReport, RuleRow, StepLine
    from replay.validation import ReportedFinding

MOST = 5
"""Findings of a rule that are shown, of those that differ; all are counted, and in the other formats."""

RESULT_COLOURS = {
    Result.FAIL: "red",
    Result.WARN: "yellow",
    Result.INCONCLUSIVE: "cyan",
    Result.PASS: "green",
    Result.NA: "bright_black",
}
_COLUMNS = (
    Column("rule"),
    Column("result"),
    Column("pass", right=True),
    Column("fail", right=True),
    Column("warn", right=True),
    Column("open", right=True),
    Column("because"),
)


def report_lines(report: "ProbeReport", *, with_steps: bool) -> Iterator[str]:
    """The steps where asked for, the table, the findings by rule, what was not carried out, the counts."""
    if with_steps:
        for step in report.steps:
            yield bold(f"{step.name}: {step.says}")
            yield from (_step_line(line) for line in step.requests)
        yield ""
    yield from table(_COLUMNS, [_cells(row) for row in report.rules], None)
    yield ""
    for findings in _by_rule(report.findings).values():
        yield from _finding_lines(findings)
    for trouble in report.troubles:
        yield coloured(f"not carried out: {printable(trouble)}", "red")
    yield counts_line(report)


def counts_line(report: "ProbeReport") -> str:
    """For example `23 rules pass, 1 warns, … in 47 requests, 13 streams (profile chat)`."""
    number = {result: sum(row.result == result for row in report.rules) for result in Result}
    parts = (
        f"{number[Result.PASS]} pass",
        f"{number[Result.FAIL]} fail",
        f"{number[Result.WARN]} warn",
        f"{number[Result.INCONCLUSIVE]} inconclusive",
        f"{number[Result.NA]} not applicable",
    )
    sent = f"{counted(report.requests, 'request')}, {counted(report.streams, 'stream')}"
    return f"Of {len(report.rules)} rules {', '.join(parts)}: {sent} (profile {printable(report.profile)})"


def _cells(row: "RuleRow") -> list[Cell]:
    counts = (row.passed, row.failed, row.warned, row.inconclusive)
    return [
        Cell(f"{row.code} {row.name}"),
        Cell(row.result, RESULT_COLOURS[Result(row.result)]),
        *(Cell(str(number) if number else "-") for number in counts),
        Cell(row.because),
    ]


def _by_rule(findings: "list[ReportedFinding]") -> "dict[str, list[ReportedFinding]]":
    groups: dict[str, list[ReportedFinding]] = defaultdict(list)
    for finding in sorted(findings, key=lambda each: each.code):
        groups[finding.code].append(finding)
    return groups


def _finding_lines(findings: "list[ReportedFinding]") -> Iterator[str]:
    yield bold(f"{findings[0].code} {findings[0].name}")
    alike: dict[str, list[ReportedFinding]] = defaultdict(list)
    for finding in findings:
        alike[finding.fingerprint].append(finding)
    for several in list(alike.values())[:MOST]:
        finding, others = several[0], len(several) - 1
        yield f"  #{finding.exchange}  {exchange_line(finding)}"
        yield f"    {coloured(weight(finding), COLOURS[finding.severity])}: {printable(finding.message)}"
        for fact, value in finding.evidence.items():
            yield f"      {printable(fact)}: {printable(value)}"
        if others:
            yield f"    and the like in {counted(others, 'more exchange')}"
    if len(alike) > MOST:
        yield f"  and {len(alike) - MOST} more"
    yield ""


def _step_line(line: "StepLine") -> str:
    number = f"#{line.exchange}" if line.exchange else "-"
    status = str(line.status or "-")
    note = f"  {printable(line.note)}" if line.note else ""
    return f"  {number:>4}  {status:>3}  {printable(line.says)}{note}"
