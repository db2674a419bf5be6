"""`streamid probe` as a command: what it prints, its exit codes, and that nothing of it is left behind."""

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result

from cli.probe import probe as PROBE  # noqa: N812 - a command
from contract.profile import builtin_toml
from lab.processes import Lab
from recordings.reader import Recording
from tests.cli.streamid import ROOT, process, streamid
from tests.probe.services import chat_services
from tests.support.lab import logged_in, running_lab, user
from tests.support.sockets import RawServer

FIRST, SECOND = user("user1").password, user("user2").password
PASSWORDS: dict[str, str | None] = {"STREAMID_PASSWORD": FIRST, "STREAMID_SECOND_PASSWORD": SECOND}
OTHERS = re.compile("EC|HP|HT602")
"""Rules that a probe leaves out, as it is the client itself, and has one side."""

type Services = tuple[Lab, str, str]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A lab, and two chat services: a healthy one, and one that exposes nothing."""
    with chat_services([(), ("no-expose",)], tmp_path_factory.mktemp("services")) as (lab, (good, bad)):
        yield lab, good, bad


def probe(lab: Lab, url: str, *more: object, env: dict[str, str | None] | None = None) -> Result:
    auth = f"{lab.authentication_url}/api"
    given = ("--auth-url", auth, "--user", "user1", "--wait", "0.1")
    return streamid("probe", url, *given, *more, env=PASSWORDS | (env or {}))


def sessions(lab: Lab, url: str) -> list[Any]:
    """The sessions of both users, as the service lists them."""
    found = []
    for name in ("user1", "user2"):
        with logged_in(lab, name, url.removesuffix("/api")) as client:
            found.append(client.chat("GET", "/chat/sessions").json()["sessions"])
    return found


def rules(result: Result) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in json.loads(result.stdout)["rules"]}


def test_a_good_service_passes_and_keeps_no_session(services: Services) -> None:
    lab, url, _ = services
    before = sessions(lab, url)
    result = probe(lab, url, "--origin", "http://localhost:8080", "--second-user", "user2", "--steps")
    assert result.exit_code == 0
    assert re.search(r"SV301 valid-rejected +pass +10 ", result.stdout)
    assert re.search(r"EC201 echo-missing +not applicable .*the client is the probe", result.stdout)
    assert re.search(r"#16 +400  send no ID  Streaming session ID mismatch", result.stdout)
    assert "a script can read it: Access-Control-Expose-Headers lists it" in result.stdout
    assert " 0 fail, 1 warn, 0 inconclusive, 13 not applicable: 52 requests" in result.stdout
    assert sessions(lab, url) == before == [[], []]


def test_the_page_shows_the_table_that_is_printed(services: Services) -> None:
    lab, url, _ = services
    result = probe(lab, url, "--origin", "http://localhost:8080")
    page = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
    table, rest = result.stdout.split("\n\n", 1)
    assert table in page
    assert rest.splitlines()[-1] in page
    for option in (each for parameter in PROBE.params for each in parameter.opts if each != "url"):
        assert f"`{option}" in page or option == "--color", option


def test_the_warning_can_be_made_a_failure_or_be_left_out(services: Services) -> None:
    lab, url, _ = services
    assert probe(lab, url, "--fail-on", "warning").exit_code == 1
    result = probe(lab, url, "--fail-on", "warning", "--ignore", "SV304", "--format", "json")
    assert result.exit_code == 0
    assert "SV304" not in rules(result)


def test_without_an_origin_what_scripts_see_is_not_judged(services: Services) -> None:
    lab, _, url = services
    result = probe(lab, url, "--format", "json")
    assert result.exit_code == 0
    across = {code: row for code, row in rules(result).items() if code.startswith("CO")}
    assert {row["result"] for row in across.values()} == {"not applicable"}
    assert {row["because"] for row in across.values()} == {"needs an origin: --origin"}


def test_a_bad_service_fails_in_every_format(services: Services) -> None:
    lab, _, url = services
    given = ("--origin", "http://localhost:8080", "--select", "CO")
    text = probe(lab, url, *given)
    assert text.exit_code == 1
    assert re.search(r"CO402 id-not-exposed +fail +- +11", text.stdout)
    assert "error: A script cannot read the ID in header X-Streaming-Session-Id" in text.stdout
    junit = ElementTree.fromstring(probe(lab, url, *given, "--format", "junit").stdout)
    failed = [test.get("name") for test in junit.iter("testcase") if test.find("failure") is not None]
    assert failed == ["CO402 id-not-exposed"]
    skipped = [test.get("name") for test in junit.iter("testcase") if test.find("skipped") is not None]
    assert skipped == ["CO403 expose-wildcard", "CO404 expose-grammar"]
    (run,) = json.loads(probe(lab, url, *given, "--format", "sarif").stdout)["runs"]
    assert {each["ruleId"] for each in run["results"]} == {"CO402"}
    assert run["artifacts"] == [{"location": {"uri": url}}]
    assert run["automationDetails"] == {"id": "streamid/probe/"}
    markdown = probe(lab, url, *given, "--format", "markdown")
    assert markdown.exit_code == 1
    assert "| CO402 id-not-exposed | fail | 0 | 11 | 0 | 0 |" in markdown.stdout.splitlines()


def test_its_recording_is_judged_as_it_was_and_has_no_secret(services: Services, tmp_path: Path) -> None:
    lab, _, url = services
    kept = tmp_path / "probe.db"
    recording = ("--record", kept, "--redact-key", "a key for the tests of the probe")
    given = ("--origin", "http://localhost:8080", "--second-user", "user2", "--format", "json")
    report = json.loads(probe(lab, url, *given, *recording, "--wait", "1.2").stdout)
    again = json.loads(streamid("validate", kept, "--format", "json").stdout)

    def lines(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        judged = [each for each in findings if not OTHERS.match(each["code"])]
        return sorted((each["exchange"], each["code"], each["message"], each["at"]) for each in judged)

    assert lines(report["findings"]) == lines(again["findings"])
    assert lines(report["findings"])
    with Recording(kept) as opened:
        rows = list(opened.exchanges())
    assert len(rows) == report["requests"]
    assert {row.outcome for row in rows} == {"complete", "client-abort"}
    sent = [each for step in report["steps"] for each in step["requests"]]
    stream, update = [rows[each["exchange"] - 1] for each in sent if "stream C1" in each["says"]]
    assert update.at - stream.at >= 1_200_000
    content = kept.read_bytes()
    assert all(password.encode() not in content for password in (FIRST, SECOND))
    assert b"Bearer eyJ" not in content


def test_a_dry_run_shows_everything_and_sends_nothing() -> None:
    with RawServer(lambda peer: None) as server:
        given = ("--auth-url", f"{server.url}/api", "--user", "user1", "--dry-run")
        result = streamid("probe", f"{server.url}/api", *given, env=PASSWORDS)
        listed = json.loads(streamid("probe", f"{server.url}/api", *given, "--format", "json").stdout)
        assert server.peers == []
    assert result.exit_code == 0
    assert FIRST not in result.stdout
    assert f"     POST {server.url}/api/chat/sessions/{{session A}}/stream" in result.stdout.splitlines()
    assert "     Authorization: Bearer ***" in result.stdout.splitlines()
    assert '"password": "***"' in result.stdout
    assert '"streamingSessionId": "{ID of stream A1}"' in result.stdout
    assert result.stdout.endswith(f"{len(listed)} requests; none was sent\n")
    assert {each["method"] for each in listed} == {"POST", "DELETE"}


URL, AUTH = "http://127.0.0.1:9/api", ("--auth-url", "http://127.0.0.1:9/api")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((URL,), "need {auth}, {password}, {username}: give --auth-url, --user\n"),
        ((URL, *AUTH), "need {password}, {username}: give --user\n"),
        ((URL, *AUTH, "--user", "x", "--password-env", "NOWHERE"), "no password of x: set NOWHERE"),
        ((URL, *AUTH, "--user", "x"), "log in: no answer: "),
        ((URL, *AUTH, "--user", "x", "--max-requests", "3"), "3 are allowed"),
        (("http://127.0.0.1:9", *AUTH, "--user", "x"), "is no path of the profile chat"),
        ((URL, "--profile", "missing.toml"), "no such profile file"),
        (("localhost:3002",), "is no http:// or https:// URL"),
        (("http://user:secret@localhost:3002",), "is no http:// or https:// URL"),
        ((URL, "--origin", "localhost"), "is no origin"),
        ((URL, "--origin", "http://localhost:8080/"), "is no origin"),
        ((URL, "--var", "a"), "is not NAME=VALUE"),
        ((URL, "--proxy", "nonsense", *AUTH, "--user", "x"), "nonsense"),
        ((URL, "--dry-run", "--format", "sarif", *AUTH, "--user", "x"), "text or json"),
        ((URL, "--timeout", "0"), "--timeout"),
    ],
)
def test_what_cannot_be_probed_is_one_line_and_exit_code_2(arguments: tuple[str, ...], why: str) -> None:
    result = streamid("probe", *arguments, env=PASSWORDS)
    assert result.exit_code == 2, result.output
    assert why in result.stderr
    assert result.stdout == ""


def test_a_profile_without_requests_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(builtin_toml("chat").partition("[probe.login]")[0])
    result = streamid("probe", URL, "--profile", own)
    assert result.exit_code == 2
    assert "the profile chat has no [probe]" in result.stderr


def test_a_wrong_password_is_told_as_the_service_tells_it(services: Services) -> None:
    lab, url, _ = services
    result = probe(lab, url, env={"STREAMID_PASSWORD": "wrong"})
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: log in: answered 401 (")


def test_a_recording_that_is_there_already_is_not_touched(services: Services, tmp_path: Path) -> None:
    lab, url, _ = services
    kept = tmp_path / "kept.db"
    kept.write_bytes(b"mine")
    assert probe(lab, url, "--record", kept, "--redact-key", "a key for the tests").exit_code == 2
    assert kept.read_bytes() == b"mine"


def test_streams_that_do_not_begin_fail_the_probe_and_leave_nothing(services: Services) -> None:
    lab, url, _ = services
    result = probe(lab, url, "--model", "amazon.titan-text-express-v1")
    assert result.exit_code == 1
    assert "not carried out: the right ID: stream A1, read to its end: answered 400 (" in result.stdout
    assert "and the profile expects 2xx" in result.stdout
    assert sessions(lab, url) == [[], []]


def test_a_probe_that_cannot_go_on_leaves_nothing(services: Services, tmp_path: Path) -> None:
    lab, url, _ = services
    own = tmp_path / "own.toml"
    own.write_text(
        builtin_toml("chat").replace('session = "sessionId"', 'session = "sessionId", other = "x.y"')
    )
    result = probe(lab, url, "--profile", own)
    assert result.exit_code == 2
    assert "create session A: the answer has no x.y to save as {other}" in result.stderr
    assert "stopped; deleted 1 session" in result.stderr
    assert sessions(lab, url) == [[], []]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_probe_that_is_stopped_leaves_nothing(number: signal.Signals) -> None:
    with running_lab(tokens=500, interval=0.05) as lab:
        url = f"{lab.chat_url}/api"
        arguments = ("probe", url, "--auth-url", f"{lab.authentication_url}/api", "--user", "user1")
        with process(*arguments, env={**os.environ, "STREAMID_PASSWORD": FIRST}) as running:
            deadline = time.monotonic() + 20
            while len(sessions(lab, url)[0]) < 3 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(sessions(lab, url)[0]) == 3
            running.send_signal(number)
            out, err = running.communicate(timeout=20)
        assert running.returncode == 1
        assert out == ""
        assert "stopped; deleted 3 sessions" in err
        assert "Traceback" not in err
        assert sessions(lab, url) == [[], []]
