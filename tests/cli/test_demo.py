"""`streamid demo`: from three services to a recording that shows its verdicts, in one command."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import lab
from cli.main import main
from recordings.reader import Recording
from tests.support.proxy import CHECKOUT
from tests.support.verdicts import assert_live_equals_offline


def test_the_demo_shows_good_and_careless_clients_and_where_the_recording_is(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--quick", "--folder", "shown"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CHECKOUT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    said = result.stdout
    assert "all 13 checks passed" in said
    assert "readable by scripts, echoed (#10), accepted (200)" in said
    for code in ("EC201 echo-missing error", "EC203 echo-fabricated error", "EC204 echo-stale error"):
        assert code in said
    (recording,) = (tmp_path / "shown").glob("*.db")
    assert f"recording: shown/{recording.name}" in said
    assert f"$ streamid show shown/{recording.name} 9" in said
    assert f"streamid show shown/{recording.name} 24" in said
    assert "Try next" in said
    with Recording(recording) as opened:
        assert opened.run.closed
    assert_live_equals_offline(recording)


def test_without_the_labs_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "NEEDED", ("no_such_library",))
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 2
    assert "the lab needs no_such_library: install it with pip install 'streamid-proxy[lab]'" in result.output
