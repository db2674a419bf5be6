"""The demo's recording, sent to a fresh lab: nothing differs; with a bug, what it changes is named.

Nothing about IDs or tokens is configured: the passwords of the two users are all that is given.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.demo_runs import complete_client
from lab.bugs import BUGS
from lab.client import Account, StreamingOptions, Transcript, read
from lab.processes import Lab
from recordings.reader import Recording
from replay.recorded import recorded_exchanges
from tests.cli.streamid import streamid
from tests.support.lab import running_lab
from tests.support.proxy import Proxy

CREDITS = 10_000
SECRETS = ("--secret", "user1=User1@123", "--secret", "admin=admin@admin")


class Demo:
    """A recording of the streaming tester on a healthy lab, and the origins in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Recording(path) as recording:
            self.exchanges = list(recorded_exchanges(recording.events()))
        self.origins = {
            name: next(each.origin for each in self.exchanges if part in each.request.target)
            for name, part in (
                ("authentication", b"/auth/"),
                ("accounting", b"/credits/"),
                ("chat", b"/chat/"),
            )
        }

    def resend(self, lab: Lab, *more: object, code: int) -> dict[str, Any]:
        to = [f"{origin}={getattr(lab, f'{name}_url')}" for name, origin in self.origins.items()]
        arguments = [part for each in to for part in ("--to", each)]
        result = streamid("resend", self.path, *arguments, "--format", "json", *more)
        assert result.exit_code == code, result.output
        report: dict[str, Any] = json.loads(result.stdout)
        return report


@contextmanager
def recorded_lab(path: Path) -> Iterator[tuple[str, str, str]]:
    """A healthy lab behind a proxy that records to `path`: the three services' URLs through it."""
    with running_lab(credits=CREDITS) as lab:
        modes = [f"reverse:{url}" for url in (lab.authentication_url, lab.accounting_url, lab.chat_url)]
        with Proxy(*modes, options={"streamid_record": str(path)}) as proxy:
            first, second, third = (f"http://127.0.0.1:{port}" for port in proxy.ports)
            yield first, second, third


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    with recorded_lab(path) as urls:
        assert complete_client(urls)
    return Demo(path)


@pytest.mark.parametrize("speed", ["1", "max"])
def test_a_fresh_lab_answers_as_the_recorded_one_did(demo: Demo, speed: str, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    with running_lab(credits=CREDITS) as lab:
        report = demo.resend(lab, *SECRETS, "--speed", speed, "--record", out, code=0)
    assert report["summary"]["same"] == len(demo.exchanges) == 21
    with Recording(out) as recording:
        new = {each.exchange: each for each in recorded_exchanges(recording.events())}
        found = {each.code for each in recording.findings()}
    for each in report["exchanges"]:
        response = new[each["new"]].response
        assert response is not None
        assert response.status == each["status"]["recorded"]
    assert not any(code.startswith(("ID", "SV301")) for code in found)


TOGETHER: list[dict[str, str]] = [
    {
        "duplicate-header": "header x-streaming-session-id",
        "no-vary": "header vary",
        "thin-preflight": "header access-control-allow-headers",
        "hide-details": "JSON details",
        "no-done": "event done",
    },
    {
        "wildcard-credentials": "header access-control-expose-headers",
        "preflight-401": "status",
        "wrong-status=409": "status",
        "bad-utf8": "event chunk: text",
        "gzip": "header content-encoding",
    },
    {
        "bad-expose-grammar": "header access-control-expose-headers",
        "no-header": "header x-streaming-session-id",
        "close-delimited": "header transfer-encoding",
    },
    {
        "no-cors-on-errors": "header access-control-allow-origin",
        "empty-header": "header x-streaming-session-id",
        "die-mid-stream": "outcome",
    },
    {
        "not-stored": "JSON message",
        "expose-preflight-only": "header access-control-expose-headers",
        "bad-payload": "event chunk: txt",
    },
    {
        "strict-compare": "JSON details.expected",
        "no-cors-on-stream": "header access-control-allow-origin",
        "escaped-newlines": "end of the events",
    },
    {
        "wrong-header=X-Stream-Id": "header x-stream-id",
        "error-in-stream": "header content-type",
        "no-expose": "header access-control-expose-headers",
    },
    {"race=2200": "JSON message", "mangled-id": "header x-streaming-session-id"},
    {"expire=0.05": "JSON message"},
    {"no-affinity=2": "header x-served-by"},
]
"""Switches that are on together, none of which hides another, and a field that each changes."""

UNSEEN = {
    "overwrite": "the client has one chat at a time",
    "lower-case-compare": "the client sends no right ID in other letters",
    "adopt-unknown": "the client sends no update before its first stream",
}
"""Switches that change nothing that the service answers to this client."""


@pytest.mark.parametrize("switches", TOGETHER, ids=lambda switches: "+".join(switches))
def test_what_a_bug_changes_is_named(demo: Demo, switches: dict[str, str]) -> None:
    with running_lab(credits=CREDITS, bugs=tuple(switches)) as lab:
        report = demo.resend(lab, *SECRETS, "--speed", "2", code=1)
    fields = {one["field"] for each in report["exchanges"] for one in each["differences"]}
    for switch, field in switches.items():
        assert field in fields, switch


def test_every_bug_is_in_one_of_the_two_lists() -> None:
    named = {switch.partition("=")[0] for switches in TOGETHER for switch in switches}
    assert named | set(UNSEEN) == set(BUGS)
    assert not named & set(UNSEEN)


def test_bugs_that_this_client_does_not_meet_change_nothing(demo: Demo) -> None:
    with running_lab(credits=CREDITS, bugs=tuple(UNSEEN)) as lab:
        demo.resend(lab, *SECRETS, "--speed", "2", code=0)


def odd_client(urls: tuple[str, str, str]) -> list[int]:
    """A client that meets those three: the statuses of its updates."""
    with Account(StreamingOptions(*urls)) as account:
        account.log_in("user1", "User1@123")

        def chat() -> str:
            body = {"title": "T", "initialMessage": "Hi"}
            return str(account.request("POST", "chat", "/api/chat/sessions", json=body).json()["sessionId"])

        def stream(session: str) -> str:
            with account.stream(session, "Hello?", "") as answer:
                read(answer, 0)
                return answer.headers["X-Streaming-Session-Id"]

        def update(session: str, id_: str) -> int:
            return account.update(session, Transcript(), streamingSessionId=id_).status_code

        account.request("GET", "accounting", "/api/credits/balance")
        first, second = chat(), chat()
        statuses = [update(first, "stream-1732312345678-1a2b3c4d")]
        statuses.append(update(first, stream(first).upper()))
        mine, _ = stream(first), stream(second)
        return [*statuses, update(first, mine)]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    path = tmp_path_factory.mktemp("odd") / "odd.db"
    with recorded_lab(path) as urls:
        assert odd_client(urls) == [400, 400, 200]
    return Demo(path)


@pytest.mark.parametrize(
    ("bugs", "statuses"),
    [
        ((), [400, 400, 200]),
        (("adopt-unknown",), [200, 400, 200]),
        (("lower-case-compare", "overwrite"), [400, 200, 400]),
    ],
)
def test_they_are_named_where_a_client_meets_them(
    odd: Demo, bugs: tuple[str, ...], statuses: list[int]
) -> None:
    with running_lab(credits=CREDITS, bugs=bugs) as lab:
        report = odd.resend(lab, *SECRETS[:2], code=1 if bugs else 0)
    updates = [each for each in report["exchanges"] if each["path"].endswith("/update-stream")]
    assert [each["status"]["recorded"] for each in updates] == [400, 400, 200]
    assert [each["status"]["new"] for each in updates] == statuses
