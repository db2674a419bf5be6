"""`streamid demo`: from three services to a recording that shows its verdicts, in one command."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from cli import lab
from cli.main import main
from recordings.reader import Recording
from tests.cli.streamid import streamid
from tests.support.chromium import browser
from tests.support.proxy import CHECKOUT
from tests.support.report_page import DESKTOP, PHONE, assert_quiet_and_fits
from tests.support.verdicts import assert_live_equals_offline

__all__ = ["browser"]


def test_the_demo_shows_four_runs_each_with_the_findings_that_name_it(
    browser: Browser, tmp_path: Path
) -> None:
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
    healthy, stripped, race, unreadable, rest = parts(result.stdout)
    assert "all 14 checks passed" in healthy
    assert "readable by scripts, echoed (#11), accepted (200)" in healthy
    assert "0 errors, 0 warnings" in healthy
    assert {"ID101", "EC202", "EC203"} == codes(stripped)
    assert "update → 400 Streaming session ID mismatch" in stripped
    assert "network-stripped (certain)" in stripped
    assert {"SV301"} == codes(race)
    assert "server-race (certain)" in race
    assert "update → 200 Chat session updated" in race
    assert {"CO402", "EC202", "EC203"} == codes(unreadable)
    assert "cors-not-exposed (likely)" in unreadable
    assert "no incident; 3 of 3 streams healthy" in healthy
    found = sorted((tmp_path / "shown").glob("*.db"))
    assert len(found) == 5
    for recording in found:
        assert f"recording: shown/{recording.name}" in rest
        with Recording(recording) as opened:
            assert opened.run.closed
        assert_live_equals_offline(recording)
    seen = [each for each in found if not each.stem.endswith("-behind")]
    assert_report_names_the_causes(browser, seen, tmp_path / "report.html")


def assert_report_names_the_causes(browser: Browser, recordings: list[Path], page: Path) -> None:
    """Each broken run's cause, and none for the healthy one; at every size and in both colours."""
    assert streamid("report", *recordings, "-o", page).exit_code == 0
    for size in (PHONE, DESKTOP):
        for scheme in ("light", "dark"):
            assert_quiet_and_fits(browser, page, size, scheme)
    report = json.loads(streamid("report", *recordings, "--format", "json").stdout)
    first = [[each["cause"] for each in one["incidents"]][:1] for one in report["recordings"]]
    assert first == [[], ["server-never-issued"], ["server-race"], ["cors-not-exposed"]]


def parts(said: str) -> list[str]:
    """What was said of each of the four runs, and at the end."""
    return re.split(r"^[1-4]\. .*$|^Try next$", said, flags=re.MULTILINE)[1:]


def codes(said: str) -> set[str]:
    """The rules of the findings that were printed as errors."""
    return set(re.findall(r"^    ([A-Z]{2}\d{3}) [a-z-]+ +error ", said, flags=re.MULTILINE))


def test_without_the_labs_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "NEEDED", ("no_such_library",))
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 2
    assert "the lab needs no_such_library: install it with pip install 'streamid-proxy[lab]'" in result.output
