"""A run's recording gets a name of its own."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from recordings.naming import DEFAULT_TEMPLATE, recording_path

STARTED = datetime(2025, 1, 31, 23, 59, 59, 5, tzinfo=UTC)


def test_the_default_name_is_the_time_in_utc() -> None:
    local = STARTED.astimezone(timezone(timedelta(hours=5)))
    assert recording_path(DEFAULT_TEMPLATE, local) == Path("recordings/20250131T235959Z.db")


def test_a_second_run_in_the_same_second_gets_a_number(tmp_path: Path) -> None:
    template = f"{tmp_path}/{{time}}.db"
    for name in ("20250131T235959Z.db", "20250131T235959Z-2.db", "20250131T235959Z-3.db"):
        path = recording_path(template, STARTED)
        assert path.name == name
        path.touch()


def test_a_name_without_time_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "r.db").touch()
    assert recording_path(f"{tmp_path}/r.db", STARTED) == tmp_path / "r.db"
