"""`streamid export`: a copy that is consistent, also of a recording that is being written."""

import os
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
    with opened(recording):
        pass
    if target.exists() or target.is_symlink():
        _check_replaceable(recording, target, force=force)
        _replace(recording, target)
    else:
        _copy(recording, target)
    click.echo(f"{target}: {target.stat().st_size:,} bytes")


def _check_replaceable(recording: Path, target: Path, *, force: bool) -> None:
    if target.is_dir():
        raise Unusable(f"{target}: is a folder; name the file to make")
    if target.exists() and target.samefile(recording):
        raise Unusable(f"{target}: is the recording itself")
    if not force:
        raise Unusable(f"{target}: exists already; --force overwrites it")
    if Path(f"{target}-wal").exists():
        raise Unusable(f"{target}: is a recording that was not closed; name another file")


def _replace(recording: Path, target: Path) -> None:
    """Put the copy in the place of `target` only once it is complete."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _copy(recording, part)
        part.replace(target)
    except OSError as error:
        raise Unusable(f"{target}: cannot be replaced: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(recording: Path, target: Path) -> None:
    from recordings.export import copy_live

    copy_live(recording, target)
