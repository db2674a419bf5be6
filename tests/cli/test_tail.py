import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.recorded import run_info, writer
from tests.cli.streamid import ROOT, process, streamid
from tests.contract.build import FIRST, Talk, cut


def test_the_last_lines_of_a_finished_recording(chat: Path) -> None:
    lines = streamid("tail", chat, "-n", "4").stdout.splitlines()
    assert len(lines) == 4
    assert "#4 ← 400 POST /api/chat/sessions/s1/update-stream, complete, 5 ms" in lines[0]
    assert "#4 ▲ EC202 echo-unknown info: " in lines[1]
    assert "#4 ▲ EC203 echo-fabricated error: " in lines[2]
    assert "echoed (#4), REFUSED (400)" in lines[3]


def test_every_beginning_end_and_verdict_has_a_line(healthy: Path) -> None:
    lines = [line.partition("  ")[2] for line in streamid("tail", healthy).stdout.splitlines()]
    assert lines == [
        "#1 → POST /api/chat/sessions/s1/stream",
        f"● {FIRST}: issued (#1), readable by scripts",
        "#1 ← 200 POST /api/chat/sessions/s1/stream, complete, 5 ms, 2 events",
        "#2 → POST /api/chat/sessions/s1/update-stream",
        "#2 ← 200 POST /api/chat/sessions/s1/update-stream, complete, 5 ms",
        f"● {FIRST}: issued (#1), readable by scripts, echoed (#2), accepted (200)",
    ]


def test_no_lines_of_the_past_where_none_are_wanted(chat: Path) -> None:
    assert streamid("tail", chat, "-n", "0").stdout == ""


def test_following_a_finished_recording_ends_at_once(healthy: Path) -> None:
    result = streamid("tail", "-f", healthy)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 6


def test_a_live_recording_is_followed_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    writing = writer(path, run_info(datetime.now(UTC), pid=os.getpid()))
    talk = Talk()
    with process("tail", "-f", path) as following:
        assert following.stdout is not None
        for event in talk.stream():
            writing.put(event)
        assert "#1 → POST" in following.stdout.readline()
        assert FIRST in following.stdout.readline()
        assert "#1 ← 200" in following.stdout.readline()
        for event in cut(talk.stream("stream-1732312349999-5e6f7a8b"), 4):
            writing.put(event)
        assert writing.close().lost_events == 0
        rest, err = following.communicate(timeout=30)
        assert following.returncode == 0
    assert "#2 ← 200 POST /api/chat/sessions/s1/stream, client-abort" in rest
    assert err == ""


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    writing = writer(path, run_info(datetime.now(UTC), pid=os.getpid()))
    try:
        for event in Talk().stream():
            writing.put(event)
        with process("tail", "-f", path) as following:
            assert following.stdout is not None
            following.stdout.readline()
            following.send_signal(signal.SIGINT)
            _, err = following.communicate(timeout=30)
            assert following.returncode == 0
            assert err == ""
    finally:
        writing.close()


KILLED = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from tests.cli.recorded import run_info, writer
from tests.contract.build import Talk
writing = writer(Path(sys.argv[1]), run_info(datetime.now(UTC), pid=os.getpid()))
for event in Talk().stream():
    writing.put(event)
time.sleep(1)
os.kill(os.getpid(), 9)
"""


def killed(path: Path) -> Path:
    """A recording whose writer was killed a second after a stream."""
    command = [sys.executable, "-c", KILLED, str(path)]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert run.returncode == -signal.SIGKILL, run.stderr
    return path


def test_a_recording_whose_writer_was_killed_says_so_and_is_read(tmp_path: Path) -> None:
    path = killed(tmp_path / "killed.db")
    for command in ("ls", "show", "validate", "tail"):
        result = streamid(command, path)
        assert result.exit_code == 0
        assert f"note: {path}: the writer did not close this recording" in result.stderr
        assert "/api/chat/sessions/s1/stream" in result.stdout or command == "validate"


def test_following_a_recording_whose_writer_was_killed_ends(tmp_path: Path) -> None:
    start = time.monotonic()
    result = streamid("tail", "-f", killed(tmp_path / "killed.db"))
    assert result.exit_code == 0
    assert "which wrote this recording, is gone" in result.stderr
    assert "#1 ← 200" in result.stdout
    assert time.monotonic() - start < 30
