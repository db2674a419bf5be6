"""What `streamid ls` lists where options choose."""

import json
from pathlib import Path

import pytest

import recordings
from contract.profile import builtin
from postmortem.diagnosing import diagnose
from recordings.reader import Recording
from tests.cli.recorded import record
from tests.cli.streamid import streamid
from tests.contract.build import FIRST, SECOND, Talk, cut

SAMPLES = Path(next(iter(recordings.__path__))) / "samples"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """1 a stream, 2 its update, 3 a refused one, 4 and 5 failures, 6 a broken stream, 1007 one elsewhere."""
    talk = Talk()
    other = talk.but(session="s2", number=6)
    return record(
        tmp_path / "mixed.db",
        [
            *talk.stream(FIRST),
            *talk.update(FIRST),
            *talk.refused("stream-1732312345678-ffffffff"),
            *talk.exchange("GET", "/api/models?page=2", status=404),
            *talk.exchange("GET", "/api/models", status=503),
            *cut(talk.stream(SECOND), 5),
            *other.stream("stream-1732312345679-11111111"),
        ],
    )


def listed(path: Path, *options: object) -> list[int]:
    rows = json.loads(streamid("ls", path, "--format", "json", *options).stdout)
    text = streamid("ls", path, *options).stdout.splitlines()[1:]
    numbers = [row["exchange"] for row in rows]
    assert [int(line.split()[0]) for line in text] == numbers
    return numbers


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [1, 2, 3, 4, 5, 6, 1007]),
        (["--scope", "s2"], [1007]),
        (["--stream", FIRST], [1, 2]),
        (["--stream", FIRST, "--stream", SECOND], [1, 2, 6]),
        (["--status", "404"], [4]),
        (["--status", "4xx", "--status", "503"], [3, 4, 5]),
        (["--status", "none"], []),
        (["--role", "issue"], [1, 6, 1007]),
        (["--role", "issue", "--scope", "s1"], [1, 6]),
        (["--outcome", "client-abort"], [6]),
        (["--finding", "EC203"], [3]),
        (["--finding", "ec"], [3]),
        (["--finding", "EC203,HT602"], [3, 6]),
        (["--finding", "CO402"], []),
        (["--url", "page=2"], [4]),
        (["--url", "update", "--status", "2xx"], [2]),
        (["--since", "+13ms"], [3, 4, 5, 6]),
        (["--since", "+13ms", "--until", "2025-01-31T12:00:00.023Z"], [3, 4]),
        (["--match", "~u /stream$ & ~hs text/event-stream"], [1, 6, 1007]),
        (["--match", "~c 404", "--match", "~c 503"], [4, 5]),
        (["--match", "~bs mismatch"], [3]),
        (["--match", "~bq Hi & !~c 503", "--outcome", "complete"], [1, 1007]),
        (["--match", "~m GET", "--status", "404"], [4]),
    ],
    ids=str,
)
def test_what_is_listed_fits_all_options_and_any_of_an_options_values(
    options: list[str], numbers: list[int], mixed: Path
) -> None:
    assert listed(mixed, *options) == numbers


def test_of_many_exchanges_bodies_are_read_in_one_pass(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.exchange_filters._READ_SINGLY", 2)
    assert listed(mixed, "--match", "~bs mismatch") == [3]
    assert listed(mixed, "--match", "~bs mismatch", "--role", "issue") == []
    monkeypatch.setattr("cli.exchange_filters._HEADS_AT_ONCE", 2)
    assert listed(mixed, "--match", "~m GET") == [4, 5]


def test_nothing_that_fits_is_told(mixed: Path) -> None:
    result = streamid("ls", mixed, "--scope", "s9")
    assert result.exit_code == 0
    assert result.stderr == "note: no exchange fits these options\n"
    assert len(result.stdout.splitlines()) == 1
    assert streamid("ls", mixed, "--scope", "s9", "--format", "json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--status", "4x"], "'4x' is no status; write it like 404, 4xx or none"),
        (["--role", "boss"], "'boss' is not one of"),
        (["--outcome", "fine"], "'fine' is not one of"),
        (["--finding", "XX"], "there is no rule 'XX'"),
        (["--since", "yesterday"], "'yesterday' is no time"),
        (["--since", "5s", "--until", "2s"], "is not after --since"),
        (["--cause", "server-rac"], "there is no cause 'server-rac'"),
        (["--match", "~m ("], "'~m (' is no filter expression of mitmproxy"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_used_is_one_line_and_exit_code_2(
    options: list[str], why: str, mixed: Path
) -> None:
    for command in ("ls", "stats"):
        result = streamid(command, mixed, *options)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert why in result.stderr.splitlines()[-1]


def test_a_cause_lists_the_exchanges_of_its_incidents() -> None:
    stale, missing = SAMPLES / "echo-stale.db", SAMPLES / "echo-missing.db"
    with Recording(stale) as recording:
        (incident,) = diagnose("", recording, builtin("chat")).incidents
    assert incident.cause == "client-stale-id"
    assert listed(stale, "--cause", "client-stale-id") == sorted({incident.exchange, *incident.exchanges})
    assert listed(stale, "--cause", "client-stale-id", "--match", "~c 400") == [5]
    assert listed(stale, "--cause", "server-race") == []
    assert listed(
        missing, "--cause", "server-race", "--cause", "client-never-extracted", "--role", "echo"
    ) == [4]


def test_codes_have_the_colour_of_their_severity(mixed: Path) -> None:
    line = streamid("ls", mixed, "--finding", "EC203", color=True).stdout.splitlines()[1]
    assert line.endswith("\x1b[36mEC202\x1b[0m \x1b[31mEC203\x1b[0m")
    line = streamid("ls", mixed, "--finding", "HT602", color=True).stdout.splitlines()[1]
    assert line.endswith("\x1b[36mHT602\x1b[0m")


def test_several_recordings_are_filtered_alike(mixed: Path, healthy: Path) -> None:
    rows = json.loads(streamid("ls", mixed, healthy, "--role", "echo", "--format", "json").stdout)
    assert [(Path(row["recording"]).name, row["exchange"]) for row in rows] == [
        ("mixed.db", 2),
        ("mixed.db", 3),
        ("healthy.db", 2),
    ]
