"""The table of `docs/matrix.md`, from the cells. Make it anew with `python -m tests.matrix.page`."""

import re
from pathlib import Path

from tests.matrix.cell import Cell
from tests.matrix.table import BUGS, CLIENTS, FAULTS, PLAIN

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"
_TABLES = re.compile(r"(?<=<!-- tables -->\n).*(?=<!-- end -->)", re.DOTALL)
_WORDS = {":warning": " (warning)", "?": " (inconclusive)"}


def tables() -> str:
    """All cells in Markdown."""
    parts = (("No switch", PLAIN), ("The service", BUGS), ("The client", CLIENTS), ("A hop", FAULTS))
    return "".join(f"\n### {title}\n\n{_table(cells)}\n" for title, cells in parts)


def _table(cells: tuple[Cell, ...]) -> str:
    rows = [
        f"| {_switches(cell)} | {cell.scenario or 'the tester'} | {_found(cell)} | {_causes(cell)} |"
        for cell in cells
    ]
    return "\n".join(["| switches | client | findings | cause |", "|---|---|---|---|", *rows]) + "\n"


def _causes(cell: Cell) -> str:
    return ", ".join(f"[{cause}](causes.md#{cause})" for cause in cell.causes) or "none"


def _switches(cell: Cell) -> str:
    switches = [f"`--bug {bug}`" for bug in cell.bugs]
    switches += [f"`--client-bug {cell.client}`"] if cell.client else []
    switches += [f"`--fault {fault}`" for fault in cell.faults]
    return " ".join(switches) or "none"


def _found(cell: Cell) -> str:
    return ", ".join(_linked(label) for label in sorted(cell.expected)) or "none"


def _linked(label: str) -> str:
    code = label[:5]
    return f"[{code}](rules/{code}.md){_WORDS.get(label[5:], '')}"


def renewed(page: str) -> str:
    """The page with today's tables."""
    return _TABLES.sub(lambda _: tables() + "\n", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
