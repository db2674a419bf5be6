"""`streamid faults`: lists, pages, and what is told of plans."""

import json
from pathlib import Path

import pytest

from cli.rendering.fault_facts import given, settings, strikes, time_text
from cli.rendering.fault_text import kind_lines, kind_page
from faults.presets import PRESETS
from faults.registry import KINDS
from faults.streams.stall import Stall
from faults.streams.throttle import Throttle
from faults.when import When
from tests.cli.streamid import streamid
from tests.cli.test_help import loaded_by

PLAN = """\
seed = 7
[[fault]]
kind = "delay"
by = "1.5 s"
match = "~m POST"
when = { every = 3, after = "2 s" }
[[fault]]
kind = "strip-header"
names = ["X-Stream-Id"]
armed = false
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_every_kind_and_every_preset_is_listed_on_a_line() -> None:
    lines = streamid("faults", "list").stdout.splitlines()
    assert lines[0].split() == ["kind", "family", "strikes", "breaks", "what", "it", "does"]
    assert {line.split()[0] for line in lines[1:]} == KINDS.keys()
    lines = streamid("faults", "list", "--presets").stdout.splitlines()
    assert [line.split()[0].partition("(")[0] for line in lines[1:]] == list(PRESETS)


def test_lists_and_pages_are_the_same_in_json() -> None:
    listed = json.loads(streamid("faults", "list", "--format", "json").stdout)
    assert {each["kind"] for each in listed} == KINDS.keys()
    found = json.loads(streamid("faults", "explain", "stall", "idle-60s", "--format", "json").stdout)
    kind, preset = found
    assert list(kind) == [
        "kind", "family", "strikes", "summary", "received", "settings", "breaks", "follows", "example",
    ]  # fmt: skip
    assert kind in listed
    assert list(preset) == [
        "preset", "usage", "summary", "page", "parameters", "kinds", "breaks", "follows", "plan",
    ]  # fmt: skip
    assert preset["plan"] == '[[fault]]\nkind = "idle-cut"\nafter = "60 s"\nmatch = "~ts event-stream"'
    assert preset in json.loads(streamid("faults", "list", "--presets", "--format", "json").stdout)


def test_a_kind_is_explained_from_what_is_received_to_a_plan() -> None:
    lines = streamid("faults", "explain", "truncate").stdout.splitlines()
    assert lines[0] == "truncate (streams; strikes response)"
    titles = ["Received", "Settings", "Breaks", "A plan with it"]
    assert [line for line in lines if line in titles] == titles
    assert '  ending  "clean", "close" or "reset", default: "close"' in lines
    assert "  SS503 sse-no-terminal" in lines
    assert lines[-4:] == ["    [[fault]]", '    kind = "truncate"', "    events = 3", '    ending = "clean"']


def test_a_preset_is_explained_with_its_defaults_in_a_plan() -> None:
    lines = streamid("faults", "explain", "nginx-buffering").stdout.splitlines()
    assert lines[0] == "nginx-buffering(bytes=4096) (preset)"
    assert "    bytes = 4096" in lines


@pytest.mark.parametrize(
    ("name", "hint"),
    [("stal", "did you mean stall?"), ("\x1b", "streamid faults list has them all")],
)
def test_what_is_neither_is_one_line(name: str, hint: str) -> None:
    result = streamid("faults", "explain", name)
    shown = name.replace("\x1b", "\\x1b")
    told = f"Error: {shown}: there is no such kind and no such preset; {hint}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", told)


def test_a_sound_plan_is_told_fault_by_fault(plan: Path) -> None:
    result = streamid("faults", "check", plan, "idle-60s(after=2 s)")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{plan}: 2 faults, seed 7",
        "  name          kind          when                match    state",
        "  delay         delay         every 3, after 2 s  ~m POST  armed",
        "  strip-header  strip-header  always              -        disarmed",
        "idle-60s(after=2 s): 1 fault, seed 1",
        "  name      kind      when    match             state",
        "  idle-60s  idle-cut  always  ~ts event-stream  armed",
    ]


def test_what_is_wrong_is_told_with_file_line_and_field(plan: Path) -> None:
    plan.write_text(PLAN.replace("~m POST", "~m POST & ~b x").replace("names", "nmes"), encoding="utf-8")
    result = streamid("faults", "check", plan, "stall", "idle-60s")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"{plan}:5: fault[0].match: ~b asks for a body, and bodies are not there yet when a fault is "
        "decided on",
        f"{plan}:7: fault[1].names: is missing",
        f"{plan}:9: fault[1].nmes: there is no such setting; did you mean names?",
        "there is no preset 'stall'; streamid faults list --presets has them all",
    ]
    assert result.stdout.startswith("idle-60s: 1 fault")


def test_plans_in_json_have_their_errors_beside_their_faults(plan: Path) -> None:
    result = streamid("faults", "check", plan, "missing.toml", "--format", "json")
    sound, missing = json.loads(result.stdout)
    assert result.exit_code == 2
    assert sound == {
        "plan": str(plan),
        "errors": [],
        "seed": 7,
        "faults": [
            {
                "name": "delay",
                "kind": "delay",
                "armed": True,
                "match": "~m POST",
                "when": {"every": 3, "after": "2 s"},
                "settings": {"by": "1500 ms"},
            },
            {
                "name": "strip-header",
                "kind": "strip-header",
                "armed": False,
                "match": None,
                "when": {},
                "settings": {"names": ["X-Stream-Id"]},
            },
        ],
    }
    assert missing["errors"] == ["missing.toml: No such file or directory"]


def test_no_escape_of_a_plan_reaches_the_terminal(plan: Path) -> None:
    plan.write_text(PLAN.replace("~m POST", "~u \\u001b]0;x"), encoding="utf-8")
    assert "\x1b" not in streamid("faults", "check", plan).stdout
    plan.write_text(PLAN.replace('"delay"', '"\\u001b[2Jdelay"'), encoding="utf-8")
    result = streamid("faults", "check", plan)
    assert (result.exit_code, "\x1b" in result.stderr) == (2, False)


def test_presets_take_the_header_of_the_profile(tmp_path: Path) -> None:
    found = json.loads(streamid("faults", "check", "strip-streaming-id", "--format", "json").stdout)
    assert found[0]["faults"][0]["settings"] == {"names": ["X-Streaming-Session-Id"]}
    result = streamid("faults", "check", "idle-60s", "--profile", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert "no such profile file, and no built-in profile (" in result.stderr


def test_types_and_defaults_are_told_in_words() -> None:
    told = {each["key"]: (each["type"], each["default"]) for each in [*settings(Stall), *settings(Throttle)]}
    assert told["for"] == ("time", None)
    assert told["rate"] == ("whole number from 1", None)
    told = {each["key"]: (each["type"], each["default"]) for each in settings(When)}
    assert told["probability"] == ("number from 0 to 1", "none")
    assert told["per"] == ('"client", "scope" or "stream"', "none")
    assert [*map(time_text, (0, 50_000, 60_000_000, 1_500_000, 90_000_000, 1_500))] == [
        "0 ms", "50 ms", "1 min", "1500 ms", "90 s", "1.5 ms",
    ]  # fmt: skip
    assert given(Stall.model_validate({"for": "forever"})) == {"for": None}


def test_which_messages_are_struck_is_told() -> None:
    told = {strikes(kind) for kind in KINDS.values()}
    assert told == {"request", "response", "response or request"}


def test_tables_and_prose_keep_to_the_width() -> None:
    assert all(line.endswith("…") for line in list(kind_lines([KINDS["recompress"]], 60))[1:])
    for kind in KINDS.values():
        prose = [line for line in kind_page(kind, 60) if not line.startswith("    ")]
        assert all(len(line) <= 60 for line in prose if line.startswith("  ") and "," not in line)


def test_help_and_lists_load_no_proxy() -> None:
    assert "mitmproxy" not in loaded_by("faults", "list")
    assert "pydantic" not in loaded_by("faults", "--help")
