"""The three services as a client of the system sees them, over requests."""

import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import requests
from sseclient import SSEClient

from lab.headers import ASKED

AT_ONCE = struct.pack("ii", 1, 0)
"""`struct linger`: on, and no time to send what is left (socket(7))."""


@dataclass(frozen=True)  # no slots: the defaults are read from the class
class StreamingOptions:
    """Where the services are, who uses them and how; times in seconds.

    A URL may end in `/api` or not. `proxy` overrides what the environment says; `ca` is a file of
    certificates to trust. `agent` is what the client calls itself. After `stop_after` chunks the tester
    stops reading, 0 reads all.
    """

    authentication_url: str = "http://localhost:3000"
    accounting_url: str = "http://localhost:3001"
    chat_url: str = "http://localhost:3002"
    username: str = "user1"
    password: str = "User1@123"
    admin_username: str = "admin"
    admin_password: str = "admin@admin"
    credits: int = 1000
    model: str = ""
    message: str = "Tell me in a few sentences how a stream of events works."
    origin: str = "http://localhost:8080"
    update_delay: float = 0.5
    retries: int = 5
    backoff: float = 0.5
    stop_after: int = 0
    timeout: float = 30.0
    proxy: str = ""
    agent: str = ""
    ca: str | None = None

    def base(self, service: str) -> str:
        """The URL of `authentication`, `accounting` or `chat`, without `/api`."""
        url: str = getattr(self, f"{service}_url")
        return url.rstrip("/").removesuffix("/api")


@dataclass(slots=True)
class Transcript:
    """What was read of a stream; `complete` where its `done` event arrived."""

    pieces: list[str] = field(default_factory=list)
    tokens: int = 0
    complete: bool = False
    error: str = ""

    @property
    def text(self) -> str:
        """The answer, as far as it was read."""
        return "".join(self.pieces)

    def add(self, event: str, payload: dict[str, Any]) -> None:
        """Take one event in."""
        if event == "chunk":
            self.pieces.append(str(payload.get("text", "")))
        elif event == "done":
            self.complete, self.tokens = True, int(payload.get("tokensUsed", 0))
        elif event == "error":
            self.error = str(payload.get("error", "unknown"))


class Account:
    """One user's requests; log in first."""

    def __init__(self, options: StreamingOptions) -> None:
        self._options = options
        self._http = _connections(options)

    def __enter__(self) -> Self:
        """The account itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def request(self, method: str, service: str, path: str, **more: Any) -> requests.Response:
        """A request to a service; `requests.RequestException` where there is no answer."""
        url = f"{self._options.base(service)}{path}"
        return self._http.request(method, url, timeout=self._options.timeout, **more)

    def log_in(self, username: str, password: str) -> requests.Response:
        """Log in; on success all further requests carry the token."""
        body = {"username": username, "password": password}
        answer = self.request("POST", "authentication", "/api/auth/login", json=body)
        if answer.status_code == 200:
            self._http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
            self._http.headers["X-User-ID"] = username
        return answer

    @contextmanager
    def stream(self, session: str, message: str, model: str) -> Iterator[requests.Response]:
        """Start a stream; leaving closes the connection, read to the end or not."""
        path, body = f"/api/chat/sessions/{session}/stream", {"message": message, "modelId": model}
        head = {"Accept": "text/event-stream"}
        with self.request("POST", "chat", path, json=body, headers=head, stream=True) as answer:
            yield answer

    def preflight(self, session: str) -> requests.Response:
        """Ask as a browser does before it streams: without a token, and without the log-in's cookies."""
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": ",".join(ASKED)}
        url = f"{self._options.base('chat')}/api/chat/sessions/{session}/stream"
        with _connections(self._options) as fresh:
            return fresh.options(url, headers=asks, timeout=self._options.timeout, allow_redirects=False)

    def update(self, session: str, transcript: Transcript, **streaming_id: str) -> requests.Response:
        """Save an answer; `streamingSessionId` is sent only if given."""
        tokens = transcript.tokens or len(transcript.pieces)
        body = {"completeResponse": transcript.text, "tokensUsed": tokens, **streaming_id}
        return self.request("POST", "chat", f"/api/chat/sessions/{session}/update-stream", json=body)


def _connections(options: StreamingOptions) -> requests.Session:
    """A client without token or cookies, through the proxy and with the certificates of the options."""
    http = requests.Session()
    if options.origin:
        http.headers["Origin"] = options.origin
    if options.agent:
        http.headers["User-Agent"] = options.agent
    if options.ca:
        http.verify = options.ca
    if options.proxy:
        # Explicit, so that a NO_PROXY for localhost in the environment does not win over it.
        http.trust_env = False
        http.proxies = {"http": options.proxy, "https": options.proxy}
    return http


def reset_at_close(answer: requests.Response) -> None:
    """Have the connection of an answer end with a reset (RST) when it is closed, as a killed client's may.

    Before its body is read: whoever stops to iterate over that closes it.
    """
    with socket.socket(fileno=os.dup(answer.raw.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)


def fields_of(answer: requests.Response) -> list[tuple[str, str]]:
    """Names and values of an answer's head, the names in the case that they came in."""
    return list(answer.raw.headers.items())


def read(answer: requests.Response, stop_after: int) -> Transcript:
    """Read a stream's events to the end, or until so many chunks were there.

    A payload that is no JSON object ends up in `error`, as does a stream that breaks off.
    """
    transcript = Transcript()
    try:
        for event in SSEClient(answer.iter_content(128)).events():
            transcript.add(event.event, json.loads(event.data))
            if stop_after and len(transcript.pieces) >= stop_after:
                break
    except (ValueError, AttributeError, TypeError) as error:
        transcript.error = f"an event could not be read: {error}"
    except requests.RequestException as error:
        transcript.error = f"the stream broke off: {error}"
    return transcript


def json_object(answer: requests.Response | None) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is something else, or there was no answer."""
    try:
        value = answer.json() if answer is not None else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def message_of(answer: requests.Response) -> str:
    """The `message` of a JSON answer, else the beginning of its text."""
    return str(json_object(answer).get("message") or answer.text[:200])
