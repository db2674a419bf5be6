"""Clients that do what a script says, through a proxy, as real ones do."""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from lab.processes import Lab
from lab.users import find_user
from tests.healthy.gate import PATIENCE, Armed, Gate, Trouble
from tests.healthy.scripts import Aborted, Chat, Invented, Leaving, Look, Question, Step, Stream, Turn
from tests.support.proxy import Proxy

NAME = "x-streaming-session-id"
SUPERVISOR = "supervisor1"


class LeftError(Exception):
    """The client did not wait for the answer."""


class Http2First(ssl.SSLContext):
    """Offers HTTP/2 before HTTP/1.1 as browsers do; httpx has them the other way round."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols, key=lambda name: name != "h2"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is: the proxy under test, the gate behind it, and everyone's access token."""

    proxy: Proxy
    gate: Gate
    tokens: dict[str, str]
    tls: ssl.SSLContext

    @classmethod
    def of(cls, proxy: Proxy, gate: Gate, tokens: dict[str, str]) -> Self:
        """For a proxy that is up."""
        tls = Http2First(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(proxy.authority)
        return cls(proxy, gate, tokens, tls)


def tokens(lab: Lab, *names: str) -> dict[str, str]:
    """Log these users in, past the proxy."""
    return {name: _token(lab, name) for name in names}


def _token(lab: Lab, name: str) -> str:
    user = find_user(name)
    assert user is not None
    credentials = {"username": name, "password": user.password}
    answer = httpx.post(f"{lab.authentication_url}/api/auth/login", json=credentials, trust_env=False)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["accessToken"]
    return token


@dataclass(slots=True)
class Browser:
    """One user's connections; asks the server's leave first where it runs on another origin."""

    place: Place
    user: str
    http2: bool
    origin: str | None
    cookies: bool
    _http: httpx.Client = field(init=False)
    _granted: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._http = self._connected()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def reconnect(self) -> None:
        """Lose all connections."""
        self._http.close()
        self._http = self._connected()

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One request, and its whole answer."""
        response = self.open(method, path, body)
        try:
            response.read()
        finally:
            response.close()
        return response

    def open(
        self, method: str, path: str, body: object = None, leaves: Callable[[], object] | None = None
    ) -> httpx.Response:
        """One request, and its answer's head; `LeftError` where the client `leaves` instead of waiting."""
        if self.origin and path != Look.HEALTH:
            self._preflight(method, path, body is not None)
        request = self._http.build_request(method, f"/api{path}", json=body, headers=self._fields())
        if leaves is not None:
            request.extensions["trace"] = _leaving(leaves)
        response = self._http.send(request, stream=True)
        assert response.http_version == ("HTTP/2" if self.http2 else "HTTP/1.1")
        return response

    def _fields(self) -> dict[str, str]:
        token = self.place.tokens[self.user]
        fields = {"Authorization": f"Bearer {token}", "X-User-ID": self.user}
        if self.origin:
            fields["Origin"] = self.origin
        if self.cookies:
            fields["Cookie"] = f"accessToken={token}"
        return fields

    def _preflight(self, method: str, path: str, has_body: bool) -> None:
        """Fetch, "CORS-preflight fetch": without credentials, and once for a method and a URL."""
        if (method, path) in self._granted:
            return
        self._granted.add((method, path))
        asked = "authorization,content-type,x-user-id" if has_body else "authorization,x-user-id"
        fields = {
            "Origin": self.origin or "",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": asked,
        }
        answer = self._http.options(f"/api{path}", headers=fields)
        assert answer.status_code == 204, answer

    def _connected(self) -> httpx.Client:
        scheme = "https" if self.http2 else "http"
        return httpx.Client(
            base_url=f"{scheme}://127.0.0.1:{self.place.proxy.port}",
            http2=self.http2,
            verify=self.place.tls,
            trust_env=False,
            timeout=30,
        )


def _leaving(leaves: Callable[[], object]) -> Callable[[str, object], None]:
    def trace(name: str, _: object) -> None:
        if name.endswith("receive_response_headers.started"):
            leaves()
            raise LeftError

    return trace


class Chatting:
    """Plays one chat; `session` is its chat session."""

    def __init__(self, place: Place, chat: Chat) -> None:
        self.place, self.chat = place, chat
        self.session = ""
        self._open = ExitStack()
        self._browser = Browser(place, chat.user, chat.http2, chat.origin, chat.cookies)

    def play(self) -> str:
        """Do all of it; returns the chat session."""
        try:
            answer = self._browser.ask("POST", "/chat/sessions", {"title": "A chat", "initialMessage": "Hi"})
            assert answer.status_code == 201, answer.text
            self.session = answer.json()["sessionId"]
            for step in self.chat.steps:
                self._do(step)
            if self.chat.deletes:
                self._delete()
        finally:
            self._browser.close()
        return self.session

    def _delete(self) -> None:
        """Delete the chat session, when none of its streams runs any more.

        httpx does not tell the other side that it has closed an HTTP/2 stream; a lost connection does.
        """
        if self.chat.http2:
            self._browser.reconnect()
        assert self._browser.ask("DELETE", self._path()).status_code == 200

    def _do(self, step: Step) -> None:
        match step:
            case Turn():
                self._turn(step)
            case Stream():
                with self._streamed(step):
                    pass
            case Aborted():
                self._abort(step)
            case Invented():
                self._refused(step.id)
            case Look():
                answer = self._browser.ask("GET", step.format(session=self.session))
                assert answer.status_code == 200, answer.text

    def _turn(self, turn: Turn) -> None:
        with self._streamed(turn.stream) as (response, id_):
            if turn.leaving is Leaving.BEFORE_UPDATE:
                response.close()
            for wrong in turn.before:
                self._refused(wrong)
            self.save(id_, turn.troubles)
        for wrong in turn.after:
            self._refused(wrong)

    @contextmanager
    def _streamed(self, stream: Stream) -> Iterator[tuple[httpx.Response, str]]:
        """A stream that was read as far as the script says, and its ID; it is left with the block."""
        response = self._stream(stream.question, stream.troubles)
        try:
            pieces = response.iter_raw()
            _read(pieces, None if stream.reads is None else min(stream.reads, 1))
            if stream.observed:
                self._observe()
            if stream.reads is not None and stream.reads > 1:
                _read(pieces, stream.reads - 1)
            yield response, response.headers[NAME]
        finally:
            response.close()

    def _stream(self, question: Question, troubles: tuple[Trouble, ...] = ()) -> httpx.Response:
        response = self._insist(self._path("/stream"), {"message": question}, troubles)
        assert response.status_code == 200
        assert NAME in response.headers
        return response

    def _abort(self, step: Aborted) -> None:
        response = self._stream(Question.LONG)
        left = step.size
        for piece in response.iter_raw() if left else ():
            left -= len(piece)
            if left <= 0:
                break
        response.close()
        if self.chat.http2:
            self._browser.reconnect()  # as in `_delete`

    def _observe(self) -> None:
        """A supervisor looks at the stream while it runs; it may be over by then."""
        supervisor = Browser(self.place, SUPERVISOR, self.chat.http2, self.chat.origin, cookies=False)
        try:
            answer = supervisor.ask("GET", self._path("/observe"))
        finally:
            supervisor.close()
        assert answer.status_code in (200, 404), answer.text

    def save(self, id_: str, troubles: tuple[Trouble, ...] = ()) -> None:
        """Send the update until an answer comes through."""
        response = self._insist(self._path("/update-stream"), _update(id_), troubles)
        response.read()
        response.close()
        assert response.status_code == 200, response.text

    def _refused(self, wrong: str | None) -> None:
        answer = self._browser.ask("POST", self._path("/update-stream"), _update(wrong))
        assert (answer.status_code, "mismatch" in answer.text) == (400, True), answer.text

    def _insist(self, path: str, body: object, troubles: tuple[Trouble, ...]) -> httpx.Response:
        """Ask again after each failure; the answer that came through, its body still to be read."""
        for trouble in troubles:
            with self.place.gate.armed(f"/api{path}", trouble) as armed:
                self._fails(path, body, armed)
        return self._browser.open("POST", path, body)

    def _fails(self, path: str, body: object, armed: Armed) -> None:
        leaves = (lambda: armed.answered.wait(PATIENCE)) if armed.trouble is Trouble.LATE else None
        try:
            response = self._browser.open("POST", path, body, leaves)
        except (httpx.TransportError, LeftError):
            return
        response.close()
        assert response.status_code >= 500

    def _path(self, rest: str = "") -> str:
        return f"/chat/sessions/{self.session}{rest}"


def _update(id_: str | None) -> dict[str, Any]:
    sent = {} if id_ is None else {"streamingSessionId": id_}
    return {"completeResponse": "All of it", "tokensUsed": 8, **sent}


def _read(pieces: Iterator[bytes], events: int | None) -> None:
    """Read up to so many events, or all of them."""
    seen = 0
    while events is None or seen < events:
        piece = next(pieces, b"")
        if not piece:
            return
        seen += piece.count(b"\n\n")
