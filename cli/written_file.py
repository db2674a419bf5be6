"""A file that a command writes: whole or not at all, for its owner alone, and never over a recording."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cli.errors import Unusable

_SQLITE = b"SQLite format 3\0"


def check_writable(path: Path) -> None:
    """Refuse what must not be written over, and what cannot be written. Raises `Unusable`."""
    if path.is_dir():
        raise Unusable(f"{path}: is a folder; name the file to write")
    if not path.resolve().parent.is_dir():
        raise Unusable(f"{path}: cannot write: there is no folder {path.resolve().parent}")
    if not path.exists():
        return
    if not path.is_file():
        raise Unusable(f"{path}: is no regular file; -o - writes to standard output")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_SQLITE))
    except OSError as error:
        raise Unusable(f"{path}: cannot read what is there: {error.strerror}") from error
    if begins == _SQLITE:
        raise Unusable(f"{path}: is a recording, or another database, and is not written over")


def write_file(path: Path, text: str) -> bool:
    """Write `text` in UTF-8 with mode 0600, in the place of what is there; whether there was anything.

    Where `path` is a link, what it points to is replaced. Raises `Unusable`, and nothing is changed then.
    """
    check_writable(path)
    target = path.resolve()
    was_there = target.exists()
    draft = ""
    try:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
        with open(handle, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(target)
    except OSError as error:
        if draft:
            with suppress(OSError):
                Path(draft).unlink(missing_ok=True)
        raise Unusable(f"{path}: cannot write: {error.strerror}") from error
    return was_there
