"""`streamid ls`: one line per exchange."""

import shutil
import sys
from collections.abc import Iterator
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.exchange_filters import Filters, exchange_filters, with_codes
from cli.recordings_argument import format_option, in_order_of_start, note, recordings_argument

if TYPE_CHECKING:
    from recordings.rows import ExchangeRow, Run

_AT_ONCE = 100
"""Lines that are written at once: each write is flushed."""


@click.command()
@recordings_argument
@exchange_filters
@format_option
def ls(recordings: tuple[Path, ...], form: str, **chosen: Any) -> None:
    """List exchanges: what they were, how they ended, what was found.

    A RECORDING is a file, a folder of *.db files, or a pattern in quotes. Times are local in text, UTC in
    JSON.

    Options that choose can be repeated: what is listed fits all of them, and any of an option's values.
    TIME is ISO 8601 (without a zone: UTC), or like +90s or 10m after the start of each recording.

    \b
    Examples:
      streamid ls recordings/20250131T120000Z.db
      streamid ls recordings --role echo --status 4xx --finding EC
      streamid ls recordings --match '~u /stream$ & ~hs text/event-stream'
      streamid ls recordings --format json | jq '.[] | select(.findings > 0)'
    """
    filters = Filters(**chosen)
    paths = in_order_of_start(recordings)
    several = len(recordings) > 1
    if form == "json":
        from cli.rendering.json_stream import array, written

        rows = _rows(paths, filters, codes=False)
        written(array(_as_json(path, run, row, several=several) for path, run, row, _ in rows))
        return
    from cli.rendering.exchange_table import exchange_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = exchange_lines(_rows(paths, filters, codes=True), several=several, width=width)
    for some in batched(lines, _AT_ONCE):
        click.echo("\n".join(some))


type Listed = "tuple[Path, Run, ExchangeRow, dict[str, str | None]]"


def _rows(paths: list[Path], filters: Filters, *, codes: bool) -> Iterator[Listed]:
    """The chosen exchanges; `codes` adds the codes of their findings, each with its colour."""
    from recordings.reader import Recording

    listed = 0
    for path in paths:
        with Recording(path) as recording:
            run = recording.run
            rows = filters.rows(recording)
            for row, found in with_codes(recording, rows) if codes else ((row, {}) for row in rows):
                listed += 1
                yield path, run, row, found
    if filters and not listed:
        note("no exchange fits these options")


def _as_json(path: Path, run: "Run", row: "ExchangeRow", *, several: bool) -> dict[str, Any]:
    """The documented keys; `recording` only where there is more than one."""
    from cli.rendering.times import utc

    return ({"recording": str(path)} if several else {}) | {
        "exchange": row.exchange,
        "at": utc(run, row.at),
        "method": row.method,
        "url": row.url,
        "status": row.status,
        "role": row.role,
        "stream": row.stream,
        "scope": row.scope,
        "outcome": row.outcome,
        "findings": row.findings,
    }
