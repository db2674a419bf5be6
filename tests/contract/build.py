"""Small builders of event sequences: exchanges with the chat service, as one proxy would see them.

A `Talk` numbers its exchanges and lets time pass; each builder gives the events of one exchange, so
that tests can join, cut and interleave them. `Both` sides are alike unless `server` says otherwise.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Headers,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)

ID_HEADER = "X-Streaming-Session-Id"
FIRST = "stream-1732312345678-1a2b3c4d"
SECOND = "stream-1732312349999-5e6f7a8b"
THIRD = "stream-1732312351111-00c0ffee"
MISMATCH = b'{"message":"Streaming session ID mismatch"}'
UPDATED = b'{"message":"Updated","sessionId":"s1","tokensUsed":3}'
CHUNK = b'event: chunk\ndata: {"text": "Hello"}\n\n'
DONE = b'event: done\ndata: {"message":"Stream complete","tokensUsed":1}\n\n'
SSE = CHUNK + DONE
ORIGIN = (("Origin", "https://app.example"),)
CORS = (
    ("Access-Control-Allow-Origin", "https://app.example"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Expose-Headers", ID_HEADER),
    ("Vary", "Origin"),
)
PREFLIGHT = (
    *ORIGIN,
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "authorization,content-type,x-user-id"),
)
ALLOWS = (
    *CORS[:2],
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, X-User-ID"),
    ("Vary", "Origin"),
)
LENGTH = (("Content-Length", "2"),)

type Fields = Sequence[tuple[str, str]]


def mismatch(expected: str | None, received: str | None) -> bytes:
    """A refusal that tells what it compared."""
    details = {"expected": expected, "received": received}
    return json.dumps({"message": "Streaming session ID mismatch", "details": details}).encode()


def fields(*groups: Iterable[tuple[str, str]]) -> Headers:
    return tuple(
        (name.encode("latin-1"), value.encode("latin-1")) for group in groups for name, value in group
    )


def pieces(body: bytes, size: int | None = None) -> list[bytes]:
    return [body[i : i + size] for i in range(0, len(body), size)] if size else [body] if body else []


@dataclass
class Talk:
    """One run: numbers exchanges and lets time pass."""

    number: int = 0
    at: int = 0
    token: str = "Bearer one"
    session: str = "s1"
    user: str | None = None
    extra: Fields = field(default_factory=tuple)
    is_unframed: bool = False

    def tick(self) -> int:
        self.at += 1000
        return self.at

    def wait(self, seconds: float) -> "Talk":
        """Let time pass."""
        self.at += int(seconds * 1_000_000)
        return self

    def but(self, **changes: object) -> "Talk":
        """The same run, with another session, token or user."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        other.number += 1000
        return other

    def exchange(
        self,
        method: str,
        target: str,
        *,
        request: Fields = (),
        body: bytes = b"",
        status: int = 200,
        response: Fields = (),
        answer: bytes = b"",
        server_status: int | None = None,
        server_response: Fields | None = None,
        size: int | None = None,
    ) -> list[Event]:
        """A whole exchange; `server_response` gives the service's header fields where they differ."""
        self.number += 1
        head = self._request_head(method, target, request)
        events: list[Event] = [head]
        events += self._body(Message.REQUEST, Side.BOTH, body, size)
        events += self._response_heads(status, response, server_status, server_response)
        events += self._body(Message.RESPONSE, Side.BOTH, answer, size)
        return events

    def _request_head(self, method: str, target: str, request: Fields) -> RequestHead:
        login = (("Authorization", self.token),) if self.token else ()
        user = (("X-User-ID", self.user),) if self.user else ()
        headers = fields((("Host", "chat.test"),), login, user, self.extra, request)
        return RequestHead(
            self.number,
            Side.BOTH,
            self.tick(),
            method.encode(),
            "http",
            "chat.test",
            80,
            target.encode("latin-1"),
            b"HTTP/1.1",
            headers,
        )

    def _response_heads(
        self, status: int, response: Fields, server_status: int | None, server_response: Fields | None
    ) -> list[Event]:
        def head(side: Side, status: int, headers: Fields) -> ResponseHead:
            framing = () if self.is_unframed else (("Transfer-Encoding", "chunked"),)
            line = (self.number, side, self.tick(), status, b"", b"HTTP/1.1")
            return ResponseHead(*line, fields(headers, framing))

        if server_response is None and server_status is None:
            return [head(Side.BOTH, status, response)]
        at_server = response if server_response is None else server_response
        return [head(Side.SERVER, server_status or status, at_server), head(Side.CLIENT, status, response)]

    def _body(self, message: Message, side: Side, body: bytes, size: int | None) -> list[Event]:
        chunks: list[Event] = [
            Chunk(self.number, message, side, self.tick(), piece, len(piece)) for piece in pieces(body, size)
        ]
        return [*chunks, End(self.number, message, side, self.tick())]

    # The chat service.

    def path(self, end: str) -> str:
        return f"/api/chat/sessions/{self.session}{end}"

    def stream(
        self,
        id_: str | None = FIRST,
        *,
        name: str = ID_HEADER,
        request: Fields = ORIGIN,
        more: Fields = CORS,
        status: int = 200,
        media_type: str = "text/event-stream",
        server: Fields | None = None,
        server_status: int | None = None,
        answer: bytes = SSE,
        size: int | None = None,
    ) -> list[Event]:
        """A stream that issues an ID; `server` gives the service's ID fields where they differ."""
        own = ((name, id_),) if id_ is not None else ()
        base = (("Content-Type", media_type), *more)
        return self.exchange(
            "POST",
            self.path("/stream"),
            request=(("Content-Type", "application/json"), *request),
            body=b'{"message":"Hi","modelId":"m"}',
            status=status,
            response=(*own, *base),
            server_response=None if server is None else (*server, *base),
            server_status=server_status,
            answer=answer,
            size=size,
        )

    def update(
        self,
        id_: str | None = FIRST,
        *,
        status: int = 200,
        answer: bytes | None = None,
        body: bytes | None = None,
        request: Fields = (),
        more: Fields = (),
        size: int | None = None,
    ) -> list[Event]:
        """An update that sends an ID back (None: without the member)."""
        members = {"completeResponse": "Hello", "tokensUsed": 3}
        value = members if id_ is None else {**members, "streamingSessionId": id_}
        default = UPDATED if status < 400 else MISMATCH if status == 400 else b'{"message":"Failed"}'
        return self.exchange(
            "POST",
            self.path("/update-stream"),
            request=(("Content-Type", "application/json"), *request),
            body=json.dumps(value).encode() if body is None else body,
            status=status,
            response=(("Content-Type", "application/json"), *more),
            answer=default if answer is None else answer,
            size=size,
        )

    def refused(self, id_: str | None, **changes: Any) -> list[Event]:
        """An update that the service refuses as a mismatch."""
        return self.update(id_, status=400, **changes)

    def create(self, session: str | None = None) -> list[Event]:
        """The beginning of the session."""
        body = json.dumps({"sessionId": session or self.session}).encode()
        return self.exchange("POST", "/api/chat/sessions", status=201, answer=body)

    def preflight(
        self,
        *,
        status: int = 204,
        request: Fields = PREFLIGHT,
        response: Fields = ALLOWS,
        end: str = "/stream",
    ) -> list[Event]:
        """What a browser asks before the stream."""
        login, self.token = self.token, ""
        events = self.exchange("OPTIONS", self.path(end), request=request, status=status, response=response)
        self.token = login
        return events

    def delete(self, status: int = 200) -> list[Event]:
        """The end of the session."""
        return self.exchange("DELETE", self.path(""), status=status, answer=b'{"message":"Deleted"}')


def lost(events: list[Event], message: Message) -> list[Event]:
    """The same events, with the bytes of a message not kept."""
    return [
        replace(event, data=b"", form=Form.LOST)
        if isinstance(event, Chunk) and event.message is message
        else event
        for event in events
    ]


def cut(events: list[Event], keep: int, by: Breaker = Breaker.CLIENT) -> list[Event]:
    """The first events of an exchange, then an abort of both sides."""
    last = events[keep - 1]
    return [
        *events[:keep],
        Abort(last.exchange, Side.BOTH, last.at + 1, by, Manner.CLOSED, "peer closed connection"),
    ]


def joined(*groups: list[Event]) -> list[Event]:
    """Exchanges one after the other."""
    return [event for group in groups for event in group]
