import os
import pty
import subprocess
from pathlib import Path

from tests.cli.streamid import COMMAND, ROOT


def test_a_terminal_on_standard_error_gets_a_progress_bar_that_leaves_standard_output_alone(
    chat: Path,
) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    try:
        run = subprocess.run(
            [*COMMAND, "validate", str(chat), "--format", "json"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=60,
            check=False,
        )
        shown = os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)
    assert run.returncode == 1
    assert run.stdout.startswith(b"{")
    assert b"100%" in shown
