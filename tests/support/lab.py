"""A lab for a test: three real processes on free ports, quick by default.

with running_lab(tokens=20) as lab:
    requests.get(f"{lab.chat_url}/api/health")
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import requests

from lab.processes import Lab, LabOptions
from lab.users import User, find_user

QUICK = LabOptions(tokens=20, interval=0.005, detailed=2.0, credits=1_000_000)


@contextmanager
def running_lab(**options: Any) -> Iterator[Lab]:
    """A healthy lab; keyword arguments replace fields of `QUICK` (everyone starts with plenty of credits)."""
    with Lab(replace(QUICK, **options)) as lab:
        yield lab


def user(name: str) -> User:
    """One of the lab's users."""
    found = find_user(name)
    assert found is not None
    return found


@dataclass(slots=True)
class Client:
    """A logged-in user of a lab; `chat_url` may be a proxy in front of the chat service."""

    lab: Lab
    http: requests.Session
    name: str
    chat_url: str

    def chat(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request to the chat service; `path` begins behind `/api`."""
        return self.http.request(method, f"{self.chat_url}/api{path}", timeout=30, **more)

    def accounting(self, method: str, path: str, **more: Any) -> requests.Response:
        """A request to accounting; `path` begins behind `/api`."""
        return self.http.request(method, f"{self.lab.accounting_url}/api{path}", timeout=30, **more)

    def new_session(self, title: str = "A test") -> str:
        """The ID of a new chat session."""
        answer = self.chat("POST", "/chat/sessions", json={"title": title, "initialMessage": "Hello"})
        assert answer.status_code == 201, answer.text
        session: str = answer.json()["sessionId"]
        return session

    def stream(self, session: str, message: str = "Tell me", **more: Any) -> requests.Response:
        """Start a stream; the answer's body is still to be read."""
        return self.chat(
            "POST", f"/chat/sessions/{session}/stream", json={"message": message}, stream=True, **more
        )

    def update(self, session: str, streaming_id: object, **more: Any) -> requests.Response:
        """Save an answer under a streaming session ID."""
        body = {"completeResponse": "All of it", "streamingSessionId": streaming_id, "tokensUsed": 20}
        return self.chat("POST", f"/chat/sessions/{session}/update-stream", json=body, **more)


@contextmanager
def logged_in(lab: Lab, name: str = "user1", chat_url: str | None = None) -> Iterator[Client]:
    """A user of the lab with a token; no proxy settings of the environment are used."""
    with requests.Session() as http:
        http.trust_env = False
        credentials = {"username": name, "password": user(name).password}
        answer = http.post(f"{lab.authentication_url}/api/auth/login", json=credentials, timeout=30)
        assert answer.status_code == 200, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        http.headers["X-User-ID"] = name
        yield Client(lab, http, name, chat_url or lab.chat_url)
