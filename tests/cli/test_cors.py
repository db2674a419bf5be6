import json
from pathlib import Path

import pytest

from contract.events import Event, ResponseHead, Side
from contract.profile import builtin_toml
from tests.cli.recorded import record, run_info
from tests.cli.streamid import streamid
from tests.contract.build import CORS, FIRST, ID_HEADER, Talk, cut, fields

KEYS = ["exchange", "origin", "header", "readable", "because"]
APP = "https://app.example"
EXPOSED = "Access-Control-Expose-Headers"


def rows(*arguments: object) -> list[dict[str, object]]:
    result = streamid("cors", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def readable(*arguments: object) -> list[object]:
    return [row["readable"] for row in rows(*arguments)]


def test_json_has_the_documented_keys_for_each_exchange_with_an_origin(chat: Path) -> None:
    found = rows(chat)
    assert [list(row) for row in found] == [KEYS] * 2
    assert found[0] == {
        "exchange": 1,
        "origin": APP,
        "header": ID_HEADER,
        "readable": True,
        "because": "Access-Control-Expose-Headers lists it",
    }
    assert [row["exchange"] for row in found] == [1, 3]


def test_several_recordings_are_named_in_each_row(chat: Path, healthy: Path) -> None:
    assert {row["recording"] for row in rows(chat, healthy)} == {str(chat), str(healthy)}
    titles, *_ = streamid("cors", chat, healthy).stdout.splitlines()
    assert titles.split()[0] == "recording"


def test_another_origin_is_asked_for_and_all_exchanges_are_listed(chat: Path) -> None:
    found = rows(chat, "--origin", "https://b.example")
    assert [row["origin"] for row in found] == ["https://b.example"] * 4
    assert [row["readable"] for row in found] == [False, None, False, None]
    assert found[0]["because"] == f"Access-Control-Allow-Origin is {APP}, not the origin https://b.example"
    assert readable(chat, "--origin", "http://chat.test") == [True] * 4
    assert readable(chat, "--origin", "null") == [False, None, False, None]


def test_other_headers_are_asked_for_by_name(chat: Path) -> None:
    found = rows(chat, "--header", "content-type", "--header", "X-Upstream")
    assert [(row["header"], row["readable"]) for row in found[:2]] == [
        ("content-type", True),
        ("X-Upstream", False),
    ]


def test_the_headers_of_the_profile_are_asked_for_once_each(tmp_path: Path) -> None:
    toml = builtin_toml("chat").replace(
        'expose = ["X-Streaming-Session-Id"]', 'expose = ["X-Request-Id", "x-streaming-session-id"]'
    )
    path = record(tmp_path / "own.db", Talk().stream(FIRST), run_info(profile_toml=toml))
    assert [row["header"] for row in rows(path)] == [ID_HEADER, "X-Request-Id"]


def test_the_mode_that_a_proxy_cannot_see_can_be_told(tmp_path: Path) -> None:
    path = record(tmp_path / "star.db", Talk().stream(FIRST, more=(*CORS[:2], (EXPOSED, "*"))))
    assert readable(path) == [None]
    assert readable(path, "--credentials", "omit") == [True]
    assert readable(path, "--credentials", "include") == [False]


def test_a_header_that_may_be_read_but_is_not_there_says_so(tmp_path: Path) -> None:
    path = record(tmp_path / "none.db", Talk().stream(None))
    (row,) = rows(path)
    assert row["readable"] is True
    assert row["because"] == "Access-Control-Expose-Headers lists it; the response does not have it"


@pytest.mark.parametrize(
    ("status", "answered", "because"),
    [
        (204, "POST", "this one allows what it asks for"),
        (204, "PUT", "this one allows what it asks for"),
        (401, "POST", "this one refuses it: its status is not 2xx"),
    ],
)
def test_a_preflight_is_read_by_no_script_and_says_what_it_allows(
    tmp_path: Path, status: int, answered: str, because: str
) -> None:
    asked = (("Origin", APP), ("Access-Control-Request-Method", "POST"))
    allowed = (*CORS[:2], ("Access-Control-Allow-Methods", answered))
    events = Talk().exchange("OPTIONS", "/api/x", request=asked, status=status, response=allowed)
    (row,) = rows(record(tmp_path / "preflight.db", events))
    assert row["readable"] is False
    assert row["because"] == f"no script sees the answer to a preflight; {because}"


def test_what_the_client_got_counts_and_not_what_the_service_sent(tmp_path: Path) -> None:
    talk = Talk()
    events = talk.exchange(
        "POST",
        talk.path("/stream"),
        request=(("Origin", APP),),
        response=CORS[:2],
        server_response=CORS,
    )
    assert readable(record(tmp_path / "sides.db", events)) == [False]


def test_an_informational_response_is_not_the_answer(tmp_path: Path) -> None:
    events: list[Event] = Talk().stream(FIRST)
    early = ResponseHead(1, Side.BOTH, 2_500, 103, b"", b"HTTP/1.1", fields((("Link", "</a>"),)))
    at = next(number for number, event in enumerate(events) if isinstance(event, ResponseHead))
    path = record(tmp_path / "early.db", [*events[:at], early, *events[at:]])
    assert readable(path) == [True]


def test_exchanges_without_an_answer_are_left_out(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.db", cut(Talk().stream(FIRST), 1))
    result = streamid("cors", path)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)
    assert result.stderr == (
        "note: no request with an Origin has a response here; --origin asks for a script on an origin\n"
    )
    assert rows(path) == []


def test_text_is_a_table_and_hides_no_control_character(tmp_path: Path) -> None:
    hostile = (("Access-Control-Allow-Origin", "\x1b[2Jx\u0085"), (EXPOSED, ID_HEADER))
    path = record(tmp_path / "hostile.db", Talk().stream(FIRST, more=hostile))
    out = streamid("cors", path).stdout
    titles, line = out.split("\n")[:2]
    assert titles.split() == ["#", "method", "path", "status", "origin", "header", "readable", "because"]
    assert line.split()[:7] == ["1", "POST", "/api/chat/sessions/s1/stream", "200", APP, ID_HEADER, "no"]
    assert "Access-Control-Allow-Origin is \\x1b[2Jx\\x85, not the origin" in line
    assert "\x1b" not in streamid("cors", path, "--format", "json").stdout


@pytest.mark.parametrize(
    "origin",
    ["app.example", "https://app.example/", "https://app.example/x", "https://a, https://b", "HTTPS://a", ""],
)
def test_what_is_no_origin_is_refused(origin: str, chat: Path) -> None:
    result = streamid("cors", chat, "--origin", origin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is no origin: write scheme://host" in result.stderr


def test_what_is_no_header_name_is_refused(chat: Path) -> None:
    result = streamid("cors", chat, "--header", "X Id")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'X Id' is no header name" in result.stderr


def test_a_profile_without_headers_wants_one_named(tmp_path: Path) -> None:
    toml = builtin_toml("chat").replace('expose = ["X-Streaming-Session-Id"]', "")
    toml = toml.replace(
        'header = "X-Streaming-Session-Id"\nalternatives = ["Streaming-Session-Id", "X-Stream-Id"]',
        'json = "id"',
    )
    path = record(tmp_path / "body.db", Talk().stream(FIRST), run_info(profile_toml=toml))
    result = streamid("cors", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {path}: the profile chat names no header; --header names one\n"
    assert readable(path, "--header", ID_HEADER) == [True]


def test_a_profile_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    path = record(tmp_path / "bad.db", Talk().stream(FIRST), run_info(profile_toml="no = 1"))
    result = streamid("cors", path)
    assert result.exit_code == 2
    assert "(profile chat)" in result.stderr
    assert "--header names headers without it" in result.stderr
