"""The shipped recordings: each opens, is closed, tells its story, and names nothing of its machine."""

from pathlib import Path

import pytest

import recordings
from recordings.reader import Recording
from tests.support.verdicts import assert_live_equals_offline

SAMPLES = Path(next(iter(recordings.__path__))) / "samples"
STORIES = {
    "healthy": set(),
    "early-reader": {"HT602"},
    "echo-missing": {"EC201", "SV304"},
    "echo-fabricated": {"EC202", "EC203", "SV304"},
    "echo-stale": {"EC204", "SV304"},
}


def test_every_sample_has_its_story_here() -> None:
    assert {path.stem for path in SAMPLES.glob("*.db")} == set(STORIES)


@pytest.mark.parametrize(("name", "codes"), STORIES.items())
def test_a_sample_is_closed_and_gives_the_findings_of_its_story(name: str, codes: set[str]) -> None:
    path = SAMPLES / f"{name}.db"
    with Recording(path) as recording:
        assert recording.run.closed
        assert recording.run.state() == ""
    findings, verdicts = assert_live_equals_offline(path)
    assert {finding.code for finding in findings} == codes
    assert verdicts


@pytest.mark.parametrize("name", STORIES)
def test_a_sample_names_no_folder_and_no_secret(name: str) -> None:
    content = (SAMPLES / f"{name}.db").read_bytes()
    for trace in (b"/home/", b"/root/", b"/tmp/", b"/work/", b"User1@123", b"eyJ"):
        assert trace not in content
