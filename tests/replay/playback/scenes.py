"""Small recordings for playback, written down call by call, and requests to a player of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.events import Chunk, End, Event, Headers, Message, RequestHead, ResponseHead, Side
from contract.profile import Profile, builtin
from replay.playback.manners import Manners
from replay.playback.performance import Performance
from replay.playback.player import Answer, Player
from replay.recorded import Piece, Recorded, RecordedBody
from tests.support.sequences import record

CHAT = builtin("chat")
JSON = (b"Content-Type", b"application/json")
TOKEN = "tok-8f14e45fceea167a5a36dedd4bea2543"
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def head(
    method: str = "POST",
    target: str = "/a",
    headers: Headers = (JSON,),
    *,
    number: int = 0,
    at: int = 0,
    host: str = "localhost",
    version: bytes = b"HTTP/1.1",
) -> RequestHead:
    return RequestHead(
        number,
        Side.BOTH,
        at,
        method.encode(),
        "http",
        host,
        3002,
        target.encode("latin-1"),
        version,
        headers,
    )


def bearer(token: str) -> Headers:
    return ((b"Authorization", f"Bearer {token}".encode()),)


def body_of(value: Any) -> bytes:
    """Bytes as they are, nothing for None, all else as JSON."""
    if value is None:
        return b""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def typed(headers: Headers) -> Headers:
    """With a media type, JSON's if there is none."""
    return headers if any(name.lower() == b"content-type" for name, _ in headers) else (JSON, *headers)


def asked(
    method: str = "POST",
    target: str = "/a",
    body: Any = None,
    headers: Headers = (),
    *,
    host: str = "localhost",
    version: bytes = b"HTTP/1.1",
    why_not_whole: str = "",
) -> Recorded:
    """A request as a client of a playback sends it."""
    data = body_of(body)
    sent = RecordedBody((Piece(0, data),) if data else (), ended_at=0, why_not_whole=why_not_whole)
    request = head(method, target, typed(headers), host=host, version=version)
    return Recorded(0, request, sent, None, RecordedBody(), None)


@dataclass
class Script:
    """Exchanges that follow each other, 1 ms for each of their parts."""

    events: list[Event] = field(default_factory=list)
    number: int = 0
    now: int = 0
    always: Headers = ()
    """Headers that all later requests have."""

    def add(
        self,
        method: str,
        target: str,
        body: Any = None,
        answer: Any = None,
        *,
        status: int = 200,
        headers: Headers = (),
        fields: Headers = (JSON,),
        host: str = "localhost",
        pieces: Iterable[bytes] | None = None,
    ) -> "Script":
        """A request with its answer; `pieces` in place of the whole `answer`."""
        self.number += 1
        number, both = self.number, Side.BOTH
        self._put(
            head(method, target, typed((*self.always, *headers)), number=number, at=self._tick(), host=host),
            *self._chunks(Message.REQUEST, [body_of(body)]),
            End(number, Message.REQUEST, both, self._tick()),
            ResponseHead(number, both, self._tick(), status, b"OK", b"HTTP/1.1", fields),
            *self._chunks(Message.RESPONSE, [body_of(answer)] if pieces is None else pieces),
            End(number, Message.RESPONSE, both, self._tick()),
        )
        return self

    def stream(self, session: str, id: str, message: str = "Hi", headers: Headers = ()) -> "Script":
        """A chat stream that issues an ID."""
        sse = ((b"Content-Type", b"text/event-stream"), (b"X-Streaming-Session-Id", id.encode()))
        target = f"/api/chat/sessions/{session}/stream"
        pieces = [b'event: chunk\ndata: {"text": "a"}\n\n', b"event: done\ndata: {}\n\n"]
        return self.add("POST", target, {"message": message}, fields=sse, pieces=pieces, headers=headers)

    def update(
        self, session: str, id: Any, answer: Any, status: int = 200, headers: Headers = ()
    ) -> "Script":
        """The update that sends an ID back."""
        target = f"/api/chat/sessions/{session}/update-stream"
        return self.add("POST", target, echo(id), answer, status=status, headers=headers)

    def login(self, token: str = TOKEN) -> "Script":
        """The client gets a token, which it sends from then on."""
        self.add("POST", "/login", {"user": "someone"}, {"token": token})
        self.always = bearer(token)
        return self

    def _tick(self) -> int:
        self.now += 1000
        return self.now

    def _put(self, *events: Event) -> None:
        self.events += events

    def _chunks(self, message: Message, pieces: Iterable[bytes]) -> list[Event]:
        return [
            Chunk(self.number, message, Side.BOTH, self._tick(), data, len(data)) for data in pieces if data
        ]

    def write(self, path: Path, profile: Profile = CHAT) -> Path:
        return record(path, self.events, profile=profile)

    def player(
        self, folder: Path, manners: Manners | None = None, profile: Profile = CHAT, **how: Any
    ) -> Player:
        path = self.write(folder / f"{len(list(folder.iterdir()))}.db", profile)
        return Player([path], profile, manners or Manners(**how))


def echo(id: Any) -> dict[str, Any]:
    return {"completeResponse": "All of it", "streamingSessionId": id, "tokensUsed": 9}


def mismatch(expected: str, received: str) -> dict[str, Any]:
    return {
        "message": "Streaming session ID mismatch",
        "details": {"expected": expected, "received": received},
    }


def given(answer: Answer | None) -> Performance:
    assert answer is not None
    assert answer.performance is not None
    return answer.performance


def played(player: Player, *request: Any, **more: Any) -> Performance:
    """What the player gives for a request; it must have been recorded, or be the profile's."""
    answer = player.answer(asked(*request, **more))
    assert answer is not None
    assert answer.miss is None, answer.miss.lines()
    return given(answer)


def text(performance: Performance) -> bytes:
    return b"".join(piece.data for piece in performance.pieces)


def said(performance: Performance) -> Any:
    return json.loads(text(performance))


def field_of(performance: Performance, name: bytes) -> str:
    return next(value for key, value in performance.headers if key.lower() == name.lower()).decode()


@dataclass
class Client:
    """Someone who logs in first, and then sends the token that it got."""

    player: Player
    headers: Headers = ()

    def __post_init__(self) -> None:
        self.token = said(self.ask("POST", "/login", {"user": "someone"}))["token"]
        self.headers = bearer(self.token)

    def ask(self, *request: Any, **more: Any) -> Performance:
        method, target, *body = request
        return played(self.player, method, target, *(body or [None]), self.headers, **more)

    def stream(self, session: str = "s1") -> str:
        """The ID that a stream issues now."""
        answer = self.ask("POST", f"/api/chat/sessions/{session}/stream", {"message": "Hi"})
        return field_of(answer, b"X-Streaming-Session-Id")

    def update(self, id: Any, session: str = "s1") -> Performance:
        return self.ask("POST", f"/api/chat/sessions/{session}/update-stream", echo(id))
