import json
import signal
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from contract.profile import builtin_toml
from tests.cli.conftest import FABRICATED
from tests.cli.recorded import STARTED, record, run_info, writer
from tests.cli.streamid import finished, process, streamid
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
    """Until the writer has committed that many; its period is 0.2 s."""
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


def test_what_is_reported_can_be_narrowed_and_the_judge_sees_everything_all_the_same(tmp_path: Path) -> None:
    talk = Talk()
    events = [*talk.stream(FIRST), *talk.refused(FABRICATED)]
    path = record(tmp_path / "a.db", [*events, *talk.but(session="s2").stream(None)])

    def codes(*options: object) -> list[str]:
        report = json.loads(streamid("validate", path, *options, "--format", "json").stdout)
        assert report["exchanges"] == 3
        counts = report["summary"]
        assert sum(counts.values()) == len(report["findings"])
        return [finding["code"] for finding in report["findings"]]

    assert codes() == ["EC202", "EC203", "ID101"]
    assert codes("--scope", "s2") == ["ID101"]
    assert codes("--scope", "s2", "--scope", "s1") == codes()
    assert codes("--stream", FABRICATED) == ["EC202", "EC203"]
    assert codes("--stream", FIRST) == []
    assert codes("--stream", FABRICATED, "--scope", "s2") == []
    findings = json.loads(streamid("validate", path, "--format", "json").stdout)["findings"]
    first, last = findings[0]["at"], findings[-1]["at"]
    assert first < last
    assert codes("--since", f"{last // 1000}ms") == ["ID101"]
    assert codes("--until", f"{last // 1000}ms") == ["EC202", "EC203"]
    assert codes("--since", (STARTED + timedelta(microseconds=last)).isoformat()) == ["ID101"]
    assert codes("--since", "2025-01-31T12:00", "--until", "2025-01-31T12:01") == codes()
    assert codes("--since", "1h") == []


def test_narrowing_decides_the_exit_code(chat: Path) -> None:
    assert streamid("validate", chat, "--stream", FIRST).exit_code == 0
    assert streamid("validate", chat, "--stream", FABRICATED).exit_code == 1


def test_a_stream_scope_or_time_that_cannot_be_is_one_line_and_exit_code_2(chat: Path) -> None:
    nowhere = streamid("validate", chat, "--stream", "stream-\x1b", "--scope", "s1")
    assert nowhere.exit_code == 2
    assert nowhere.stderr == ("Error: 'stream-\\x1b': there is no such stream or scope in what was judged\n")
    for options in (("--since", "soon"), ("--since", "10m", "--until", "10m"), ("--jobs", "0")):
        result = streamid("validate", chat, *options)
        assert result.exit_code == 2
        assert "Error: Invalid value for '--" in result.stderr


def test_a_baseline_hides_what_is_known_and_nothing_else(chat: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    written = streamid("validate", chat, "--select", "EC203", "--write-baseline", known)
    assert written.exit_code == 0
    assert written.stderr == f"note: {known}: 1 finding written, 1 defect\n"
    assert "1 finding known by the baseline, not counted" in written.stdout
    result = streamid("validate", chat, "--baseline", known)
    assert result.exit_code == 0
    assert "EC202" in result.stdout
    assert "EC203" not in result.stdout
    assert streamid("validate", chat, "--baseline", known, "--write-baseline", known).exit_code == 0
    assert [each["code"] for each in json.loads(known.read_text())["findings"]] == ["EC202", "EC203"]


def test_the_same_defect_in_another_recording_is_known_however_often(chat: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    streamid("validate", chat, "--write-baseline", known)
    talk = Talk(session="another-9", at=77)
    events = [*talk.stream("stream-1732312345679-99999999"), *talk.refused("stream-1732312345679-aaaaaaaa")]
    other = record(tmp_path / "other.db", [*events, *talk.refused("stream-1732312345679-bbbbbbbb")])
    assert streamid("validate", other).exit_code == 1
    result = streamid("validate", other, "--baseline", known, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["findings"] == []


def test_what_is_gone_from_a_baseline_is_told_unless_it_was_not_looked_for(
    chat: Path, healthy: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known.json"
    streamid("validate", chat, "--write-baseline", known)
    gone = "in the baseline, but not found any more: EC203 at POST /api/chat/sessions/{scope}/update-stream: "
    assert gone in streamid("validate", healthy, "--baseline", known).stdout
    assert gone not in streamid("validate", healthy, "--baseline", known, "--ignore", "EC203").stdout
    assert gone not in streamid("validate", healthy, "--baseline", known, "--until", "1h").stdout
    assert gone not in streamid("validate", chat, "--baseline", known).stdout


def test_a_broken_baseline_is_one_line_and_exit_code_2(chat: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"version": 1, "findings": [3]}')
    result = streamid("validate", chat, "--baseline", broken)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {broken}: findings[0]: Input should be ")
    nowhere = streamid("validate", chat, "--write-baseline", tmp_path / "none" / "x.json")
    assert nowhere.exit_code == 2
    assert "x.json: cannot write: No such file or directory" in nowhere.stderr


def test_a_limit_shortens_the_list_and_changes_no_count(chat: Path) -> None:
    result = streamid("validate", chat, "--limit", "1", "--format", "json")
    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [finding["code"] for finding in report["findings"]] == ["EC202"]
    assert report["summary"] == {"error": 1, "warning": 0, "info": 1, "inconclusive": 0}
    assert result.stderr == "note: 1 more finding not listed; --limit 0 lists all\n"
    assert (
        len(json.loads(streamid("validate", chat, "--limit", 0, "--format", "json").stdout)["findings"]) == 2
    )


@pytest.mark.parametrize("form", ["text", "json", "junit", "sarif", "github", "markdown"])
def test_several_processes_print_what_one_prints(
    form: str, chat: Path, healthy: Path, tmp_path: Path
) -> None:
    record(tmp_path / "c.db", Talk().refused(FABRICATED), run_info(STARTED + timedelta(hours=1)))
    one = streamid("validate", tmp_path, "--format", form, "--jobs", 1)
    several = streamid("validate", tmp_path, "--format", form, "--jobs", 3)
    assert one.exit_code == several.exit_code == 1
    assert several.stdout == one.stdout
    assert "EC203" in one.stdout


def test_an_error_in_another_process_is_the_same_line(chat: Path, tmp_path: Path) -> None:
    record(tmp_path / "old.db", Talk().stream(), run_info(profile_toml="nonsense = 1"))
    one, several = (streamid("validate", tmp_path, "--jobs", jobs) for jobs in (1, 2))
    assert one.exit_code == several.exit_code == 2
    assert several.stderr == one.stderr
    assert "old.db (profile chat):1: " in one.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_is_ended_no_process_is_left(number: signal.Signals, tmp_path: Path) -> None:
    events = [event for number in range(3000) for event in Talk(number=number, session=f"s{number}").stream()]
    for name in ("a.db", "b.db"):
        record(tmp_path / name, events)
    with process("validate", tmp_path, tmp_path / "a.db", "--jobs", 2) as running:
        children = psutil.Process(running.pid).children
        deadline = time.monotonic() + 30
        started: list[psutil.Process] = []
        while len(started) < 2 and running.poll() is None and time.monotonic() < deadline:
            started = [each for each in children() if "spawn_main" in " ".join(each.cmdline())]
        assert len(started) == 2
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    assert running.returncode == (1 if number is signal.SIGINT else -number)
    assert number is not signal.SIGINT or err.strip() == "Aborted!"
    assert out == ""
    gone, alive = psutil.wait_procs(started, timeout=10)
    assert len(gone) == 2
    assert alive == []
