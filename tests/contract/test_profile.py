"""Profiles: what is read is complete, and what is wrong is named by file, line and field."""

import pytest

from contract.profile import Profile, ProfileError, builtin, builtin_names, builtin_toml
from contract.profile_sections import JsonIs
from contract.toml_lines import line_of
from tests.contract.build import FIRST

CHAT = builtin_toml("chat")
SMALL = """\
name = "small"
id.format = "[a-z]+"

[[issue]]
method = "POST"
path = "/streams"
id.header = "X-Id"
"""


def error(text: str) -> str:
    with pytest.raises(ProfileError) as caught:
        Profile.from_toml(text, "own.toml")
    return str(caught.value)


def line(text: str, containing: str) -> int:
    return next(n for n, each in enumerate(text.splitlines(), start=1) if containing in each)


def test_every_built_in_profile_is_valid_and_named_after_its_file() -> None:
    assert "chat" in builtin_names()
    for name in builtin_names():
        assert builtin(name).name == name


def test_the_chat_profile_says_where_its_id_is() -> None:
    chat = builtin("chat")
    assert chat.issue[0].id.header == "X-Streaming-Session-Id"
    assert chat.echo[0].id.json_path == "streamingSessionId"
    assert chat.id.example == FIRST
    assert chat.life.ends_with_echo
    assert chat.probe is not None
    assert {kind for kind, _ in chat.mismatch.all} == {"missing", "unknown", "ended", "foreign"}


def test_an_unknown_built_in_names_those_that_there_are() -> None:
    with pytest.raises(ProfileError, match="no built-in profile 'chatt'; there are: chat"):
        builtin("chatt")


def test_a_small_profile_has_defaults_for_the_rest() -> None:
    small = Profile.from_toml(SMALL, "small.toml")
    assert small.origin == "server"
    assert small.id.rotation == "response"
    assert small.credential.headers == ("Authorization",)


def test_what_is_no_toml_is_named_by_line() -> None:
    assert error('name = "x"\nid = [\n').startswith("own.toml:2: not TOML:")
    assert error('name = "x"\n\n=\n').startswith("own.toml:3: not TOML:")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('header = "X-Streaming-Session-Id"', 'headr = "X"', "issue[0].id.headr"),
        ('header = "X-Streaming-Session-Id"', 'header = "X Y"', "issue[0].id.header"),
        ('compare = "exact"', 'compare = "roughly"', "id.compare"),
        ('rotation = "response"', 'rotation = "daily"', "id.rotation"),
        ('origin = "server"', 'origin = "proxy"', "origin"),
        ('id.json = "streamingSessionId"', 'id.json = "a..b"', "echo[0].id.json"),
        ('methods = ["GET", "POST", "DELETE"]', 'methods = ["get"]', "cors.methods[0]"),
        ('text = "string"', 'text = "text"', "sse.payloads.chunk.required.text"),
        ("ends-with-echo = true", "ends_with_ecko = true", "life.ends_with_ecko"),
        ("status = [404]", "status = [4040]", "mismatch.ended[1].status"),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_field(old: str, new: str, field: str) -> None:
    assert old in CHAT
    broken = CHAT.replace(old, new, 1)
    number = line(broken, new)
    assert f"own.toml:{number}: {field}: " in error(broken)


def test_a_missing_key_is_named_at_its_table() -> None:
    broken = CHAT.replace("format = 'stream-[0-9]{13}-[0-9a-f]{8}'\n", "", 1)
    assert error(broken) == f"own.toml:{line(broken, '[id]')}: id.format: Field required"


def test_a_status_alone_never_decides() -> None:
    text = SMALL + "\n[[mismatch.missing]]\nstatus = [400]\n"
    problem = "a status alone never decides: give text, where, or event"
    assert error(text) == f"own.toml:9: mismatch.missing[0]: {problem}"


def test_a_place_is_exactly_one() -> None:
    text = SMALL + 'id.json = "a.b"\n'
    problem = "give exactly one of header, json, sse-id (got: header, json)"
    assert error(text) == f"own.toml:7: issue[0].id: {problem}"


def test_the_scopes_variable_must_be_in_every_path() -> None:
    text = SMALL + '[scope]\npath = "session"\n'
    assert "the scope's variable {session} is not in the path /streams" in error(text)


@pytest.mark.parametrize("pattern", ["(", "[", "*a"])
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    assert "own.toml:2: id.format: not a regular expression" in error(SMALL.replace("[a-z]+", pattern))


def test_an_example_must_fit_its_format() -> None:
    assert "id: the example does not fit the format" in error('id.example = "A"\n' + SMALL)


def test_there_must_be_an_issue() -> None:
    text = SMALL[: SMALL.index("[[issue]]")] + "issue = []\n"
    assert "there must be at least one issue" in error(text)


def test_every_mistake_is_reported_at_once() -> None:
    text = SMALL.replace('"POST"', '"post"').replace('"/streams"', '"streams"')
    assert [each.split(": ")[1] for each in error(text).splitlines()] == ["issue[0].method", "issue[0].path"]


def test_a_predicate_has_one_test() -> None:
    with pytest.raises(ValueError, match="not both"):
        JsonIs.model_validate({"json": "a", "equals": 1, "matches": "b"})


def test_lines_are_found_in_arrays_of_tables_dotted_keys_and_after_multi_line_strings() -> None:
    text = 'a = """\nx = 1\n"""\n[[t]]\nb = 1\n[[t]]\nb = 2\n[t.u]\nc.d = 3\n["q.r"]\ns = 4\n'
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("t", 0, "b")) == 5
    assert line_of(text, ("t", 1, "b")) == 7
    assert line_of(text, ("t", 1, "u", "c", "d")) == 9
    assert line_of(text, ("q.r", "s", 0, "deep")) == 11
    assert line_of(text, ("nowhere",)) == 1
