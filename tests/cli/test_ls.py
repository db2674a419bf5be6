import json
from datetime import timedelta
from pathlib import Path

from tests.cli.recorded import STARTED, record, run_info
from tests.cli.streamid import finished, process, streamid
from tests.contract.build import FIRST, Talk, cut

KEYS = ["exchange", "at", "method", "url", "status", "role", "stream", "scope", "outcome", "findings"]


def test_json_has_the_documented_keys_and_times_in_utc(chat: Path) -> None:
    rows = json.loads(streamid("ls", chat, "--format", "json").stdout)
    assert [list(row) for row in rows] == [KEYS] * 4
    assert rows[0] == {
        "exchange": 1,
        "at": "2025-01-31T12:00:00.001000Z",
        "method": "POST",
        "url": "http://chat.test/api/chat/sessions/s1/stream",
        "status": 200,
        "role": "issue",
        "stream": FIRST,
        "scope": "s1",
        "outcome": "complete",
        "findings": 0,
    }
    assert [row["role"] for row in rows] == ["issue", "echo", "issue", "echo"]
    assert rows[3]["findings"] == 2


def test_text_has_a_line_per_exchange_with_the_codes_of_its_findings(chat: Path) -> None:
    titles, *lines = streamid("ls", chat).stdout.splitlines()
    assert titles.split() == [
        "#",
        "time",
        "method",
        "path",
        "status",
        "role",
        "stream",
        "outcome",
        "findings",
    ]
    assert len(lines) == 4
    assert lines[0].split()[3:] == [
        "POST",
        "/api/chat/sessions/s1/stream",
        "200",
        "issue",
        FIRST,
        "complete",
        "-",
    ]
    assert lines[3].endswith("EC202 EC203")
    assert lines[0].index("POST") == lines[3].index("POST")


def test_an_exchange_that_was_broken_off_says_by_whom(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.db", cut(Talk().stream(size=10), 8))
    (row,) = json.loads(streamid("ls", path, "--format", "json").stdout)
    assert row["outcome"] == "client-abort"


def test_several_recordings_are_listed_by_their_start_and_named(tmp_path: Path) -> None:
    late = record(tmp_path / "a.db", Talk().stream(), run_info(STARTED + timedelta(hours=1)))
    early = record(tmp_path / "b.db", Talk().stream())
    rows = json.loads(streamid("ls", tmp_path, "--format", "json").stdout)
    assert [row["recording"] for row in rows] == [str(early), str(late)]
    assert list(rows[0]) == ["recording", *KEYS]
    assert streamid("ls", late, early).stdout.splitlines()[1].startswith(str(early))


def test_folders_patterns_and_files_name_each_recording_once(chat: Path, healthy: Path) -> None:
    folder = chat.parent
    named = streamid("ls", folder, f"{folder}/*.db", chat, healthy, "--format", "json")
    assert len(json.loads(named.stdout)) == 6
    pattern = streamid("ls", f"{folder}/he*.db", "--format", "json")
    assert len(json.loads(pattern.stdout)) == 2


def test_a_recording_without_exchanges_is_an_empty_list(tmp_path: Path) -> None:
    path = record(tmp_path / "empty.db", [])
    assert json.loads(streamid("ls", path, "--format", "json").stdout) == []
    assert len(streamid("ls", path).stdout.splitlines()) == 1


def test_a_piped_process_prints_whole_lines_without_escapes(chat: Path) -> None:
    code, out, err = finished("ls", chat)
    assert code == 0
    assert err == ""
    assert FIRST in out
    assert "\x1b" not in out


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    talk = Talk()
    events = [event for _ in range(2000) for event in talk.exchange("GET", "/api/models")]
    path = record(tmp_path / "many.db", events)
    with process("ls", path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith("    #")
        running.stdout.close()
        assert "Traceback" not in running.stderr.read()
