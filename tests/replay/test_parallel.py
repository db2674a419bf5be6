import multiprocessing
from pathlib import Path

import pytest

from contract.profile import ProfileError
from recordings.errors import RecordingError
from replay.judging import Judged, Task
from replay.parallel import WORTH_IT, cores, judge_file, judge_files, processes
from tests.cli.recorded import record, run_info
from tests.contract.cases import catalogue

CASES = catalogue()[:9]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [record(tmp_path / f"{number}.db", case.events) for number, case in enumerate(CASES)]


def test_several_processes_give_what_one_gives_in_the_same_order(paths: list[Path]) -> None:
    task = Task(gathers=True, limit=1)
    alone = [judge_file(path, None, task) for path in paths]
    assert list(judge_files(paths, None, task, 3)) == alone
    assert sum(judged.counts.total() for judged in alone) > 5
    assert multiprocessing.active_children() == []


def test_the_first_recording_that_cannot_be_judged_ends_it_as_with_one_process(
    paths: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("no recording")
    foreign = record(tmp_path / "foreign.db", CASES[0].events, run_info(profile_toml="nonsense = 1"))
    judged: list[Judged] = []
    with pytest.raises(RecordingError, match=r"broken\.db: is not a recording"):
        judged += judge_files([paths[0], broken, foreign], None, Task(), 2)
    with pytest.raises(ProfileError, match=r"foreign\.db \(profile chat\):1: "):
        list(judge_files([paths[0], foreign, broken], None, Task(), 2))
    assert multiprocessing.active_children() == []


def test_a_consumer_that_stops_leaves_no_process(paths: list[Path]) -> None:
    judging = judge_files(paths, None, Task(), 2)
    assert next(judging).name == str(paths[0])
    assert len(multiprocessing.active_children()) == 2
    judging.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_more_processes_only_where_they_pay_or_are_asked_for() -> None:
    assert processes(None, 9, WORTH_IT - 1) == 1
    assert processes(None, 9, WORTH_IT) == min(9, cores())
    assert processes(None, 1, WORTH_IT) == 1
    assert processes(4, 9, 10) == 4
    assert processes(4, 3, 10) == 3
