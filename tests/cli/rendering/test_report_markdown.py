import re

from cli.rendering.report_markdown import MOST, markdown_lines
from tests.cli.rendering.reports import finding, hostile, report

SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", re.DOTALL)
"""A code span by CommonMark 6.1: from a run of backticks to the next run of the same length."""


def cells(row: str) -> list[str]:
    """What GFM 4.10 makes of a row: a pipe ends a cell unless a backslash stands before it."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_a_finding_is_a_row() -> None:
    lines = list(markdown_lines(report(finding())))
    assert lines[0].startswith("**streamid**: `1 error, ")
    assert cells(lines[2]) == ["severity", "rule", "exchange", "finding"]
    assert cells(lines[4]) == [
        "error",
        "EC203 echo-fabricated",
        "`a.db#4 It failed. It failed. → 400`",
        "`It failed.`",
    ]


def test_without_findings_there_is_no_table() -> None:
    assert len(list(markdown_lines(report()))) == 1


def test_hostile_values_stay_within_their_code_spans() -> None:
    made = hostile()
    rows = list(markdown_lines(made))[4:]
    assert len(rows) == len(made.findings)
    for row in rows:
        assert row.isprintable()
        found = cells(row)
        assert len(found) == 4
        for cell in found[2:]:
            assert SPAN.sub("", cell) in ("", "``"), cell
    assert "<script>" in "".join(rows)


def test_a_long_table_is_cut_and_says_so() -> None:
    lines = list(markdown_lines(report(*(finding("x" * 1000) for _ in range(100)))))
    assert sum(map(len, lines)) < MOST + 1000
    left = re.fullmatch(r"and (\d+) more findings", lines[-1])
    assert left is not None
    assert len(lines) - 6 + int(left[1]) == 100
