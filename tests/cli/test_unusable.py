import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.recorded import record
from tests.cli.streamid import finished, streamid
from tests.contract.build import Talk

READING = (["ls"], ["show"], ["tail"], ["tail", "-f"], ["validate"], ["cors"], ["index"])


def one_line(result_stderr: str) -> str:
    lines = result_stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("Error: ")
    return lines[0]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_missing_file_is_one_line_and_exit_code_2(command: list[str], tmp_path: Path) -> None:
    result = streamid(*command, tmp_path / "none.db")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert one_line(result.stderr) == f"Error: {tmp_path}/none.db: there is no such file or folder"


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_file_that_is_no_recording_is_one_line_and_exit_code_2(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("just text")
    result = streamid(*command, path)
    assert result.exit_code == 2
    assert "notes.txt: is not a recording" in one_line(result.stderr)


def test_a_newer_format_is_refused_clearly(healthy: Path) -> None:
    with closing(sqlite3.connect(healthy)) as connection:
        connection.execute("PRAGMA user_version = 99")
    result = streamid("ls", healthy)
    assert result.exit_code == 2
    assert "format 99" in one_line(result.stderr)


def test_a_pattern_without_a_match_and_an_empty_folder_say_so(tmp_path: Path) -> None:
    pattern = streamid("ls", f"{tmp_path}/*.db")
    assert pattern.exit_code == 2
    assert "no file matches" in one_line(pattern.stderr)
    folder = streamid("validate", tmp_path)
    assert folder.exit_code == 2
    assert "there is no recording (*.db) in this folder" in one_line(folder.stderr)


def test_an_exchange_that_is_not_there_names_those_that_are(healthy: Path) -> None:
    result = streamid("show", healthy, "7")
    assert result.exit_code == 2
    assert one_line(result.stderr) == f"Error: {healthy}: there is no exchange 7; there are 1 to 2"


def test_a_command_for_one_recording_refuses_a_folder_of_two(chat: Path, healthy: Path) -> None:
    assert chat.parent == healthy.parent
    result = streamid("show", chat.parent)
    assert result.exit_code == 2
    assert "stands for 2 recordings" in one_line(result.stderr)


def test_a_file_name_with_pattern_characters_is_a_file(tmp_path: Path) -> None:
    path = record(tmp_path / "a[1].db", Talk().stream())
    assert streamid("ls", path).exit_code == 0


def test_a_process_ends_with_exit_code_2_and_no_traceback(tmp_path: Path) -> None:
    code, out, err = finished("validate", tmp_path / "none.db")
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
