"""Incidents for people: cause by cause, with the evidence, what was ruled out, and what to do."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cli.rendering.escaping import printable
from cli.rendering.report_text import counted
from cli.rendering.styling import bold, coloured
from contract.findings import SIDE_NAMES
from contract.incidents import Confidence, Incident

if TYPE_CHECKING:
    from postmortem.diagnosing import Diagnosed, Group

_COLOURS = {Confidence.CERTAIN: "red", Confidence.LIKELY: "yellow", Confidence.POSSIBLE: "cyan"}
_LISTED = 5
_WIDTH = 24

type Where = Callable[[int, str], str]
"""How an exchange of a side is written."""
type Told = Callable[[int], str]
"""The line of an exchange: when, method, path and status."""


def diagnosis_lines(
    diagnosed: "Diagnosed", *, where: Where, told: Told, everything: bool = False
) -> Iterator[str]:
    """One recording's incidents by cause: the first of each in full, the others in a line, and the counts."""
    for group in diagnosed.groups:
        incidents = [each for each in diagnosed.incidents if each.cause == group.cause]
        if not incidents:
            continue
        yield _title(group, incidents[0])
        shown = incidents if everything else incidents[:1]
        for incident in shown:
            yield from _incident(incident, where, told)
        rest = incidents[len(shown) :]
        for incident in rest[:_LISTED]:
            yield f"  also {_line(incident, told)}"
        more = group.count - len(shown) - min(len(rest), _LISTED)
        if more:
            yield f"  and {counted(more, 'more incident')} of this cause"
        yield ""
    yield counts(diagnosed)


def counts(diagnosed: "Diagnosed") -> str:
    """For example `2 incidents of 1 cause; 7 of 9 streams healthy, 6 negative tests refused as …`."""
    total = sum(group.count for group in diagnosed.groups)
    found = (
        coloured(f"{counted(total, 'incident')} of {counted(len(diagnosed.groups), 'cause')}", "red")
        if total
        else coloured("no incident", "green")
    )
    expected = (
        f", {counted(diagnosed.expected, 'negative test')} refused as {_should_be(diagnosed.expected)}"
        if diagnosed.expected
        else ""
    )
    streams = f"{diagnosed.healthy:,} of {counted(diagnosed.streams, 'stream')} healthy"
    return f"{found}; {streams}{expected} (profile {printable(diagnosed.profile)})"


def _should_be(count: int) -> str:
    return "it should be" if count == 1 else "they should be"


def _title(group: "Group", first: Incident) -> str:
    times = f"  ×{group.count}, #{group.first} to #{group.last}" if group.count > 1 else ""
    count = len(group.scopes)
    more = "" if group.has_all_scopes else " or more"
    scopes = f", in {count}{more} scopes" if count > 1 else ""
    sure = f"({first.confidence})"
    injected = f"  injected by {printable(first.injected)}" if first.injected else ""
    title = f"{bold(group.cause)} {coloured(sure, _COLOURS[first.confidence])}{times}{scopes}"
    return title + coloured(injected, "magenta")


def _line(incident: Incident, told: Told) -> str:
    stream = f"  {printable(incident.stream)}" if incident.stream else ""
    return f"{told(incident.exchange)}{stream}"


def _incident(incident: Incident, where: Where, told: Told) -> Iterator[str]:
    yield f"  {_line(incident, told)}"
    yield f"  {printable(incident.summary)}"
    if incident.possible:
        yield f"    possible: {', '.join(incident.possible)}"
    for fact in incident.evidence:
        seen = where(fact.exchange, SIDE_NAMES[fact.side])
        yield f"    {coloured('+', 'green')} {seen:<14} {printable(fact.fact)}"
    for other in incident.ruled_out:
        yield f"    {coloured('-', 'cyan')} not {other.cause}: {printable(other.because)}"
    if incident.decides:
        yield f"    {coloured('?', 'yellow')} would decide: {printable(incident.decides)}"
    if incident.advice:
        yield f"    {bold('→ ' + printable(incident.advice))}"
