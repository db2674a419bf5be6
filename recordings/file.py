"""The file under a writer: made exclusively, written in transactions, closed to a single file."""

import contextlib
import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from recordings.batch import Batch
from recordings.errors import RecordingError, RecordingExists
from recordings.migrations import APPLICATION_ID, migrate
from recordings.rows import RunInfo

_BUSY_MS = 200
_JOURNAL_LIMIT = 4 * 1024 * 1024
_VACUUM_PAGES = 25_000


def microseconds(since: datetime, until: datetime) -> int:
    """Whole microseconds between two points of time."""
    return (until - since) // timedelta(microseconds=1)


class RecordingFile:
    """A recording that this process made. One thread at a time may use it."""

    def __init__(self, path: Path, info: RunInfo) -> None:
        self.path = path
        self._wal = Path(f"{path}-wal")
        _create(path)
        try:
            self.connection = _connect(path)
        except sqlite3.Error as error:
            raise RecordingError(f"{path}: cannot be written: {error}") from error
        try:
            self._prepare(info)
        except sqlite3.Error as error:
            self.connection.close()
            raise RecordingError(f"{path}: cannot be written: {error}") from error

    def _prepare(self, info: RunInfo) -> None:
        connection = self.connection
        for pragma in (
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            f"journal_size_limit = {_JOURNAL_LIMIT}",
            f"busy_timeout = {_BUSY_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        migrate(Database(connection))
        connection.execute(
            "INSERT INTO run (id, started, mitmproxy, streamid, python, platform, pid, profile_name,"
            " profile_toml, options) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                microseconds(datetime.fromtimestamp(0, UTC), info.started),
                *(info.mitmproxy, info.streamid, info.python, info.platform, info.pid),
                *(info.profile_name, info.profile_toml, json.dumps(info.options, ensure_ascii=False)),
            ),
        )

    def write(self, batch: Batch) -> None:
        """All of `batch`, or nothing. Raises `sqlite3.Error`; may then be called with it again."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            batch.apply(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def wal_size(self) -> int:
        """Bytes in the write-ahead log."""
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def size(self) -> int:
        """Bytes of the recording on the disk, its write-ahead log included; any thread may ask."""
        try:
            return self.path.stat().st_size + self.wal_size()
        except OSError:
            return 0

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file and empty it; False while a reader prevents that."""
        try:
            row = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False
        return row is not None and row[0] == 0

    def mark_closed(self, started: datetime) -> None:
        """Note that nothing is missing from here on."""
        self.connection.execute(
            "UPDATE run SET closed = max(last_at, ?)", (microseconds(started, datetime.now(UTC)),)
        )

    def to_single_file(self) -> str:
        """Give back free pages and leave WAL mode; what prevents that, empty where nothing does."""
        try:
            self.connection.execute(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})").fetchall()
            # First, so that whatever comes the file itself has everything.
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            mode = self.connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                return str(error)
            mode = "wal"
        return "" if mode == "delete" else "another program has the recording open"

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


def _create(path: Path) -> None:
    """An empty file of mode 0600 whatever the umask; SQLite gives the same mode to its companions."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(f"{path}: its folder cannot be made: {error.strerror}") from error
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RecordingExists(_who_has(path)) from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be made: {error.strerror}") from error
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    # Made on the caller's thread, so that it learns of errors; used on the writer's alone.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)


def _who_has(path: Path) -> str:
    """Why `path` cannot be made anew, in one sentence."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.2)
        ) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                return f"{path}: exists already, and is not a recording"
            pid, closed = connection.execute("SELECT pid, closed FROM run").fetchone()
    except (sqlite3.Error, TypeError):
        return f"{path}: exists already"
    if closed is not None:
        return f"{path}: exists already, a finished recording"
    if alive(pid):
        return (
            f"{path}: is being written by another process ({pid})"
            if pid != os.getpid()
            else (f"{path}: is being written by this process already")
        )
    return f"{path}: exists already, left behind by process {pid}, which is gone"


def alive(pid: int) -> bool:
    """Whether a process with this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
