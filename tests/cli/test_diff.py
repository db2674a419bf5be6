"""`streamid diff`: what a hop did, told from the recordings on both its sides."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.events import Event, RequestHead, ResponseHead
from recordings.reader import Recording
from tests.cli.hop_story import told
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, finished, streamid
from tests.contract.build import FIRST, Talk
from tests.postmortem.two_taps import INFO, taken_apart, written, written_elsewhere
from tests.support.sequences import small

PAGE = (ROOT / "docs" / "diff.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ streamid (.+?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def story(tmp_path: Path) -> tuple[Path, Path]:
    return told(tmp_path)


def hops(*arguments: object, code: int = 1) -> list[dict[str, Any]]:
    result = streamid("diff", *arguments, "--format", "json")
    assert result.exit_code == code, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["hops"]
    return found


@pytest.mark.usefixtures("story")
def test_every_example_prints_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) >= 2
    for command, printed in EXAMPLES:
        assert streamid(*command.split()).stdout == printed, command


def test_the_page_has_every_key_of_the_json(story: tuple[Path, Path]) -> None:
    (hop,) = hops(*story)
    exchange = hop["exchanges"][0]
    for keys in (hop, hop["clock"], exchange, hop["never_arrived"][0], hop["changes"][0]):
        for key in keys:
            assert f"`{key}`" in PAGE, key


def test_two_recordings_that_are_alike_give_0(tmp_path: Path) -> None:
    ours, theirs = taken_apart([*(talk := Talk()).stream(), *talk.update()])
    a, b = written(tmp_path / "a.db", ours), written_elsewhere(tmp_path / "b.db", theirs, -9e6, 20e-6)
    result = streamid("diff", a, b)
    assert result.exit_code == 0
    assert "  the hop changed nothing\n" in result.stdout
    assert "#1" not in result.stdout
    listed = streamid("diff", a, b, "--all").stdout
    assert "#1 → #1  POST /api/chat/sessions/s1/stream → 200\n" in listed
    (hop,) = hops(a, b, "--all", code=0)
    assert [each["exchange"] for each in hop["exchanges"]] == [1, 2]


def test_what_only_the_server_side_saw_makes_no_difference(tmp_path: Path) -> None:
    ours, theirs = taken_apart(Talk().stream())
    health = [replace(event, exchange=2) for event in taken_apart(small(2, 90_000))[1]]
    a, b = written(tmp_path / "a.db", ours), written(tmp_path / "b.db", [*theirs, *health])
    (hop,) = hops(a, b, code=0)
    assert [each["exchange"] for each in hop["only_at_server_side"]] == [2]


def test_what_never_arrived_or_was_repeated_makes_a_difference(tmp_path: Path) -> None:
    talk = Talk()
    first, second = talk.stream(), talk.update()
    a = written(tmp_path / "a.db", taken_apart([*first, *second])[0])
    lost = written(tmp_path / "lost.db", taken_apart(first)[1])
    once = taken_apart([*first, *second])[1]
    failed = [replace(each, status=503) if isinstance(each, ResponseHead) else each for each in once[5:]]
    again = [replace(each, exchange=3) for each in once[5:]]
    repeated = written(tmp_path / "repeated.db", [*once[:5], *failed, *again])
    (hop,) = hops(a, lost, code=1)
    assert (hop["differing"], [each["exchange"] for each in hop["never_arrived"]]) == (0, [2])
    (hop,) = hops(a, repeated, code=1)
    assert (hop["differing"], hop["repeated"]) == (0, [{"exchange": 2, "server_side": 3, "others": [2]}])


def test_three_recordings_are_compared_in_pairs_and_an_exchange_is_followed(
    story: tuple[Path, Path], tmp_path: Path
) -> None:
    """The second hop puts back nothing, but answers all with 500."""
    a, b = story
    with Recording(b) as recording:
        events: list[Event] = [
            replace(event, status=500) if isinstance(event, ResponseHead) else event
            for event in recording.events()
        ]
        middle = written(tmp_path / "middle.db", events, recording.run.info)
    first, second = hops(a, middle, b, "--exchange", 4)
    assert [each["exchange"] for each in first["exchanges"]] == [4]
    (passed,) = first["exchanges"]
    (onward,) = second["exchanges"]
    assert onward["exchange"] == passed["server_side"]
    assert [each["kind"] for each in onward["differences"]] == ["status"]


def test_recordings_in_the_wrong_order_are_suspected(story: tuple[Path, Path]) -> None:
    a, b = story
    question = "no clock is right for: is the client's side named first?"
    assert question in streamid("diff", b, a).stdout
    assert question not in streamid("diff", a, b).stdout


def test_a_part_can_be_asked_for_by_time_stream_and_scope(story: tuple[Path, Path], tmp_path: Path) -> None:
    assert [hop["paired"] for hop in hops(*story, "--since", "10s", "--until", "20s")] == [2]
    ours, theirs = taken_apart(
        [*(talk := Talk()).stream(), *talk.update(), *Talk(number=2, session="s2").stream(None)]
    )
    a, b = record(tmp_path / "a.db", ours), record(tmp_path / "b.db", theirs)
    assert [hop["paired"] for hop in hops(a, b, "--stream", FIRST, code=0)] == [2]
    assert [hop["paired"] for hop in hops(a, b, "--scope", "s2", code=0)] == [1]


def test_the_list_has_a_limit_and_says_what_it_left_out(story: tuple[Path, Path]) -> None:
    assert streamid("diff", *story, "--limit", 2).stdout.endswith(
        "\n4 more exchanges not listed; --limit 0 lists all\n"
    )
    (hop,) = hops(*story, "--limit", 2)
    assert (len(hop["exchanges"]), hop["left_out"]) == (2, 4)


def test_recorded_text_moves_no_cursor(tmp_path: Path) -> None:
    hostile = Talk().exchange("GET", "/a\x1b[2J", request=(("X-\x1b[31mRed", "\x9b0m\x07"),))
    ours, theirs = taken_apart(hostile)
    asked = theirs[0]
    assert isinstance(asked, RequestHead)
    theirs[0] = replace(asked, target=b"/gateway/a\x1b[2J", headers=((b"X-New\r\n", b"\x1b[1A"),))
    a, b = written(tmp_path / "a.db", ours), written(tmp_path / "b.db", theirs)
    result = streamid("diff", a, b)
    assert "\\x1b[31mRed dropped in 1 of 1 request\n" in result.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.db"], "a.db: is one recording; diff compares two or more, the client's side first"),
        (["a.db", "other.db"], "a.db and other.db: have no exchange in common"),
        (["a.db", "b.db", "--exchange", "99"], "a.db: has no exchange that is asked for"),
        (["a.db", "b.db", "--exchange", "1", "--exchange", "99"], "a.db: exchange 99 is not there"),
        (["a.db", "plain.db"], "plain.db: is not a recording"),
        (["foreign.db", "b.db"], "foreign.db (profile chat)"),
        (["a.db", "none.db"], "none.db: there is no such file or folder"),
        (["a.db", "b.db", "--profile", "none"], "none: no such profile file"),
        (["a.db", "b.db", "--since", "2s", "--until", "1s"], "is not after --since"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_2(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ours, theirs = taken_apart(Talk().stream())
    written(tmp_path / "a.db", ours)
    written(tmp_path / "b.db", theirs)
    written(tmp_path / "other.db", small(1))
    written(tmp_path / "foreign.db", ours, replace(INFO, profile_toml="name = 'chat'"))
    (tmp_path / "plain.db").write_text("no recording at all")
    result = streamid("diff", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_json_goes_to_standard_output_alone(story: tuple[Path, Path]) -> None:
    code, out, err = finished("diff", *story, "--format", "json")
    assert (code, err) == (1, "")
    assert json.loads(out)["recordings"] == [str(path) for path in story]
