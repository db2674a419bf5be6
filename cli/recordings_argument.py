"""The parameters that reading commands share: recordings (files, folders, globs), the format, colours."""

import glob
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.colour import colour_option
from cli.errors import Unusable

if TYPE_CHECKING:
    from recordings.reader import Recording

SUFFIX = ".db"


def _all_recordings(
    context: click.Context, parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[Path, ...]:
    """Every file that `names` stand for, once each, in the order in which they were named."""
    found = {path.absolute(): path for name in names for path in _found(name)}
    return tuple(found.values())


def _found(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from _in_folder(path)
    elif path.exists():
        yield path
    elif glob.has_magic(name):
        yield from _matching(name)
    else:
        raise Unusable(f"{name}: there is no such file or folder")


def _in_folder(folder: Path) -> list[Path]:
    recordings = sorted(path for path in folder.glob(f"*{SUFFIX}") if path.is_file())
    if not recordings:
        raise Unusable(f"{folder}: there is no recording (*{SUFFIX}) in this folder")
    return recordings


def _matching(pattern: str) -> Iterator[Path]:
    names = sorted(glob.glob(pattern, recursive=True))
    if not names:
        raise Unusable(f"{pattern}: no file matches")
    for name in names:
        path = Path(name)
        yield from _in_folder(path) if path.is_dir() else [path]


def _one_recording(context: click.Context, parameter: click.Parameter, name: str) -> Path:
    paths = _all_recordings(context, parameter, (name,))
    if len(paths) > 1:
        raise Unusable(f"{name}: stands for {len(paths)} recordings; name one of them")
    return paths[0]


def recordings_argument[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the argument `recordings: tuple[Path, ...]`, at least one."""
    return click.argument(
        "recordings", metavar="RECORDING...", nargs=-1, required=True, callback=_all_recordings
    )(command)


def recording_argument[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the argument `recording: Path`."""
    return click.argument("recording", callback=_one_recording)(command)


def format_option[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the options `--format text|json` (`form: str`) and `--color`."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="JSON goes to standard output alone.",
    )
    return option(colour_option(command))


def opened(path: Path) -> "Recording":
    """The recording at `path`, to be used as a context manager; says on standard error what it lacks."""
    from recordings.reader import Recording

    recording = Recording(path)
    try:
        note_state(path, recording)
    except BaseException:
        recording.close()
        raise
    return recording


def note_state(path: Path, recording: "Recording") -> None:
    """One line on standard error where the writer did not close the recording, or lost something."""
    state = recording.run.state()
    if state:
        note(f"{path}: {state}")


def note(sentence: str) -> None:
    """One line on standard error that is no error."""
    click.echo(f"note: {sentence}", err=True)


def in_order_of_start(paths: Iterable[Path]) -> list[Path]:
    """`paths` by the time at which their runs started; says on standard error what each lacks."""
    starts = []
    for path in paths:
        with opened(path) as recording:
            starts.append((recording.run.info.started, path))
    return [path for _, path in sorted(starts, key=lambda pair: pair[0])]
