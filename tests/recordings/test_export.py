"""A recording can be copied while it is written."""

import stat
from pathlib import Path

import pytest

from recordings.errors import RecordingError, RecordingExists
from recordings.export import copy_live
from recordings.reader import Recording
from recordings.writer import Writer
from tests.support.sequences import RUN, Plain, begun, chunk, record, small


def test_a_live_recording_is_copied_as_it_stands(tmp_path: Path) -> None:
    writer = Writer(
        tmp_path / "r.db", RUN, redactor=Plain(), profile=None, on_judged=lambda _: None, on_trouble=print
    )
    events = [*small(1), *begun(2), chunk(2, 1000, b"data: 1\n\n")]
    for event in events:
        writer.put(event)
    copied: list[object] = []
    for number in range(100):
        target = tmp_path / f"copy-{number}.db"
        copy_live(tmp_path / "r.db", target)
        with Recording(target) as copy:
            copied = list(copy.events())
            assert copied == events[: len(copied)]
            assert "the writer did not close this recording" in copy.run.state()
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        if len(copied) == len(events):
            break
    assert copied == events
    assert not list(tmp_path.glob("copy-*-wal"))
    assert writer.close().clean


def test_a_finished_one_is_copied_whole(tmp_path: Path) -> None:
    source = record(tmp_path / "r.db", small(1))
    copy_live(source, tmp_path / "c.db")
    with Recording(tmp_path / "c.db") as copy:
        assert list(copy.events()) == small(1)
        assert copy.run.closed


def test_nothing_is_written_over_and_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    source = record(tmp_path / "r.db", small(1))
    with pytest.raises(RecordingExists, match=r"r\.db: exists already"):
        copy_live(source, source)
    with pytest.raises(RecordingError, match=r"none\.db: there is no such file"):
        copy_live(tmp_path / "none.db", tmp_path / "c.db")
    with pytest.raises(RecordingError, match=r"c\.db: cannot be made"):
        copy_live(source, tmp_path / "none" / "c.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.db"]
