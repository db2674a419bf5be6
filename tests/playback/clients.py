"""Clients that write down all that they got, in the order in which they got it."""

import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from lab.users import find_user
from tests.support.proxy import CHECKOUT

ORIGIN = "http://localhost:5173"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the three services are asked; `authority` is the CA for their TLS."""

    authentication: str
    accounting: str
    chat: str
    authority: Path

    @property
    def all(self) -> tuple[str, str, str]:
        """All three."""
        return self.authentication, self.accounting, self.chat


type Client = Callable[[Urls], str]


def tester(urls: Urls, *arguments: str) -> str:
    """What `streamid lab test` prints."""
    line = [sys.executable, "-m", "cli", "lab", "test", "--delay", "0.05", *arguments]
    for option, url in zip(("--auth-url", "--accounting-url", "--chat-url"), urls.all, strict=True):
        line += [option, url]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def curl(urls: Urls) -> str:
    """What curl prints of a chat: heads and bodies as they came."""
    said = []

    def ask(url: str, *arguments: str) -> str:
        line = ["curl", "-sS", "-i", "-N", "--max-time", "20", "-A", "a client", *arguments, url]
        out = subprocess.run(line, capture_output=True, text=True, timeout=30, check=True).stdout
        said.append(f"{' '.join(arguments)}\n{out}")
        return out

    login = f'{{"username": "user1", "password": "{_password()}"}}'
    answer = ask(f"{urls.authentication}/api/auth/login", "-H", "Content-Type: application/json", "-d", login)
    token = _in(answer, r'"accessToken":\s*"([^"]+)"')
    own = ("-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json")
    created = ask(
        f"{urls.chat}/api/chat/sessions", *own, "-d", '{"title": "by curl", "initialMessage": "Hi"}'
    )
    session = f"{urls.chat}/api/chat/sessions/" + _in(created, r'"sessionId":\s*"([^"]+)"')
    ask(f"{session}/stream", "-X", "OPTIONS", "-H", f"Origin: {ORIGIN}", *_PREFLIGHT)
    streamed = ask(f"{session}/stream", *own, "-d", '{"message": "Tell me"}', "-H", f"Origin: {ORIGIN}")
    stream = _in(streamed, r"(?i)X-Streaming-Session-Id: (\S+)")
    for sent in ("no-such-id", stream):
        body = f'{{"completeResponse": "All", "streamingSessionId": "{sent}", "tokensUsed": 20}}'
        ask(f"{session}/update-stream", *own, "-d", body)
    ask(f"{session}/messages", *own)
    ask(f"{urls.chat}/api/no/such/path", *own)
    ask(session, "-X", "DELETE", *own)
    return "\n".join(said)


_PREFLIGHT = (
    *("-H", "Access-Control-Request-Method: POST"),
    *("-H", "Access-Control-Request-Headers: authorization,content-type"),
)


def by_httpx(urls: Urls, *, http2: bool) -> str:
    """What httpx got of a chat, chunk by chunk as it reads them; by HTTP/2 over TLS."""
    secure = ssl.create_default_context(cafile=str(urls.authority)) if http2 else False
    said = []
    with httpx.Client(http2=http2, verify=secure, trust_env=False, timeout=20) as client:

        def ask(method: str, url: str, **more: Any) -> tuple[httpx.Response, bytes]:
            if http2:
                url = url.replace("http://", "https://", 1)
            with client.stream(method, url, **more) as answer:
                chunks = list(answer.iter_raw())
            said.append(f"{answer.http_version} {answer.status_code} {answer.reason_phrase}")
            said.extend(f"  {name!r}: {value!r}" for name, value in answer.headers.raw)
            said.append(f"  {b''.join(chunks)!r} in {len(chunks) if not http2 else 'some'}")
            return answer, b"".join(chunks)

        login = {"username": "user2", "password": _password("user2")}
        _, body = ask("POST", f"{urls.authentication}/api/auth/login", json=login)
        client.headers["Authorization"] = f"Bearer {_in(body.decode(), r'"accessToken":\s*"([^"]+)"')}"
        ask("GET", f"{urls.accounting}/api/credits/balance")
        _, body = ask("POST", f"{urls.chat}/api/chat/sessions", json={"title": "x", "initialMessage": "Hi"})
        session = f"{urls.chat}/api/chat/sessions/" + _in(body.decode(), r'"sessionId":\s*"([^"]+)"')
        answer, _ = ask("POST", f"{session}/stream", json={"message": "Tell me"})
        echo = {"completeResponse": "All", "tokensUsed": 20}
        for sent in ("stream-1-x", answer.headers["X-Streaming-Session-Id"]):
            ask("POST", f"{session}/update-stream", json=echo | {"streamingSessionId": sent})
        ask("GET", session)
        ask("HEAD", f"{urls.chat}/api/health")
        ask("DELETE", session)
        ask("GET", session)
    return "\n".join(said)


@contextmanager
def page_server(port: int = 0) -> Iterator[str]:
    """The lab's page on an origin of its own: its URL."""
    line = [sys.executable, "-u", "-m", "cli", "lab", "page", "--port", str(port)]
    with subprocess.Popen(line, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield _in(running.stdout.readline(), r"(http://[^/\s]+)")
        finally:
            running.terminate()


def page(urls: Urls, browser: Browser, at: str) -> str:
    """What the lab's page, served `at` another origin, says in Chromium."""
    context = browser.new_context()
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    query = f"auth={urls.authentication}&accounting={urls.accounting}&chat={urls.chat}"
    shown.goto(f"{at}/?{query}")
    shown.click("#stream")
    shown.wait_for_function("!document.getElementById('stream').disabled")
    for sent in ("issued", "'incorrect-id-1732312345'"):
        shown.evaluate(f"issued = {sent}")
        before = shown.inner_text("#log")
        shown.click("#save")
        shown.wait_for_function("before => document.getElementById('log').innerText !== before", arg=before)
    said: str = shown.inner_text("body")
    context.close()
    assert not troubles, troubles
    return said


def _password(name: str = "user1") -> str:
    user = find_user(name)
    assert user is not None
    return user.password


def _in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]
