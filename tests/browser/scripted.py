"""A server that answers each path with exactly the lines that it was given, and keeps what arrived."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from contract import headers
from contract.events import Headers, RequestHead, ResponseHead, Side
from tests.support.sockets import Peer, RawServer

BODY = b"read"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and field lines as they go out; framing is added where the status has a body."""

    status: int = 200
    lines: tuple[bytes, ...] = ()
    body: bytes = BODY

    def head(self) -> ResponseHead:
        pairs = (line.split(b":", 1) for line in self._lines())
        fields: Headers = tuple((name, value) for name, value in pairs)
        return ResponseHead(1, Side.BOTH, 0, self.status, b"Answer", b"HTTP/1.1", fields)

    def wire(self) -> bytes:
        start = b"HTTP/1.1 %d Answer" % self.status
        return b"\r\n".join((start, *self._lines(), b"", self.body if self._has_body() else b""))

    def _has_body(self) -> bool:
        return self.status not in (204, 304)

    def _lines(self) -> tuple[bytes, ...]:
        framing = (b"Content-Length: %d" % len(self.body),) if self._has_body() else ()
        return (*self.lines, *framing)


class Exchange(NamedTuple):
    """A request as it arrived, and what was sent to it."""

    request: RequestHead
    response: ResponseHead


@dataclass(slots=True)
class ScriptedServer:
    """Answers by method and path; 404 to all others. A context manager; `seen` is in order of arrival."""

    answers: dict[tuple[bytes, bytes], Answer] = field(default_factory=dict)
    seen: list[Exchange] = field(default_factory=list)
    _server: RawServer = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._server = RawServer(self._serve)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def origin(self) -> str:
        """Scheme, host and port, as `Origin` has them."""
        return f"http://localhost:{self._server.port}"

    def arrived(self, paths: Iterable[bytes]) -> list[Exchange]:
        """What was exchanged on these paths."""
        wanted = set(paths)
        with self._lock:
            return [exchange for exchange in self.seen if exchange.request.target in wanted]

    def _serve(self, peer: Peer) -> None:
        while True:
            request = _parsed(peer.receive_until(b"\r\n\r\n"), self._server.port)
            peer.receive_exactly(int(headers.first(request.headers, b"content-length") or 0))
            answer = self.answers.get((request.method, request.target), Answer(404))
            with self._lock:
                self.seen.append(Exchange(request, answer.head()))
            peer.send(answer.wire())


def _parsed(head: bytes, port: int) -> RequestHead:
    start, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target, version = start.split(b" ")
    fields: Headers = tuple((name, value) for name, value in (line.split(b":", 1) for line in lines))
    return RequestHead(1, Side.BOTH, 0, method, "http", "localhost", port, target, version, fields)
