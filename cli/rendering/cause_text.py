"""Causes explained on a terminal and in JSON, and the table of all of them."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from cli.rendering.columns import Cell, Column, table
from cli.rendering.styling import bold
from contract.vantage import Vantage, looks_like

if TYPE_CHECKING:
    from contract.causes.cause import Cause

COLUMNS = (Column("cause"), Column("party"), Column("means", flexible=True))


def table_lines(causes: "Iterable[Cause]", width: int | None) -> Iterator[str]:
    """A line of titles and one for each cause, at most `width` cells wide; None: as wide as they are."""
    rows = ([Cell(each.code), Cell(each.party.value), Cell(each.means)] for each in causes)
    return table(COLUMNS, rows, width)


def cause_lines(cause: "Cause") -> Iterator[str]:
    """What a cause means, who has to change something, and what tells it from others."""
    yield f"{bold(cause.code)} ({cause.party.value})"
    yield f"  {cause.means}"
    yield f"  told by: {cause.told_by}"
    for side, vantage in (("client's", Vantage.CLIENT), ("service's", Vantage.SERVER)):
        if alike := looks_like(cause.code, vantage):
            yield f"  from the {side} side of a hop alone, possible as well: {', '.join(alike)}"


def cause_fields(cause: "Cause") -> dict[str, Any]:
    """The stable keys of a cause in JSON."""
    return {
        "code": cause.code,
        "party": cause.party.value,
        "means": cause.means,
        "told_by": cause.told_by,
        "alike_from_client": list(looks_like(cause.code, Vantage.CLIENT)),
        "alike_from_server": list(looks_like(cause.code, Vantage.SERVER)),
    }
