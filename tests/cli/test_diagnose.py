"""`streamid diagnose`: what is printed, for which recordings, and with which exit code."""

import json
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import Breaker, Event, Manner, Side
from tests.cli.conftest import FABRICATED
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, finished, process, streamid
from tests.contract.build import CORS, FIRST, ID_HEADER, SECOND, Talk
from tests.contract.causes.sides import broken
from tests.postmortem.two_taps import INFO, taken_apart, written

SAMPLES = ROOT / "recordings" / "samples"
PLANTED = {
    "healthy": None,
    "early-reader": None,
    "echo-missing": "client-never-extracted",
    "echo-fabricated": "client-fabricated-id",
    "echo-stale": "client-stale-id",
}
INCIDENT = [
    *(
        "exchange",
        "stream",
        "scope",
        "at",
        "status",
        "cause",
        "confidence",
        "summary",
        "evidence",
        "ruled_out",
    ),
    *("advice", "possible", "decides", "exchanges", "last_at", "injected"),
]


def diagnosis(*arguments: object) -> dict[str, object]:
    found = json.loads(streamid("diagnose", *arguments, "--format", "json").stdout)
    assert isinstance(found, dict)
    return found


def causes(*arguments: object) -> list[str]:
    return [each["cause"] for each in diagnosis(*arguments)["incidents"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("sample", PLANTED)
def test_each_sample_is_explained_by_what_was_planted_in_it(sample: str) -> None:
    cause = PLANTED[sample]
    result = streamid("diagnose", SAMPLES / f"{sample}.db")
    assert (result.exit_code, result.stderr) == (0 if cause is None else 1, "")
    if cause is None:
        assert result.stdout == "no incident; 1 of 1 stream healthy (profile chat)\n"
    else:
        lines = result.stdout.splitlines()
        assert lines[0] == f"{cause} (certain)"
        assert any(line.startswith("    + #") for line in lines)
        assert any(line.startswith("    - not ") for line in lines)
        assert any(line.startswith("    → ") for line in lines)
        assert lines[-1].startswith("1 incident of 1 cause; ")


def test_json_has_the_documented_keys(chat: Path) -> None:
    result = streamid("diagnose", chat, "--format", "json")
    assert (result.exit_code, result.stderr) == (1, "")
    found = json.loads(result.stdout)
    (incident,) = found["incidents"]
    assert list(incident) == INCIDENT
    assert list(incident["evidence"][0]) == ["fact", "exchange", "side"]
    assert list(incident["ruled_out"][0]) == ["cause", "because"]
    assert (incident["exchange"], incident["exchanges"], incident["stream"]) == (4, [3, 4], FABRICATED)
    (group,) = found["groups"]
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    (section,) = re.findall(r"## `streamid diagnose`.*?(?=\n## )", page, re.DOTALL)
    (documented,) = re.findall(r"```\n(\{\"recordings\".*?)```", section, re.DOTALL)
    keys = {*found, *incident, *group, *group["first"], *incident["evidence"][0], *incident["ruled_out"][0]}
    assert set(re.findall(r'"(\w+)"', documented)) == keys


def test_several_recordings_are_told_apart_and_one_incident_is_enough_for_the_exit_code(
    chat: Path, healthy: Path
) -> None:
    result = streamid("diagnose", chat, healthy)
    assert result.exit_code == 1
    assert str(chat) in result.stdout.splitlines()
    assert str(healthy) in result.stdout.splitlines()
    assert result.stdout.count("(profile chat)") == 2
    found = diagnosis(chat.parent)
    assert sorted(found["recordings"]) == sorted([str(chat), str(healthy)])  # type: ignore[call-overload]
    assert [each["recording"] for each in found["incidents"]] == [str(chat)]  # type: ignore[attr-defined]
    assert (found["exchanges"], found["streams"], found["healthy"]) == (6, 3, 2)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A stream whose ID never came back, and a minute later one whose header a hop took away."""
    t = Talk()
    first = t.stream() + t.refused(None)
    t.session = "s2"
    return record(tmp_path / "two.db", [*first, *t.wait(60).stream(None, server=((ID_HEADER, SECOND),))])


def test_what_is_reported_is_narrowed_by_cause_stream_scope_and_time(two: Path) -> None:
    both = ["client-never-extracted", "network-stripped"]
    assert causes(two) == both
    assert causes(two, "--cause", both[1]) == both[1:]
    assert causes(two, "--stream", FIRST) == both[:1]
    assert causes(two, "--stream", SECOND) == both[1:]
    assert causes(two, "--scope", "s1", "--scope", "s2") == both
    assert causes(two, "--scope", "s2") == both[1:]
    assert causes(two, "--since", "30s") == both[1:]
    assert causes(two, "--until", "+30s") == both[:1]
    nothing = streamid("diagnose", two, "--cause", "server-race")
    assert (nothing.exit_code, nothing.stdout.splitlines()[0][:11]) == (0, "no incident")


def test_incidents_beyond_the_limit_are_counted_and_all_prints_each_in_full(tmp_path: Path) -> None:
    t = Talk()
    events: list[Event] = []
    for number in range(4):
        t.session = f"s{number}"
        events += t.stream(f"stream-173231234567{number}-1a2b3c4d") + t.refused(None)
    many = record(tmp_path / "many.db", events)
    found = diagnosis(many, "--limit", "1")
    assert (len(found["incidents"]), found["left_out"]) == (1, 3)  # type: ignore[arg-type]
    text = streamid("diagnose", many).stdout
    assert text.startswith("client-never-extracted (certain)  ×4, #2 to #8, in 4 scopes\n")
    assert (text.count("    → "), text.count("  also #")) == (1, 3)
    assert streamid("diagnose", many, "--all").stdout.count("    → ") == 4
    assert "and 3 more incidents of this cause" in streamid("diagnose", many, "--limit", "1").stdout


@pytest.mark.parametrize(
    ("hop", "told"),
    [
        ("a.db", "is not client-side=FILE or server-side=FILE"),
        ("client-side=", "is not client-side=FILE"),
        ("client-side=chat.db,client-side=chat.db", "each once"),
        ("middle=chat.db", "'middle=chat.db' is not"),
        ("", "is not client-side=FILE"),
        ("client-side=other.db", "--hop client-side=other.db: is not among the recordings to read"),
    ],
)
def test_a_bad_hop_is_one_line(chat: Path, monkeypatch: pytest.MonkeyPatch, hop: str, told: str) -> None:
    monkeypatch.chdir(chat.parent)
    result = streamid("diagnose", chat.name, "--hop", hop)
    assert (result.exit_code, result.stdout) == (2, "")
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert told in errors[0]
    assert "Traceback" not in result.stderr


def test_a_cause_that_there_is_not_names_those_that_there_are(chat: Path) -> None:
    result = streamid("diagnose", chat, "--cause", "server-slow")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--cause 'server-slow': there is no such cause; there are expected-rejection, " in result.stderr


def test_what_is_no_recording_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("no database")
    assert streamid("diagnose", tmp_path / "no.db").exit_code == 2
    assert streamid("diagnose", tmp_path / "missing.db").exit_code == 2


def test_taken_before_a_hop_it_says_what_cannot_be_told_from_there(two: Path) -> None:
    assert causes(two, "--hop", f"client-side={two}") == ["client-never-extracted", "inconclusive"]
    found = json.loads(streamid("diagnose", two, "--hop", f"client-side={two}", "--format", "json").stdout)
    unsure = found["incidents"][1]
    assert unsure["possible"] == ["server-never-issued", "network-stripped"]
    assert unsure["decides"].startswith("a recording of the same traffic on the other side of the hop")
    assert causes(two, "--hop", f"client-side={two}", "--cause", "network-stripped") == ["inconclusive"]


def test_taken_behind_a_hop_no_client_is_blamed_for_what_the_hop_may_have_done(two: Path) -> None:
    assert causes(two, "--hop", f"server-side={two}") == ["inconclusive", "network-stripped"]


def test_two_taps_name_what_the_hop_between_them_did(tmp_path: Path) -> None:
    t = Talk()
    events = t.stream(None, server=((ID_HEADER, FIRST),)) + t.refused(None)
    before, behind = taken_apart(events)
    a, b = written(tmp_path / "a.db", before), written(tmp_path / "b.db", behind)
    hop = f"client-side={a},server-side={b}"
    result = streamid("diagnose", a, b, "--hop", hop, "--profile", "chat")
    assert result.exit_code == 1
    assert result.stdout.startswith("network-stripped (certain)\n")
    assert re.search(r"^    \+ #1 of b\.db +'stream-", result.stdout, re.MULTILINE)
    alone = streamid("diagnose", a, "--profile", "chat").stdout
    assert alone.startswith("server-never-issued (likely)\n")


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("run.har (HAR of Firefox 140.0)", "inconclusive"),
        ("run.har (HAR of mitmproxy 12.2.3)", "server-never-issued"),
        ("run.flows (flow file of mitmproxy)", "server-never-issued"),
    ],
)
def test_what_a_browser_saved_is_the_clients_side_alone(tmp_path: Path, source: str, cause: str) -> None:
    t = Talk()
    about = replace(INFO, options={"imported": source})
    path = written(tmp_path / "r.db", t.stream(None) + t.refused(None), about)
    assert causes(path, "--profile", "chat") == [cause]


def test_what_was_recorded_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;gone\x07\u202e<script>"
    t = Talk()
    t.session = "s%1b%0a"
    cut = broken(t.stream(SECOND), 4, (Side.BOTH, Breaker.SERVER, Manner.CLOSED), reason=evil)
    moved = (("Location", "/\x1b]0;x\x07"), *CORS)
    redirected = t.stream(None, status=302, more=moved, media_type="text/html", answer=b"")
    path = record(tmp_path / "evil.db", [*t.stream(), *t.refused(evil), *cut, *redirected])
    for result in (streamid("diagnose", path, color=True), streamid("diagnose", path, "--all")):
        assert result.exit_code == 1
        assert "\x1b]" not in result.stdout
        assert not set("\x07\u202e\r") & set(result.stdout)
        assert r"\x1b]0;gone\x07\u202e<script>" in result.stdout
    found = json.loads(streamid("diagnose", path, "--format", "json").stdout)
    assert evil in [each["stream"] for each in found["incidents"]]


def test_a_reader_that_closes_the_pipe_gets_no_traceback(tmp_path: Path) -> None:
    t = Talk()
    events: list[Event] = []
    for number in range(400):
        t.session = f"s{number}"
        events += t.stream(f"stream-1732312345{number:03}-1a2b3c4d") + t.refused(None)
    path = record(tmp_path / "many.db", events)
    with process("diagnose", path, "--all") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert (
            running.stdout.readline()
            == "client-never-extracted (certain)  ×400, #2 to #800, in 100 or more scopes\n"
        )
        running.stdout.close()
        errors = running.stderr.read()
        running.wait(timeout=60)
    assert "Traceback" not in errors
    assert running.returncode in (1, -signal.SIGPIPE)


def test_a_process_prints_json_alone_and_loads_no_mitmproxy(chat: Path) -> None:
    code, out, err = finished("diagnose", chat, "--format", "json")
    assert (code, err) == (1, "")
    assert json.loads(out)["profile"] == "chat"
