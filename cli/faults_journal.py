"""`streamid faults journal`: what faults decided and changed in recorded traffic."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.recordings_argument import format_option, in_order_of_start, note, recordings_argument
from cli.rendering.escaping import printable

if TYPE_CHECKING:
    from contract.events import Injection


@click.command()
@recordings_argument
@click.option("--exchange", type=int, help="Only of this exchange.")
@click.option("--fault", "fault", metavar="NAME", help="Only of this fault of the plan.")
@click.option("--decisions", is_flag=True, help="Only what was decided, not what was changed.")
@format_option
def journal(
    recordings: tuple[Path, ...], exchange: int | None, fault: str | None, decisions: bool, form: str
) -> None:
    """Show the journal of faults: each decision, and each change that it led to.

    \b
    Examples:
      streamid faults journal recording.db
      streamid faults journal recording.db --fault strip-header --decisions
    """
    from cli.rendering.json_stream import array, written
    from recordings.reader import Recording

    paths = in_order_of_start(recordings)
    several = len(paths) > 1

    def entries() -> "Iterator[tuple[str, Injection]]":
        for path in paths:
            with Recording(path) as recording:
                for entry in recording.injections(exchange):
                    if _is_asked_for(entry, fault, decisions=decisions):
                        yield str(path), entry

    if form == "json":
        written(array(_as_json(path, entry, several=several) for path, entry in entries()))
        return
    shown = ""
    for path, entry in entries():
        if several and path != shown:
            click.echo(printable(path))
        shown = path
        click.echo(_line(entry))
    if not shown:
        note("the journal has no such entry" if exchange or fault or decisions else "the journal is empty")


def _is_asked_for(entry: "Injection", fault: str | None, *, decisions: bool) -> bool:
    return (fault is None or entry.fault == fault) and (not decisions or entry.deed in ("hit", "miss"))


def _as_json(path: str, entry: "Injection", *, several: bool) -> dict[str, Any]:
    from cli.rendering.injection_lines import injection_fields

    return ({"recording": path} if several else {}) | injection_fields(entry)


def _line(entry: "Injection") -> str:
    from cli.rendering.injection_lines import deed_text
    from cli.rendering.times import after

    key = f" {entry.key}" if entry.key else ""
    where = printable(f"#{entry.exchange:<5} {entry.fault} [{entry.ordinal}{key}]")
    return f"{after(entry.at):>11}  {where:<34} {deed_text(entry)}"
