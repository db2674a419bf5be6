"""A report as Markdown for an incident ticket: the verdict, and each incident with what proves it.

What was recorded stands in code spans: there neither HTML nor links, references or mentions mean anything.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable, shortened
from cli.rendering.report_markdown import MOST, code_span

if TYPE_CHECKING:
    from contract.incidents import Incident
    from postmortem.report.model import CauseGroup, Occurrence, Report, Section

PER_CAUSE = 3
"""Incidents of one cause that are told; the others are counted."""
_TEXT = 600
_SCOPES = 5


def ticket_lines(report: "Report") -> Iterator[str]:
    """All of it, cut short where a ticket's text would be too long."""
    size = 0
    for part in _parts(report):
        text = "\n".join(part)
        size += len(text) + 1
        if size > MOST:
            yield "(The rest is left out: it would not fit into a ticket.)"
            return
        yield text


def _parts(report: "Report") -> Iterator[list[str]]:
    """The text in pieces, each of which is there as a whole or not at all."""
    from postmortem.report.verdict import verdict

    yield ["## streamid report", "", _code(verdict(report)), ""]
    yield [*_recordings(report), ""]
    for group in report.causes():
        yield list(_cause(group))
        for occurrence in group.occurrences[:PER_CAUSE]:
            yield list(_incident(occurrence, several=len(report.sections) > 1))
        more = group.count - min(len(group.occurrences), PER_CAUSE)
        if more > 0:
            yield [f"… and {more:,} more of this cause.", ""]
    rules = list(_rules(report))
    if rules:
        yield ["### Findings by rule", "", "| rule | found | first in |", "|---|---:|---|", *rules, ""]
    yield [f"Made by streamid {_code(report.version)}. Secrets are redacted. Times are UTC."]


def _recordings(report: "Report") -> Iterator[str]:
    yield "| recording | started | profile | exchanges | incidents |"
    yield "|---|---|---|---:|---:|"
    for section in report.sections:
        started = section.run.time(0).strftime("%Y-%m-%d %H:%M:%S")
        incidents = len(section.diagnosed.incidents) + section.diagnosed.left_out
        cells = (
            _code(section.name),
            started,
            _code(section.run.info.profile_name),
            f"{len(section.rows):,}",
            f"{incidents:,}",
        )
        yield f"| {' | '.join(cells)} |"


def _cause(group: "CauseGroup") -> Iterator[str]:
    yield f"### {_code(group.cause)}{'' if group.count == 1 else f' ({group.count:,} times)'}"
    yield ""
    if group.known:
        yield group.known.means
        yield ""
    scopes = group.scopes
    if len(scopes) > 1:
        named = ", ".join(map(_code, scopes[:_SCOPES]))
        more = f" and {len(scopes) - _SCOPES:,} more" if len(scopes) > _SCOPES else ""
        yield f"Scopes: {named}{more}"
        yield ""


def _incident(occurrence: "Occurrence", *, several: bool) -> Iterator[str]:
    it, section = occurrence.incident, occurrence.section
    yield f"**{it.confidence.value}**: {_code(it.summary)}"
    yield ""
    where = _where(section, it.exchange, several=several)
    yield f"- Where: {where}, at {section.run.time(it.at):%H:%M:%S.%f}"
    if it.stream:
        yield f"- Stream: {_code(it.stream)}"
    if it.scope:
        yield f"- Scope: {_code(it.scope)}"
    if it.injected:
        yield f"- Made on purpose, by the fault {_code(it.injected)}"
    yield from _reasons(it)
    if it.advice:
        yield f"- **What to change**: {_code(it.advice)}"
    yield ""


def _reasons(it: "Incident") -> Iterator[str]:
    from contract.findings import SIDE_NAMES

    if it.evidence:
        yield "- Evidence:"
    for fact in it.evidence:
        yield f"  - exchange {fact.exchange}, {SIDE_NAMES[fact.side]}: {_code(fact.fact)}"
    if it.ruled_out:
        yield "- Ruled out:"
    for other in it.ruled_out:
        yield f"  - {_code(other.cause)}: {_code(other.because)}"
    if it.possible:
        yield f"- Still possible: {', '.join(map(_code, it.possible))}"
    if it.decides:
        yield f"- What would decide it: {_code(it.decides)}"


def _rules(report: "Report") -> Iterator[str]:
    several = len(report.sections) > 1
    for group in report.rules():
        section, finding = group.findings[0]
        where = _where(section, finding.exchange, several=several)
        yield f"| {group.code} {finding.name} | {group.count:,} | {where} |"


def _where(section: "Section", exchange: int, *, several: bool) -> str:
    return f"exchange {exchange}{f' of {_code(section.name)}' if several else ''}"


def _code(text: str) -> str:
    return code_span(shortened(printable(text), _TEXT))
