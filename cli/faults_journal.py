"""`streamid faults journal`: what faults decided and changed in recorded traffic."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.recordings_argument import format_option, opened, recordings_argument

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
    from cli.rendering.injection_lines import deed_text, injection_fields
    from cli.rendering.json_stream import array, written
    from cli.rendering.times import after
    from contract.events import Deed

    def entries() -> Iterator[tuple[str, "Injection"]]:
        for path in recordings:
            with opened(path) as recording:
                for entry in recording.injections(exchange):
                    if fault is not None and entry.fault != fault:
                        continue
                    if not decisions or entry.deed in (Deed.HIT, Deed.MISS):
                        yield str(path), entry

    if form == "json":
        fields: Iterator[dict[str, Any]] = (
            {"recording": path} | injection_fields(entry) for path, entry in entries()
        )
        written(array(fields))
        return
    shown = ""
    for path, entry in entries():
        if path != shown:
            shown = path
            click.echo(path)
        key = f" {entry.key}" if entry.key else ""
        where = f"#{entry.exchange:<5} {entry.fault} [{entry.ordinal}{key}]"
        click.echo(f"{after(entry.at):>11}  {where:<34} {deed_text(entry)}")
