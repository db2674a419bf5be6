"""A consistent copy of a recording, also of one that is being written."""

import contextlib
import os
import sqlite3
from pathlib import Path

from recordings.errors import RecordingError, RecordingExists
from recordings.opening import connect


def copy_live(source: Path, target: Path) -> None:
    """Copy `source` as it stands now to the single file `target`, which is made with mode 0600.

    The copy of a recording that goes on holds what was in the file at one moment, and says that its
    writer has not closed it. Raises `RecordingExists` where `target` is there already, and
    `RecordingError` where either cannot be used.
    """
    with contextlib.closing(connect(source)) as reading:
        _create(target)
        try:
            with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing:
                reading.backup(writing)
                writing.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            raise RecordingError(f"{target}: cannot be written: {error}") from error


def _create(target: Path) -> None:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise RecordingExists(f"{target}: exists already") from None
    except OSError as error:
        raise RecordingError(f"{target}: cannot be made: {error.strerror}") from error
