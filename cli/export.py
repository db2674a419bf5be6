"""`streamid export`: a copy that is consistent, also of a recording that is being written."""

from pathlib import Path

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.recordings_argument import opened, recording_argument


@click.command()
@recording_argument
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path), help="The file to make, of mode 0600."
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
@colour_option
def export(recording: Path, target: Path, force: bool) -> None:
    """Copy a recording to one file, also while it is written.

    \b
    Example:
      streamid export recordings/20250131T120000Z.db --to evidence.db
    """
    from recordings.export import copy_live

    if target.is_dir():
        raise Unusable(f"{target}: is a folder; name the file to make")
    if target.exists():
        if target.samefile(recording):
            raise Unusable(f"{target}: is the recording itself")
        if not force:
            raise Unusable(f"{target}: exists already; --force overwrites it")
    with opened(recording):
        pass
    try:
        copy_live(recording, target)
    except OSError as error:
        raise Unusable(f"{target}: cannot be written: {error.strerror or error}") from error
    click.echo(f"{target}: {target.stat().st_size:,} bytes")
