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

    This makes the tables `event` and `event_text` anew. A recording that is being written is refused: index a
    copy of it.

    \b
    Example:
      streamid index recordings/20250131T120000Z.db
    """
    from recordings.index import index as add_index

    events = add_index(recording)
    click.echo(f"{recording}: {events:,} event{'' if events == 1 else 's'} indexed")
