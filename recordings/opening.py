"""Opening a file for reading: a recording of the format we know, or one clear sentence."""

import contextlib
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from recordings import migrations
from recordings.errors import RecordingError

_BUSY_SECONDS = 5.0


def connect(path: Path) -> sqlite3.Connection:
    """A read-only connection in autocommit mode to the recording at `path`; raises `RecordingError`.

    A recording of an older format is migrated first.
    """
    if not path.is_file():
        raise RecordingError(f"{path}: there is no such file" if not path.exists() else f"{path}: is no file")
    try:
        connection, version = _open(path)
        if version == len(migrations.MIGRATIONS):
            return connection
        connection.close()
        _upgrade(path, version)
        return _open(path)[0]
    except sqlite3.OperationalError as error:
        raise RecordingError(f"{path}: cannot be read: {error}") from error
    except sqlite3.Error as error:
        is_damaged = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT
        what = f"is damaged: {error}" if is_damaged else "is not a recording"
        raise RecordingError(f"{path}: {what}") from error


def _open(path: Path) -> tuple[sqlite3.Connection, int]:
    """The connection, and the file's format."""
    try:
        return _attempt(path, "mode=ro")
    except sqlite3.OperationalError:
        # In a folder that we may not write, SQLite refuses a file in WAL mode that nobody has open. It
        # can be read as it is, unless some of it is in its log.
        log = Path(f"{path}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _attempt(path, "mode=ro&immutable=1")


def _attempt(path: Path, mode: str) -> tuple[sqlite3.Connection, int]:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=_BUSY_SECONDS
    )
    try:
        return connection, _format(connection, path)
    except BaseException:
        connection.close()
        raise


def _format(connection: sqlite3.Connection, path: Path) -> int:
    """The format of the open file; raises `RecordingError` where it is none that this program can read."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    newest = len(migrations.MIGRATIONS)
    if application != migrations.APPLICATION_ID:
        raise RecordingError(f"{path}: is not a recording")
    if version > newest:
        raise RecordingError(
            f"{path}: is of format {version}, and this program knows formats up to {newest}: use a newer one"
        )
    return version


def _upgrade(path: Path, version: int) -> None:
    newest = len(migrations.MIGRATIONS)
    try:
        with contextlib.closing(
            sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
        ) as writing:
            migrations.migrate(Database(writing))
    except sqlite3.Error as error:
        raise RecordingError(
            f"{path}: is of format {version} and cannot be brought to format {newest}: {error}"
        ) from error
