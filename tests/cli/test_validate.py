import json
from datetime import timedelta
from pathlib import Path

from contract.profile import builtin_toml
from tests.cli.conftest import FABRICATED
from tests.cli.recorded import STARTED, record, run_info, writer
from tests.cli.streamid import finished, streamid
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk


def test_json_has_the_documented_keys(chat: Path) -> None:
    result = streamid("validate", chat, "--format", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(report) == ["recordings", "profile", "exchanges", "streams", "findings", "summary"]
    assert report["recordings"] == [str(chat)]
    assert report["profile"] == "chat"
    assert report["exchanges"] == 4
    assert report["streams"] == 2
    assert report["summary"] == {"error": 1, "warning": 0, "info": 1, "inconclusive": 0}
    keys = ["code", "name", "severity", "verdict", "message", "exchange", "stream", "side", "at", "evidence"]
    assert [list(finding) for finding in report["findings"]] == [keys, keys]
    assert [finding["code"] for finding in report["findings"]] == ["EC202", "EC203"]


def test_text_groups_findings_by_stream_and_ends_with_counts(chat: Path) -> None:
    lines = streamid("validate", chat).stdout.splitlines()
    assert lines[0].startswith(f"{FABRICATED}: issue not seen")
    assert lines[0].endswith("echoed (#4), REFUSED (400)")
    assert lines[1] == "  #4  POST /api/chat/sessions/s1/update-stream → 400"
    assert lines[2].split()[:3] == ["EC202", "echo-unknown", "info"]
    assert lines[3].strip() == f"newest ID of the scope: {SECOND}"
    assert lines[4].split()[:3] == ["EC203", "echo-fabricated", "error"]
    assert lines[-1] == (
        "1 error, 0 warnings, 1 info, 0 inconclusive in 4 exchanges, 2 streams (profile chat)"
    )


def test_a_healthy_recording_is_exit_code_0(healthy: Path) -> None:
    result = streamid("validate", healthy)
    assert result.exit_code == 0
    assert result.stdout == (
        "0 errors, 0 warnings, 0 info, 0 inconclusive in 2 exchanges, 1 stream (profile chat)\n"
    )


def test_fail_on_decides_the_exit_code_and_nothing_else(chat: Path, tmp_path: Path) -> None:
    assert streamid("validate", chat, "--fail-on", "never").exit_code == 0
    assert streamid("validate", chat, "--fail-on", "warning").exit_code == 1
    info = streamid("validate", chat, "--ignore", "EC203", "--fail-on", "warning")
    assert info.exit_code == 0
    assert "EC202" in info.stdout


def test_rules_are_chosen_by_the_beginning_of_their_code(chat: Path) -> None:
    only = json.loads(streamid("validate", chat, "--select", "ec202,ID", "--format", "json").stdout)
    assert [finding["code"] for finding in only["findings"]] == ["EC202"]
    unknown = streamid("validate", chat, "--select", "XX1")
    assert unknown.exit_code == 2
    assert "there is no rule 'XX1'" in unknown.stderr


def test_another_profile_judges_where_one_is_named(healthy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = builtin_toml("chat")
    assert ID_HEADER in text
    other.write_text(text.replace(ID_HEADER, "X-Other-Id").replace('name = "chat"', 'name = "other"'))
    result = streamid("validate", healthy, "--profile", other, "--format", "json")
    report = json.loads(result.stdout)
    assert report["profile"] == "other"
    assert "ID101" in [finding["code"] for finding in report["findings"]]
    assert streamid("validate", healthy, "--profile", "chat").exit_code == 0


def test_a_profile_that_cannot_be_used_is_one_line_and_exit_code_2(healthy: Path, tmp_path: Path) -> None:
    missing = streamid("validate", healthy, "--profile", "nosuch")
    assert missing.exit_code == 2
    assert missing.stderr == "Error: nosuch: no such profile file, and no built-in profile (chat)\n"
    broken = tmp_path / "broken.toml"
    broken.write_text("name = \n")
    result = streamid("validate", healthy, "--profile", broken)
    assert result.exit_code == 2
    assert "broken.toml:1: not TOML" in result.stderr


def test_a_stored_profile_that_cannot_be_used_points_to_the_option(tmp_path: Path) -> None:
    path = record(tmp_path / "old.db", Talk().stream(), run_info(profile_toml="nonsense = 1"))
    result = streamid("validate", path)
    assert result.exit_code == 2
    assert "--profile names another" in result.stderr
    assert streamid("validate", path, "--profile", "chat").exit_code == 0


def test_several_recordings_are_judged_each_by_itself_in_the_order_of_their_start(tmp_path: Path) -> None:
    late = record(tmp_path / "a.db", Talk().refused(FABRICATED), run_info(STARTED + timedelta(hours=1)))
    early = record(tmp_path / "b.db", [*(talk := Talk()).stream(FIRST), *talk.refused(FABRICATED)])
    report = json.loads(streamid("validate", tmp_path, "--format", "json").stdout)
    assert report["recordings"] == [str(early), str(late)]
    assert report["exchanges"] == 3
    found = [(finding["recording"], finding["exchange"], finding["code"]) for finding in report["findings"]]
    assert found[:2] == [(str(early), 2, "EC202"), (str(early), 2, "EC203")]
    assert {recording for recording, _, _ in found[2:]} == {str(late)}
    text = streamid("validate", late, early).stdout
    assert f"{early}#2  " in text
    assert text.splitlines()[-1].count("of 2 recordings") == 1


def test_a_live_recording_is_judged_as_it_stands_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    writing = writer(path)
    try:
        for event in Talk().stream(None):
            writing.put(event)
        wait_for_exchanges(path, 1)
        result = streamid("validate", path, "--format", "json")
    finally:
        writing.close()
    assert result.exit_code == 1
    assert json.loads(result.stdout)["findings"][0]["code"] == "ID101"
    assert f"note: {path}: the writer did not close this recording" in result.stderr


def wait_for_exchanges(path: Path, number: int) -> None:
    """Until the writer has committed that many; its period is 0.1 s."""
    import time

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        rows = json.loads(streamid("ls", path, "--format", "json").stdout)
        if len(rows) >= number and rows[-1]["outcome"] != "open":
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} has no {number} exchanges")


def test_json_is_alone_on_standard_output(chat: Path) -> None:
    code, out, err = finished("validate", chat, "--format", "json", "--color", "always")
    assert code == 1
    assert json.loads(out)["summary"]["error"] == 1
    assert err == ""
