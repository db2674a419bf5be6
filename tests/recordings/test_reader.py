"""Whatever a file is, opening it gives a recording or one clear sentence."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.events import Event
from recordings.errors import RecordingError
from recordings.migrations import MIGRATIONS
from recordings.reader import Recording
from tests.support.sequences import RUN, Plain, record, small, stream

EVENTS: list[Event] = [*small(1), *stream(2), *small(3, 10_000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record(tmp_path / "r ü?#.db", EVENTS)


def refused(path: Path) -> str:
    with pytest.raises(RecordingError) as caught, Recording(path) as recording:
        list(recording.events())
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.db") == "there is no such file"
    assert not (tmp_path / "none.db").exists()


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    assert refused(tmp_path) == "is no file"


@pytest.mark.parametrize("content", [b"", b"hello", os.urandom(10_000), b"SQLite format 3\0" + bytes(200)])
def test_another_file_is_no_recording(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert refused(tmp_path / "x") == "is not a recording"


def test_another_database_is_no_recording(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "x")) as connection:
        connection.execute("CREATE TABLE run (id)")
    assert refused(tmp_path / "x") == "is not a recording"


def test_a_newer_format_is_refused_with_both_versions(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    newest = len(MIGRATIONS)
    assert (
        refused(path) == f"is of format 999, and this program knows formats up to {newest}: use a newer one"
    )


def test_a_damaged_recording_says_so(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for offset in range(4096, len(content), 64):
        content[offset : offset + 32] = os.urandom(32)
    path.write_bytes(content)
    assert refused(path).startswith(("is damaged: ", "is not a recording", "cannot be read: "))


def test_a_damaged_body_says_so(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE body SET coding = 'zstd', data = x'00'")
    assert refused(path).startswith("is damaged: ")


@pytest.fixture
def frozen(path: Path) -> Iterator[Path]:
    folder = path.parent / "frozen"
    folder.mkdir()
    shutil.copy(path, folder / "r.db")
    (folder / "r.db").chmod(0o400)
    folder.chmod(0o500)
    yield folder / "r.db"
    folder.chmod(0o700)


def test_a_read_only_file_in_a_read_only_folder_is_read(frozen: Path) -> None:
    with Recording(frozen) as recording:
        assert list(recording.events()) == EVENTS


def test_a_recording_in_wal_mode_without_its_log_is_read(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with Recording(path) as recording:
        assert list(recording.events()) == EVENTS


def test_reading_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    with Recording(path) as recording:
        list(recording.events())
        list(recording.exchanges())
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == [path]


def test_exchanges_are_listed_in_order_and_one_by_one(path: Path) -> None:
    with Recording(path) as recording:
        rows = list(recording.exchanges())
        assert [row.exchange for row in rows] == [1, 2, 3]
        assert list(recording.exchanges(2)) == rows[1:2]
        assert list(recording.exchanges(4)) == []
        assert list(recording.exchange(4)) == []
    assert rows[1].events == 3
    assert rows[1].outcome == "complete"


def test_more_exchanges_than_fit_a_page_are_all_listed(tmp_path: Path) -> None:
    events = [event for number in range(1, 1202) for event in small(number)]
    with Recording(record(tmp_path / "many.db", events)) as recording:
        assert [row.exchange for row in recording.exchanges()] == list(range(1, 1202))
        assert list(recording.events()) == events


def test_the_run_has_its_times_in_utc(path: Path) -> None:
    with Recording(path) as recording:
        run = recording.run
    assert run.info == RUN
    assert run.time(1).isoformat() == "2025-01-31T23:59:59.123457+00:00"
    assert (run.last_seq, run.settled) == (len(EVENTS) - 1, len(EVENTS))
    assert Plain().take_redactions() == []
    assert run.last_at == max(event.at for event in EVENTS)


def test_an_error_of_the_caller_is_not_called_damage(path: Path) -> None:
    def fails(event: Event) -> None:
        raise KeyError("mine")

    with Recording(path) as recording, pytest.raises(KeyError, match="mine"):
        list(map(fails, recording.events()))
