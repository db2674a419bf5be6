import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.recorded import writer
from tests.cli.streamid import streamid
from tests.cli.test_validate import wait_for_exchanges
from tests.contract.build import Talk


def listed(path: Path) -> object:
    return json.loads(streamid("ls", path, "--format", "json").stdout)


def test_an_export_holds_the_same_in_one_private_file(chat: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    result = streamid("export", chat, "--to", target)
    assert result.exit_code == 0
    assert result.stdout == f"{target}: {target.stat().st_size:,} bytes\n"
    assert target.stat().st_mode & 0o777 == 0o600
    assert listed(target) == listed(chat)
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]


def test_a_live_recording_is_exported_as_it_stands(tmp_path: Path) -> None:
    path, target = tmp_path / "live.db", tmp_path / "copy.db"
    writing = writer(path)
    try:
        for event in Talk().stream():
            writing.put(event)
        wait_for_exchanges(path, 1)
        result = streamid("export", path, "--to", target)
    finally:
        writing.close()
    assert result.exit_code == 0
    assert "note: " in result.stderr
    assert listed(target) == listed(path)


def test_nothing_is_overwritten_unless_forced(chat: Path, healthy: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("something else")
    refused = streamid("export", chat, "--to", target)
    assert refused.exit_code == 2
    assert refused.stderr == f"Error: {target}: exists already; --force overwrites it\n"
    assert target.read_text() == "something else"
    assert streamid("export", chat, "--to", target, "--force").exit_code == 0
    assert listed(target) == listed(chat)
    assert streamid("export", healthy, "--to", target, "--force").exit_code == 0
    assert listed(target) == listed(healthy)
    assert not list(tmp_path.glob(".*part"))


def test_a_recording_never_overwrites_itself_nor_one_that_is_open(chat: Path, tmp_path: Path) -> None:
    itself = streamid("export", chat, "--to", chat, "--force")
    assert itself.exit_code == 2
    assert "is the recording itself" in itself.stderr
    live = tmp_path / "live.db"
    writing = writer(live)
    try:
        refused = streamid("export", chat, "--to", live, "--force")
    finally:
        writing.close()
    assert refused.exit_code == 2
    assert "was not closed" in refused.stderr


@pytest.mark.parametrize("target", ["", "no/such/folder/copy.db"])
def test_a_target_that_cannot_be_made_is_one_line(chat: Path, tmp_path: Path, target: str) -> None:
    result = streamid("export", chat, "--to", tmp_path / target)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_an_index_adds_events_that_sql_can_search(chat: Path) -> None:
    result = streamid("index", chat)
    assert result.exit_code == 0
    assert result.stdout == f"{chat}: 4 events indexed\n"
    with closing(sqlite3.connect(chat)) as connection:
        found = connection.execute("SELECT rowid FROM event_text WHERE event_text MATCH 'Hello'").fetchall()
    assert len(found) == 2
    assert streamid("index", chat).stdout == result.stdout
