import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.headers import fallback_id, find_streaming_id, why_not_allowed, why_unreadable
from lab.logger import Logger
from lab.probes import Answer, Probe, probes, table
from lab.processes import ROOT, Lab
from tests.lab.hop import Changed, Fields, in_between, options, run, unchanged
from tests.support.lab import running_lab

ORIGIN = "http://localhost:8080"


def test_against_a_correct_system_everything_passes(system: Lab) -> None:
    results, said = run(options(system))
    assert results == dict.fromkeys(
        (
            "services are healthy",
            "user logs in",
            "admin logs in",
            "credits are allocated",
            "a chat session is created",
            "models are available",
            "a preflight is allowed",
            "the streaming session ID is in its header",
            "a script can read the ID",
            "the stream arrives",
            "the right ID is accepted",
            "a wrong ID is refused",
            "every probe is answered rightly",
            "the chat session is deleted",
        ),
        True,
    )
    assert "X-Streaming-Session-Id: stream-" in said
    assert "Access-Control-Expose-Headers: X-Streaming-Session-Id" in said
    assert "all 14 checks passed" in said


def test_an_early_reader_passes_too(system: Lab) -> None:
    results, said = run(options(system, stop_after=3))
    assert all(results.values())
    assert "3 chunks" in said


def test_without_an_origin_the_cors_checks_are_left_out(system: Lab) -> None:
    results, _ = run(options(system, origin=""))
    assert all(results.values())
    assert not results.keys() & {"a script can read the ID", "a preflight is allowed"}


def test_an_id_without_its_header_is_invented_warned_of_and_fails(system: Lab) -> None:
    def strip(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        return status, [field for field in fields if field[0] != "X-Streaming-Session-Id"], body

    with in_between(system, strip) as url:
        results, said = run(options(system, chat_url=url, retries=1))
    assert "! the service sent no streaming session ID under any name; going on with stream-" in said
    assert not results["the streaming session ID is in its header"]
    assert not results["the right ID is accepted"]
    assert results["a wrong ID is refused"]
    assert not results["every probe is answered rightly"]


def test_an_id_under_another_name_is_found_and_reported(system: Lab) -> None:
    def rename(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        return status, [(n.replace("X-Streaming-Session-Id", "X-Stream-Id"), v) for n, v in fields], body

    with in_between(system, rename) as url:
        results, said = run(options(system, chat_url=url))
    assert "the ID is in X-Stream-Id, not in X-Streaming-Session-Id" in said
    assert {name for name, ok in results.items() if not ok} == {
        "the streaming session ID is in its header",
        "a script can read the ID",
    }


def test_a_mismatch_is_tried_again_until_it_is_accepted(system: Lab) -> None:
    refusals = iter([True, True])

    def race(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        if path.endswith("/update-stream") and status == 200 and next(refusals, False):
            return 400, fields, b'{"message":"Streaming session ID mismatch"}'
        return status, fields, body

    with in_between(system, race) as url:
        results, said = run(options(system, chat_url=url))
    assert all(results.values())
    assert "again in 0.01 s (1 of 5)" in said
    assert "again in 0.02 s (2 of 5)" in said


def test_a_service_that_takes_any_id_fails(system: Lab) -> None:
    def lenient(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        return (
            (200, fields, b'{"message":"ok"}') if path.endswith("/update-stream") else (status, fields, body)
        )

    with in_between(system, lenient) as url:
        results, said = run(options(system, chat_url=url))
    assert {name for name, ok in results.items() if not ok} == {
        "a wrong ID is refused",
        "every probe is answered rightly",
    }
    assert said.count("WRONG") == 5


@pytest.mark.parametrize(
    "cut",
    [
        b"event: chunk\ndata: {broken\n\n",
        b"event: chunk\ndata: 5\n\n",
        b'event: error\ndata: {"error":"x"}\n\n',
        b"",
    ],
)
def test_a_stream_that_is_no_good_fails(system: Lab, cut: bytes) -> None:
    def damage(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        return status, fields, cut if path.endswith("/stream") else body

    with in_between(system, damage) as url:
        results, _ = run(options(system, chat_url=url))
    assert not results["the stream arrives"]


def test_without_credits_it_says_why_and_fails() -> None:
    with running_lab(credits=0) as lab:
        results, said = run(options(lab, admin_username="user2", admin_password="User2@123"))
    assert not results["credits are allocated"]
    assert not results["streaming tests could be run"]
    assert "403" in said


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"models":[5],"message":""}'])
def test_answers_that_make_no_sense_fail_without_a_traceback(system: Lab, body: bytes) -> None:
    def nonsense(path: str, status: int, fields: Fields, _: bytes) -> Changed:
        return status, fields, body

    with in_between(system, nonsense) as url:
        results, said = run(options(system, chat_url=url))
    assert not results["a chat session is created"]
    assert "Traceback" not in said


def test_wrong_passwords_and_missing_services_fail_without_a_traceback(system: Lab) -> None:
    results, said = run(options(system, password="wrong"))
    assert results == {
        "services are healthy": True,
        "user logs in": False,
        "streaming tests could be run": False,
    }
    assert "401 Invalid username or password" in said
    results, said = run(options(system, chat_url="http://127.0.0.1:1"))
    assert not results["services are healthy"]


def test_the_command_exits_with_0_only_if_all_passed(system: Lab, tmp_path: Path) -> None:
    urls = {
        "--auth-url": system.authentication_url,
        "--accounting-url": system.accounting_url,
        "--chat-url": system.chat_url,
    }
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        "from cli.lab import lab; lab()",
        "test",
        "--delay",
        "0",
        "--quiet",
    ]
    command += [part for pair in urls.items() for part in pair]
    for more, code in (([], 0), (["--color", "always"], 0), (["--password", "wrong"], 1)):
        result = subprocess.run(
            [*command, *more],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == code, result.stdout + result.stderr
        assert result.stderr == ""
        assert ("\x1b[32m" in result.stdout) is ("always" in more)
        assert "Content-Type: " not in result.stdout


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_have_their_colours_on_a_terminal_or_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    codes = {"success": 32, "info": 36, "warning": 33, "error": 31, "debug": 34, "header": 35}
    for kind, code in codes.items():
        plain, asked, terminal = io.StringIO(), io.StringIO(), Terminal()
        for logger in (Logger(plain), Logger(asked, colour=True), Logger(terminal)):
            getattr(logger, kind)("a line")
        assert "\x1b" not in plain.getvalue()
        assert f"\x1b[{code}m" in asked.getvalue()
        assert asked.getvalue() == terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    Logger(terminal).error("a line")
    assert "\x1b" not in terminal.getvalue()


def test_names_are_looked_up_in_the_documented_order() -> None:
    fields = {"x-stream-id": "5", "X-Stream-Id": "4", "streaming-session-id": "3"}
    assert find_streaming_id(fields) == ("streaming-session-id", "3")
    assert find_streaming_id({**fields, "x-streaming-session-id": "2"}) == ("x-streaming-session-id", "2")
    assert find_streaming_id({**fields, "X-Streaming-Session-Id": "1"}) == ("X-Streaming-Session-Id", "1")
    assert find_streaming_id({**fields, "X-Streaming-Session-Id": " "}) == ("streaming-session-id", "3")
    assert find_streaming_id({}) is None


def test_an_invented_id_has_the_services_own_format() -> None:
    kind, at, rest = fallback_id().split("-")
    assert (kind, len(at), len(rest)) == ("stream", 13, 8)
    assert int(rest, 16) >= 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"Access-Control-Expose-Headers": "X-Other, x-streaming-session-ID"}, ""),
        ({"Access-Control-Expose-Headers": "*"}, "Access-Control-Expose-Headers is '*'"),
        ({"Access-Control-Expose-Headers": None}, "there is no Access-Control-Expose-Headers"),
        ({"Access-Control-Allow-Origin": "*"}, f"Access-Control-Allow-Origin is '*', not '{ORIGIN}'"),
        ({"Access-Control-Allow-Credentials": "True"}, "Access-Control-Allow-Credentials is not 'true'"),
    ],
)
def test_why_a_script_could_not_read_the_id(change: dict[str, str | None], reason: str) -> None:
    right: dict[str, str | None] = {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "X-Streaming-Session-Id",
    }
    fields = {name: value for name, value in {**right, **change}.items() if value is not None}
    assert why_unreadable(fields, "X-Streaming-Session-Id", ORIGIN) == reason


def test_the_probe_list_is_the_documented_one_the_actual_id_last() -> None:
    sent = [probe.sends for probe in probes("stream-1-a")]
    assert sent == [None, "", "incorrect-format", "stream-12345", "stream-12345-uuid", "stream-1-a"]
    assert [probe.accepted for probe in probes("x")] == [False] * 5 + [True]


def test_a_table_shows_status_and_message_of_each_probe() -> None:
    wrong = Answer(Probe("empty", ""), 200, "ok")
    right = Answer(Probe("no ID", None), 400, "a mismatch")
    lines = table([wrong, right])
    assert lines[0].split() == ["probe", "sent", "status", "message"]
    assert lines[1].split() == ["empty", '""', "200", "WRONG", "ok"]
    assert lines[2].split() == ["no", "ID", "–", "400", "ok", "a", "mismatch"]


def test_json_of_the_update_has_what_was_read(system: Lab) -> None:
    seen: list[dict[str, Any]] = []

    def look(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        if path.endswith("/update-stream") and status == 200:
            seen.append(json.loads(body))
        return status, fields, body

    with in_between(system, look) as url:
        run(options(system, chat_url=url))
    assert [answer["tokensUsed"] for answer in seen] == [20, 5]


def test_a_preflight_goes_out_as_browsers_send_it_and_before_the_first_stream(system: Lab) -> None:
    asked: list[tuple[str, str, dict[str, str]]] = []

    def look(method: str, path: str, fields: dict[str, str]) -> None:
        asked.append((method, path.rpartition("/")[2], fields))

    with in_between(system, unchanged, look) as url:
        run(options(system, chat_url=url))
    sent = [(method, end) for method, end, _ in asked]
    assert sent.count(("OPTIONS", "stream")) == 1
    assert sent.index(("OPTIONS", "stream")) < sent.index(("POST", "stream"))
    fields = next(fields for method, _, fields in asked if method == "OPTIONS")
    assert fields["Origin"] == ORIGIN
    assert fields["Access-Control-Request-Method"] == "POST"
    assert fields["Access-Control-Request-Headers"] == "authorization,content-type,x-user-id"
    assert not fields.keys() & {"Authorization", "Cookie", "X-User-ID"}


def test_a_preflight_that_is_refused_fails_and_says_why(system: Lab) -> None:
    def refuse(path: str, status: int, fields: Fields, body: bytes) -> Changed:
        return (401 if status == 204 else status), fields, body

    with in_between(system, refuse) as url:
        results, said = run(options(system, chat_url=url))
    assert [name for name, ok in results.items() if not ok] == ["a preflight is allowed"]
    assert f"a browser would not let a script on {ORIGIN} stream: its status is 401" in said


@pytest.mark.parametrize(
    ("status", "change", "reason"),
    [
        (204, {}, ""),
        (200, {"Access-Control-Allow-Headers": "X-USER-ID,authorization,\tContent-Type"}, ""),
        (200, {"Access-Control-Allow-Methods": None}, ""),
        (302, {}, "its status is 302"),
        (204, {"Access-Control-Allow-Origin": "*"}, f"Access-Control-Allow-Origin is '*', not '{ORIGIN}'"),
        (
            204,
            {"Access-Control-Allow-Credentials": None},
            "Access-Control-Allow-Credentials is not 'true'",
        ),
        (
            204,
            {"Access-Control-Allow-Headers": "Content-Type"},
            "Access-Control-Allow-Headers is 'Content-Type', without authorization, x-user-id",
        ),
        (
            204,
            {"Access-Control-Allow-Headers": None},
            "Access-Control-Allow-Headers is None, without authorization, content-type, x-user-id",
        ),
    ],
)
def test_why_a_preflight_is_refused(status: int, change: dict[str, str | None], reason: str) -> None:
    right: dict[str, str | None] = {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-User-ID",
    }
    fields = {name: value for name, value in {**right, **change}.items() if value is not None}
    assert why_not_allowed(status, fields, ORIGIN) == reason
