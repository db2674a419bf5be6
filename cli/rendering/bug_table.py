"""The bugs of the lab, as a table and as JSON."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cli.rendering.columns import Cell, Column, table

if TYPE_CHECKING:
    from lab.bugs import Bug

COLUMNS = (Column("bug"), Column("value"), Column("breaks"), Column("what it does", flexible=True))


def bug_lines(bugs: "Iterable[Bug]", width: int | None) -> Iterator[str]:
    """A line of titles and one for each bug, at most `width` cells wide; None: as wide as they are."""
    return table(COLUMNS, (_cells(bug) for bug in bugs), width)


def _cells(bug: "Bug") -> list[Cell]:
    does = f"{bug.summary} (seen with {bug.scenario})" if bug.scenario else bug.summary
    return [Cell(bug.name), Cell(bug.value or "-"), Cell(" ".join(bug.breaks) or "-"), Cell(does)]


def bug_fields(bug: "Bug") -> dict[str, object]:
    """A bug as a JSON object; `value` and `scenario` are null where there is none."""
    return {
        "name": bug.name,
        "value": bug.value or None,
        "summary": bug.summary,
        "breaks": list(bug.breaks),
        "scenario": bug.scenario or None,
    }
