"""Rules explained on a terminal, and the table of all of them."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cli.rendering.columns import Cell, Column, table
from cli.rendering.finding_lines import COLOURS
from cli.rendering.styling import bold, coloured

if TYPE_CHECKING:
    from contract.explaining import Example, Explanation, Fix, Verdicts

COLUMNS = (Column("code"), Column("name"), Column("severity"), Column("holds when", flexible=True))
_INDENT = "  "
_LEAST = 30
_CODE_SPAN = re.compile(r"`([^`]+)`")
# A space within a code span that must not be broken, while text is wrapped.
_GLUE = "\0"


def table_lines(rules: "Iterable[Explanation]", width: int | None) -> Iterator[str]:
    """A line of titles and one for each rule, at most `width` cells wide; None: as wide as they are."""
    return table(COLUMNS, (_cells(each) for each in rules), width)


def _cells(explained: "Explanation") -> list[Cell]:
    rule = explained.rule
    return [
        Cell(rule.code),
        Cell(rule.name),
        Cell(rule.severity.value, COLOURS[rule.severity]),
        Cell(explained.page.holds.replace("`", "")),
    ]


def page_lines(explained: "Explanation", width: int) -> Iterator[str]:
    """All of a rule's page: prose wrapped at `width` cells, code and traffic indented and never wrapped."""
    rule, page = explained.rule, explained.page
    severity = coloured(rule.severity.value, COLOURS[rule.severity])
    yield f"{bold(rule.code)} {bold(rule.name)} ({severity})"
    yield from _paragraphs(page.holds, width, "")
    yield from _section("Why it matters")
    yield from _paragraphs(page.why, width)
    yield from _section("Verdicts")
    yield from _verdicts(page.verdicts, width)
    yield from _section("Failing, in the lab")
    yield from _example(page.failing)
    yield from _section("Passing")
    yield from _example(page.passing)
    yield from _section("How to mend it")
    for number, fix in enumerate(page.fix):
        yield from [""] * bool(number)
        yield from _fix(fix, width)
    yield from _section("Standards")
    for source in page.sources:
        yield f"{_INDENT}{source.title}"
        yield f"{_INDENT * 2}{coloured(source.url, 'cyan')}"
    if page.related:
        yield from _section("See also")
        yield f"{_INDENT}streamid rule {' '.join(page.related)}"


def _section(title: str) -> Iterator[str]:
    yield ""
    yield bold(title)


def _verdicts(verdicts: "Verdicts", width: int) -> Iterator[str]:
    said = {
        "FAIL": verdicts.fail,
        "WARN": verdicts.warn,
        "INCONCLUSIVE": verdicts.inconclusive,
        "N/A": verdicts.not_applicable,
    }
    for verdict, when in said.items():
        if when:
            yield from _wrapped(when, width, f"{_INDENT}{verdict:<14}", _INDENT + " " * 14)


def _example(example: "Example") -> Iterator[str]:
    yield from _block(example.commands)
    yield ""
    yield from _block(example.wire)
    if example.finding:
        yield ""
        yield coloured(f"{_INDENT * 2}{example.finding}", "yellow")


def _fix(fix: "Fix", width: int) -> Iterator[str]:
    yield f"{_INDENT}{bold(fix.platform)}"
    yield from _paragraphs(fix.text, width, _INDENT * 2)
    if fix.code:
        yield ""
        yield from _block(fix.code, _INDENT * 4)


def _block(text: str, indent: str = _INDENT * 2) -> Iterator[str]:
    return (f"{indent}{line}".rstrip() for line in text.splitlines())


def _paragraphs(text: str, width: int, indent: str = _INDENT) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        yield from [""] * bool(number)
        yield from _wrapped(paragraph, width, indent, indent)


def _wrapped(text: str, width: int, first: str, rest: str) -> Iterator[str]:
    text = " ".join(text.split())
    glued = _CODE_SPAN.sub(lambda span: span[0].replace(" ", _GLUE), text)
    lines = textwrap.wrap(
        glued,
        max(width, _LEAST),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return (
        _CODE_SPAN.sub(lambda span: coloured(span[0], "cyan"), line.replace(_GLUE, " ")) for line in lines
    )
