"""Faults under a script of another origin, in Chromium: it reads what the recording's findings let expect."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from contract import headers
from contract.events import Side
from contract.findings import Finding, Verdict
from faults.registry import KINDS
from recordings.reader import Recording
from tests.browser.fetching import PAGE, fetched
from tests.browser.scripted import Answer, ScriptedServer
from tests.injection.bench import Exchange
from tests.injection.script_cases import (
    ALLOWING,
    BARE,
    BODY,
    CASES,
    EXPOSING,
    HEALTHY,
    REFUSAL,
    STREAMING,
    Asks,
    Gets,
    ScriptCase,
    cors_lines,
)
from tests.support.proxy import Proxy

ID = "X-Streaming-Session-Id"
ALL_CASES = CASES | BARE


pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True, slots=True)
class Read:
    """What a script got of an answer; `Read()` is nothing at all, where `fetch` fails."""

    status: int = 0
    body: bytes = b""
    id: str | None = None

    @property
    def gets(self) -> Gets:
        """The same in a word."""
        if not self.status:
            return Gets.NOTHING
        return Gets.ALL if self.id is not None else Gets.ALL_BUT_ID


@dataclass(frozen=True, slots=True)
class Told:
    """What the recording has of a case: its exchanges, and what was found of them."""

    exchanges: list[Exchange]
    findings: list[Finding]

    def said(self, verdict: Verdict) -> set[str]:
        return {each.code for each in self.findings if each.verdict is verdict}


def predicted(told: Told, *, include: bool) -> Read:
    """What the script gets by the findings. `include`: it sent credentials.

    Nothing, if one of the answers in the way fails the CORS check (CO401, CO409) or a preflight does not
    let the request pass (CO406, CO407). Else status and body of the last answer;
    its ID as it is there, unless a rule says that it cannot be read (CO402 to CO405).

    What cannot be told from the traffic is decided by the mode, which is not always in it: an ID that is
    readable without credentials alone (CO402, CO403), and headers that a preflight allows by * (CO407).
    CO407's warning that * alone allows Authorization lets requests without credentials pass. CO408 is about
    caches, and takes nothing from the script.
    """
    hidden, unsure = told.said(Verdict.FAIL), told.said(Verdict.INCONCLUSIVE) if include else set()
    if hidden & {"CO401", "CO406", "CO407", "CO409"} or "CO407" in unsure:
        return Read()
    last = told.exchanges[-1]
    response = last.response(Side.CLIENT)
    assert response is not None
    found = headers.combined(response.headers, ID.lower().encode())
    if found is None or (hidden | unsure) & {"CO402", "CO403", "CO404", "CO405"}:
        return Read(response.status, last.body(Side.CLIENT))
    return Read(response.status, last.body(Side.CLIENT), found.decode())


def observed(got: dict[str, Any]) -> Read:
    """What the script says that it got."""
    return Read() if "error" in got else Read(got["status"], got["body"].encode(), dict(got["headers"])[ID])


# The stage: a page, a service on another origin, and the proxy in front of it


@dataclass(frozen=True, slots=True)
class Stage:
    """What was given to the page, and what was recorded, by case."""

    got: dict[str, dict[str, Any]]
    told: dict[str, Told]


@pytest.fixture(scope="module")
def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("scripts")
    plan = folder / "plan.toml"
    plan.write_text("\n\n".join(case.table(name) for name, case in ALL_CASES.items()), "utf-8")
    home = ScriptedServer({(b"GET", b"/"): Answer(200, (b"Content-Type: text/html",), PAGE)})
    with home, ScriptedServer() as service:
        answers(service, home.origin)
        mode = f"reverse:{service.origin}"
        with Proxy(mode, options={"streamid_faults": str(plan)}, folder=folder) as proxy:
            context = browser.new_context()
            context.add_cookies([{"name": "seen", "value": "1", "url": home.origin}])
            page = context.new_page()
            page.goto(home.origin)
            got = {name: ask(page, proxy.port, name) for name in ALL_CASES}
            context.close()
            proxy.stop()
            yield Stage(got, recorded(proxy))


def path_of(case: ScriptCase, name: str) -> str:
    """Where a case's request goes; its chat session is its own."""
    refused = case.asks in (Asks.REFUSED, Asks.ASKED_REFUSED)
    what = "" if case.asks is Asks.ASKED_DELETE else "/update-stream" if refused else "/stream"
    return f"/api/chat/sessions/{name}{what}?case={name}"


def answers(service: ScriptedServer, origin: str) -> None:
    """Let the service answer each case, and what redirects lead to, without fault."""
    always = cors_lines(origin)
    streams = Answer(200, (*STREAMING, *always, *EXPOSING), BODY)
    refuses = Answer(400, (b"Content-Type: application/json", *always, *EXPOSING), REFUSAL)
    for name, case in ALL_CASES.items():
        place, elsewhere = path_of(case, name), f"/api/chat/sessions/elsewhere/stream?case={name}"
        moved = Answer(307, (b"Location: " + elsewhere.encode(), *always), b"")
        post = {Asks.MOVED: moved, Asks.REFUSED: refuses, Asks.ASKED_REFUSED: refuses}.get(case.asks, streams)
        for at, answer in ((elsewhere.encode(), streams), (place.encode(), post)):
            service.answers[b"POST", at] = answer
            service.answers[b"DELETE", at] = Answer(200, always, b"{}")
            service.answers[b"GET", at] = Answer(405, (*always, b"Allow: POST"), b"")
            service.answers[b"OPTIONS", at] = Answer(204, (*always, *ALLOWING), b"")


def ask(page: Page, port: int, name: str) -> dict[str, Any]:
    """Let the page ask as the case wants it."""
    case = ALL_CASES[name]
    host = "127.0.0.1" if case.is_bare else "localhost"
    init: dict[str, Any] = {"method": "POST", "credentials": "include" if case.include else "omit"}
    if case.asks in (Asks.TYPED_STREAM, Asks.ASKED_STREAM, Asks.ASKED_REFUSED):
        init["headers"] = {"Content-Type": "application/json"}
    if case.asks in (Asks.ASKED_STREAM, Asks.ASKED_REFUSED):
        init["headers"]["Authorization"] = "Bearer t"
    if case.asks is Asks.ASKED_DELETE:
        init["method"] = "DELETE"
    else:
        init["body"] = '{"message":"Tell me"}'
    return fetched(page, f"http://{host}:{port}{path_of(case, name)}", init, [ID])


def recorded(proxy: Proxy) -> dict[str, Told]:
    """The exchanges of each case, by what they asked for, when the proxy is gone."""
    found = {name: Told([], []) for name in ALL_CASES}
    with Recording(proxy.recording) as recording:
        names = dict[int, str]()
        for row in recording.exchanges():
            exchange = Exchange(list(recording.exchange(row.exchange)))
            request = exchange.request(Side.CLIENT)
            assert request is not None
            names[row.exchange] = request.target.decode().partition("case=")[2]
            found[names[row.exchange]].exchanges.append(exchange)
        for finding in recording.findings():
            found[names[finding.exchange]].findings.append(finding)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_script_reads_what_the_findings_let_expect(name: str, stage: Stage) -> None:
    case, told = CASES[name], stage.told[name]
    read = observed(stage.got[name])
    assert read == predicted(told, include=case.include), told.findings
    assert read.gets is case.gets, told.findings


@pytest.mark.parametrize("name", HEALTHY)
def test_of_a_healthy_service_nothing_is_found_that_scripts_would_notice(name: str, stage: Stage) -> None:
    assert not {each.code for each in stage.told[name].findings if each.code.startswith("CO")}


@pytest.mark.parametrize("name", BARE)
def test_where_the_mode_cannot_be_seen_the_rules_say_so(name: str, stage: Stage) -> None:
    told = stage.told[name]
    assert observed(stage.got[name]).gets is Gets.NOTHING
    assert "CO402" in told.said(Verdict.INCONCLUSIVE)
    assert not {code for code in told.said(Verdict.FAIL) if code.startswith("CO")}


def test_each_kind_of_cors_is_under_a_script_and_each_outcome_comes() -> None:
    assert {kind for kind, fault in KINDS.items() if fault.family == "cors"} <= {
        case.kind for case in CASES.values()
    }
    assert {case.gets for case in CASES.values()} == set(Gets)
