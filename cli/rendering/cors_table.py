"""The table of `streamid cors`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.rendering.columns import Cell, Column, table
from cli.rendering.escaping import printable
from cli.rendering.exchange_table import path_of, status_colour

if TYPE_CHECKING:
    from replay.cors import Answer

COLUMNS = (
    Column("#", right=True, least=5),
    Column("method"),
    Column("path", flexible=True),
    Column("status", right=True),
    Column("origin", flexible=True),
    Column("header"),
    Column("readable"),
    Column("because"),
)
_SAID = {True: Cell("yes", "green"), False: Cell("no", "red"), None: Cell("?", "yellow")}


def cors_lines(
    answers: "Iterable[tuple[Path, Answer]]", *, several: bool, width: int | None
) -> Iterator[str]:
    """A line per exchange and header, and one of titles; with the recording first where there are several."""
    columns = (Column("recording"), *COLUMNS) if several else COLUMNS
    rows = ([Cell(printable(str(path)))] * several + _cells(answer) for path, answer in answers)
    return table(columns, rows, width)


def _cells(answer: "Answer") -> list[Cell]:
    return [
        Cell(str(answer.exchange)),
        Cell(printable(answer.method)),
        Cell(printable(path_of(answer.url))),
        Cell(str(answer.status), status_colour(answer.status)),
        Cell(printable(answer.origin)),
        Cell(answer.header),
        _SAID[answer.readable],
        Cell(printable(answer.because)),
    ]
