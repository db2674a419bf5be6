"""The table of `streamid ls`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.rendering.columns import Cell, Column, table
from cli.rendering.escaping import printable
from cli.rendering.times import local

if TYPE_CHECKING:
    from recordings.rows import ExchangeRow, Run

COLUMNS = (
    Column("#", right=True, least=5),
    Column("time"),
    Column("method"),
    Column("path", flexible=True),
    Column("status", right=True),
    Column("role"),
    Column("stream", flexible=True),
    Column("outcome"),
    Column("findings", flexible=True),
)

OUTCOME_COLOURS = {"complete": None, "client-abort": "cyan", "open": "cyan", "injected": "magenta"}


def exchange_lines(
    rows: "Iterable[tuple[Path, Run, ExchangeRow, dict[str, str | None]]]",
    *,
    several: bool,
    width: int | None,
) -> Iterator[str]:
    """A line per exchange, and one of titles; with the recording first where there are several.

    The last of a row is the codes of its findings, each with its colour.
    """
    columns = (Column("recording"), *COLUMNS) if several else COLUMNS
    now = datetime.now(UTC)
    return table(
        columns,
        (
            [Cell(printable(str(path)))] * several + _cells(run, row, codes, now)
            for path, run, row, codes in rows
        ),
        width,
    )


def _cells(run: "Run", row: "ExchangeRow", codes: dict[str, str | None], now: datetime) -> list[Cell]:
    return [
        Cell(str(row.exchange)),
        Cell(local(run, row.at, now)),
        Cell(printable(row.method)),
        Cell(printable(path_of(row.url))),
        Cell("-" if row.status is None else str(row.status), status_colour(row.status)),
        Cell(_known(row.role), None if row.role in (None, "other") else "cyan"),
        Cell(_known(row.stream)),
        Cell(printable(row.outcome), OUTCOME_COLOURS.get(row.outcome, "yellow")),
        Cell(" ".join(codes) or "-", words=codes),
    ]


def _known(text: str | None) -> str:
    return printable(text) if text else "-"


def path_of(url: str) -> str:
    """What follows the origin in a URL; all of it where there is none."""
    origin, slashes, rest = url.partition("://")
    return f"/{rest.partition('/')[2]}" if slashes and origin.isalpha() else url


def status_colour(status: int | None) -> str | None:
    """Green, cyan, yellow and red, as the classes of status codes go."""
    if status is None:
        return None
    return {2: "green", 3: "cyan", 4: "yellow", 5: "red"}.get(status // 100)
