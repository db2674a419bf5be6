"""The lab's page in Chromium, on an origin of its own: what it could read is what `streamid cors` says.

The page chats through a real proxy; what each of its `fetch` calls gave is compared with the recording.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from lab.processes import Lab
from tests.cli.streamid import streamid
from tests.support.lab import running_lab
from tests.support.proxy import Proxy

ID = "X-Streaming-Session-Id"
BODY = "Content-Type"
"""A safelisted header: a script can read it exactly where it gets the response at all."""

type Lines = list[tuple[dict[str, Any], dict[str, dict[str, Any]]]]

# Keeps what each `fetch` gave before the page sees it.
_LISTEN = """
window.given = [];
const ask = window.fetch;
window.fetch = async (url, init) => {
  const call = {url: String(url), method: (init && init.method) || "GET", headers: null};
  window.given.push(call);
  const response = await ask(url, init);
  call.headers = [...response.headers].map(([name]) => name);
  return response;
};
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the page to the chat service, and which of the two headers it could read."""

    method: str
    path: str
    read: frozenset[str]


@contextmanager
def opened(browser: Browser, lab: Lab, chat_url: str) -> Iterator[Page]:
    """The page, on the origin of the authentication service."""
    query = f"auth={lab.authentication_url}&accounting={lab.accounting_url}&chat={chat_url}"
    context = browser.new_context()
    context.add_init_script(_LISTEN)
    page = context.new_page()
    page.goto(f"{lab.authentication_url}/demo?{query}")
    yield page
    context.close()


def chat(page: Page, mode: str) -> None:
    """A stream, and two updates: one with its ID, one with another, which is refused."""
    page.select_option("#mode", mode)
    page.click("#stream")
    page.wait_for_function("!document.getElementById('stream').disabled")
    for invented in ("issued", "'incorrect-id-1732312345'") if page.is_enabled("#save") else ():
        page.evaluate(f"issued = {invented}")
        before = page.inner_text("#log")
        page.click("#save")
        page.wait_for_function("before => document.getElementById('log').innerText !== before", arg=before)


def calls(page: Page, chat_url: str) -> list[Call]:
    """What the page asked of the chat service, in order."""
    given: list[dict[str, Any]] = page.evaluate("window.given")
    return [
        Call(call["method"], urlsplit(call["url"]).path, _read(call["headers"]))
        for call in given
        if call["url"].startswith(chat_url)
    ]


def _read(names: list[str] | None) -> frozenset[str]:
    return frozenset(name for name in (ID, BODY) if names is not None and name.lower() in names)


def told(proxy: Proxy, *options: str) -> Lines:
    """For each recorded exchange: its line of `ls`, and what `cors` says of each header."""
    listed = json.loads(streamid("ls", proxy.recording, "--format", "json").stdout)
    headers = ("--header", ID, "--header", BODY)
    rows = json.loads(streamid("cors", proxy.recording, *headers, *options, "--format", "json").stdout)
    by_exchange: dict[int, dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_exchange.setdefault(row["exchange"], {})[row["header"]] = row
    return [(line, by_exchange[line["exchange"]]) for line in listed]


def predicted(lines: Lines) -> list[Call]:
    """The calls that the recording lets expect; a refused preflight stands for the request after it."""
    found = []
    for line, said in lines:
        path = urlsplit(line["url"]).path
        if line["method"] != "OPTIONS":
            found.append(Call(line["method"], path, frozenset(name for name in said if _is_read(said[name]))))
        elif "refuses it" in said[ID]["because"]:
            found.append(Call("POST", path, frozenset()))
    return found


def _is_read(row: dict[str, Any]) -> bool:
    return row["readable"] is True and "does not have it" not in row["because"]


BUGS = (
    *("no-expose", "expose-preflight-only", "wildcard-credentials", "bad-expose-grammar", "no-vary"),
    *("no-cors-on-errors", "no-cors-on-stream", "preflight-401", "thin-preflight"),
)
RUNS = [
    *(("include", bug) for bug in ("", *BUGS)),
    *(("omit", bug) for bug in ("", "no-expose", "wildcard-credentials")),
]
FREE = {("include", ""), ("include", "no-vary"), ("include", "no-cors-on-errors")}
FREE |= {("omit", ""), ("omit", "wildcard-credentials")}
"""Where the page gets to know the ID."""


@pytest.mark.parametrize(("mode", "bug"), RUNS, ids=[f"{mode} {bug}" for mode, bug in RUNS])
def test_the_page_reads_what_the_recording_predicts(mode: str, bug: str, browser: Browser) -> None:
    with (
        running_lab(bugs=(bug,) if bug else ()) as lab,
        Proxy(f"reverse:{lab.chat_url}") as proxy,
        opened(browser, lab, f"http://localhost:{proxy.port}") as page,
    ):
        chat(page, mode)
        shown = page.inner_text("#id")
        read = calls(page, f"http://localhost:{proxy.port}")
        proxy.stop()
        known = told(proxy, "--credentials", mode)
        assert read == predicted(known)
        assert shown.startswith("stream-") is any(ID in call.read for call in read) is ((mode, bug) in FREE)
        refused = _refused(known, read)
        assert refused == [bug != "no-cors-on-errors"] * len(refused)
        assert bool(refused) is (bug not in ("no-cors-on-stream", "preflight-401", "thin-preflight"))
        for (_, unaided), (_, said) in zip(told(proxy), known, strict=True):
            assert all(unaided[name]["readable"] in (None, said[name]["readable"]) for name in said)


def _refused(lines: Lines, read: list[Call]) -> list[bool]:
    """For each request that the service refused, whether the page could read why."""
    sent = [line for line, _ in lines if line["method"] != "OPTIONS"]
    return [BODY in read[at].read for at, line in enumerate(sent) if line["status"] == 400]
