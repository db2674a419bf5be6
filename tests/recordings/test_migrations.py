"""The schema is made step by step, and what it is in the end is written down here."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from recordings import migrations
from recordings.errors import RecordingError
from recordings.migrations import APPLICATION_ID, migrate
from recordings.reader import Recording
from recordings.views import VIEWS as FIRST_VIEWS
from tests.support.sequences import record, small, stream

TABLES = {
    "run",
    *("exchange", "field", "request", "response", "message", "body", "segment", "abort", "gap", "injection"),
    *("finding", "verdict", "redaction", "incident"),
}
VIEWS = {
    "runs",
    "exchanges",
    "headers",
    "bodies",
    "streams",
    "findings",
    "aborts",
    "gaps",
    "redactions",
    "injections",
    "incidents",
}

OF_FORMAT_2 = (
    "DROP VIEW incidents; DROP TABLE incident; DROP VIEW streams; DROP VIEW findings;"
    "ALTER TABLE exchange DROP COLUMN title;" + ";".join(FIRST_VIEWS[4:6]) + ";"
)
"""What makes of a recording of the newest format one of format 2."""

NEWEST = len(migrations.MIGRATIONS)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(sqlite3.connect(tmp_path / "m.db", isolation_level=None)) as connection:
        yield Database(connection)


def test_an_empty_file_becomes_a_recording(database: Database) -> None:
    migrate(database)
    assert set(database.table_names()) == TABLES
    assert set(database.view_names()) == VIEWS
    assert database.execute("PRAGMA user_version").fetchone()[0] == NEWEST
    assert database.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    for view in VIEWS:
        assert database.execute(f"SELECT * FROM {view}").fetchall() == []
    migrate(database)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_step_that_fails_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(db: Database) -> None:
        db.execute("CREATE TABLE half (id)")
        raise sqlite3.OperationalError("no")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError):
        migrate(database)
    assert set(database.table_names()) == TABLES
    assert database.execute("PRAGMA user_version").fetchone()[0] == NEWEST


def test_an_older_file_gets_what_it_lacks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(database)
    monkeypatch.setattr(
        migrations, "MIGRATIONS", (*migrations.MIGRATIONS, lambda db: db.execute("CREATE TABLE more (id)"))
    )
    migrate(database)
    assert set(database.table_names()) == TABLES | {"more"}
    assert database.execute("PRAGMA user_version").fetchone()[0] == NEWEST + 1


def test_an_older_recording_is_migrated_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "r.db", small(1))
    monkeypatch.setattr(
        migrations, "MIGRATIONS", (*migrations.MIGRATIONS, lambda db: db.execute("CREATE TABLE more (id)"))
    )
    with Recording(path) as recording:
        assert list(recording.events()) == small(1)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == NEWEST + 1


def test_one_that_cannot_be_migrated_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(tmp_path / "r.db", small(1))

    def broken(db: Database) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(
        RecordingError,
        match=f"is of format {NEWEST} and cannot be brought to format {NEWEST + 1}: attempt to",
    ):
        Recording(path)


def test_a_recording_of_format_1_gets_the_journal_of_faults(tmp_path: Path) -> None:
    path = record(tmp_path / "r.db", small(1))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"{OF_FORMAT_2} DROP VIEW injections; DROP TABLE injection; PRAGMA user_version = 1"
        )
    with Recording(path) as recording:
        assert list(recording.events()) == small(1)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM injections").fetchone()[0] == 0


def test_a_recording_of_format_2_gets_a_place_for_incidents(tmp_path: Path) -> None:
    path = record(tmp_path / "r.db", small(1))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{OF_FORMAT_2} PRAGMA user_version = 2")
    with Recording(path) as recording:
        assert list(recording.incidents()) == []
        assert list(recording.events()) == small(1)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM incidents").fetchone()[0] == 0


def test_an_exchange_has_a_title_and_the_views_of_older_recordings_tell_more(tmp_path: Path) -> None:
    path = record(tmp_path / "r.db", [*small(1), *stream(2)])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{OF_FORMAT_2} PRAGMA user_version = 2")
    with Recording(path) as recording:
        assert list(recording.events()) == [*small(1), *stream(2)]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        titles = connection.execute("SELECT title FROM exchange").fetchall()
        assert titles == [("POST /a → 200",), ("POST /api/chat/sessions/s/stream → 200",)]
        columns = "verdict, outcome, events, first_byte_ms, largest_gap_ms, findings"
        assert connection.execute(f"SELECT {columns} FROM streams").fetchall() == []
        assert connection.execute("SELECT request FROM findings").fetchall() == []
