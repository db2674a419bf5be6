from pathlib import Path

from contract.findings import Finding
from contract.profile import builtin
from recordings.reader import Recording
from replay.judging import Judged, Task, judge, own_profile
from replay.narrowing import Narrowing
from tests.cli.recorded import record
from tests.contract.build import FIRST, Talk

INVENTED = "stream-1732312345678-{:08x}"


def many(path: Path, number: int) -> Path:
    """A stream, and so many updates with an ID that was invented: two findings each."""
    talk = Talk()
    refused = [event for each in range(number) for event in talk.refused(INVENTED.format(each))]
    return record(path, [*Talk(number=-1).stream(FIRST), *refused])


def judged(path: Path, task: Task) -> Judged:
    with Recording(path) as recording:
        return judge("a", recording, own_profile(recording), task)


def codes(of: Judged) -> list[str]:
    return [found.finding.code for found in of.findings]


def test_what_is_held_is_bounded_and_everything_is_counted(tmp_path: Path) -> None:
    path = many(tmp_path / "a.db", 20)
    whole, short = judged(path, Task()), judged(path, Task(limit=5))
    assert len(whole.findings) == whole.counts.total() == 40
    assert short.findings == whole.findings[:5]
    assert (short.left_out, short.counts) == (35, whole.counts)
    assert set(short.verdicts) == {INVENTED.format(each) for each in range(3)}
    assert set(whole.verdicts) == {INVENTED.format(each) for each in range(20)}


def test_a_finding_has_the_line_of_its_exchange(tmp_path: Path) -> None:
    found = judged(many(tmp_path / "a.db", 1), Task()).findings[0]
    url = "http://chat.test/api/chat/sessions/s1/update-stream"
    assert isinstance(found.finding, Finding)
    assert (found.method, found.url, found.status) == ("POST", url, 400)


def test_rules_and_narrowing_are_those_of_the_task(tmp_path: Path) -> None:
    path = many(tmp_path / "a.db", 2)
    assert codes(judged(path, Task(select=("EC203",)))) == ["EC203", "EC203"]
    assert codes(judged(path, Task(ignore=("EC203",)))) == ["EC202", "EC202"]
    narrowed = judged(path, Task(narrowing=Narrowing(streams=frozenset({INVENTED.format(1), "other"}))))
    assert codes(narrowed) == ["EC202", "EC203"]
    assert narrowed.named == {INVENTED.format(1)}


def test_what_the_baseline_knows_is_not_counted_and_what_is_gathered_is_all(tmp_path: Path) -> None:
    path = many(tmp_path / "a.db", 3)
    gathered = judged(path, Task(gathers=True)).gathered
    assert sorted((defect.code, count) for defect, count in gathered.items()) == [("EC202", 3), ("EC203", 3)]
    known = frozenset(defect for defect in gathered if defect.code == "EC203")
    again = judged(path, Task(known=known, gathers=True))
    assert set(codes(again)) == {"EC202"}
    assert again.counts.total() == again.known.total() == 3
    assert again.gathered == gathered


def test_the_stored_profile_is_the_one_that_it_was_recorded_with(tmp_path: Path) -> None:
    with Recording(many(tmp_path / "a.db", 1)) as recording:
        assert own_profile(recording) == builtin("chat")
