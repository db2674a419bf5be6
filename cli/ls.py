"""`streamid ls`: one line per exchange."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.recordings_argument import format_option, in_order_of_start, recordings_argument

if TYPE_CHECKING:
    from recordings.rows import ExchangeRow, Run


@click.command()
@recordings_argument
@format_option
def ls(recordings: tuple[Path, ...], form: str) -> None:
    """List exchanges: what they were, how they ended, what was found.

    A RECORDING is a file, a folder of *.db files, or a pattern in quotes. Times are local in text, UTC in
    JSON.

    \b
    Examples:
      streamid ls recordings/20250131T120000Z.db
      streamid ls recordings --format json | jq '.[] | select(.findings > 0)'
    """
    paths = in_order_of_start(recordings)
    several = len(recordings) > 1
    if form == "json":
        from cli.rendering.json_stream import array, written

        written(array(_as_json(path, run, row, several=several) for path, run, row, _ in _rows(paths)))
        return
    from cli.rendering.exchange_table import exchange_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in exchange_lines(_rows(paths, codes=True), several=several, width=width):
        click.echo(line)


def _rows(paths: list[Path], *, codes: bool = False) -> "Iterator[tuple[Path, Run, ExchangeRow, str]]":
    """Every exchange; `codes` adds the codes of its findings, once each."""
    from recordings.reader import Recording

    for path in paths:
        with Recording(path) as recording:
            run = recording.run
            for row in recording.exchanges():
                found = recording.findings(row.exchange) if codes and row.findings else ()
                yield path, run, row, " ".join(dict.fromkeys(finding.code for finding in found))


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
