"""`streamid index`: events and full-text search, on demand."""

from pathlib import Path

import click

from cli.colour import colour_option
from cli.recordings_argument import recording_argument


@click.command()
@recording_argument
@colour_option
def index(recording: Path) -> None:
    """Add parsed events and full-text search to a recording.

    \b
    Example:
      streamid index recordings/20250131T120000Z.db
    """
    from recordings.index import index as add_index

    add_index(recording)
    click.echo(f"{recording}: indexed")
