"""A service in front of the lab's that fails honestly now and then: `Gate`.

It passes everything on as it is, except for the requests that a client has armed a `Trouble` for.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from tests.support.sockets import Peer, RawServer

PATIENCE = 10.0
_POST = re.compile(rb"POST (\S+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)\r\n", re.IGNORECASE)
_ORIGIN = re.compile(rb"\r\nOrigin: *([^\r]+)\r\n", re.IGNORECASE)
_APOLOGY = b'{"message": "Service unavailable"}'


class Trouble(StrEnum):
    """What becomes of one request."""

    UNAVAILABLE = "answered with 503, not passed on"
    CUT_BEFORE = "not passed on, the connection closed"
    CUT_AFTER = "passed on and answered, the connection closed before the answer got through"
    LATE = "passed on and answered, the answer held back until the client has left"


@dataclass(slots=True)
class Armed:
    """Trouble in wait for a request. `answered`: the service has answered it, `left`: its client has left."""

    trouble: Trouble
    answered: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


class Gate:
    """Listens on loopback in front of the service on `port`; HTTP/1.1, one request after the other."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._server = RawServer(self._serve)
        self._armed: dict[bytes, Armed] = {}

    @property
    def url(self) -> str:
        """Where it listens, as a mode of mitmproxy's wants it."""
        return self._server.url

    @contextlib.contextmanager
    def armed(self, path: str, trouble: Trouble) -> Iterator[Armed]:
        """Inside the block the next POST to `path` gets into trouble; at its end the client has left."""
        armed = self._armed[path.encode()] = Armed(trouble)
        try:
            yield armed
        finally:
            self._armed.pop(path.encode(), None)
            armed.left.set()

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._server.__exit__(kind, error, trace)

    def _serve(self, client: Peer) -> None:
        with Peer.connect(self._upstream) as service:
            connection = _Connection(client, service)
            try:
                connection.run(self._armed)
            finally:
                connection.close()


class _Connection:
    """One connection of the proxy's and the one to the service that belongs to it."""

    def __init__(self, client: Peer, service: Peer) -> None:
        self._client, self._service = client, service
        self._trouble: Armed | None = None
        # A connection may be idle, and a stream silent, for as long as both ends like.
        client.socket.settimeout(None)
        service.socket.settimeout(None)
        self._answers = threading.Thread(target=self._pass_back, daemon=True)
        self._answers.start()

    def run(self, armed: dict[bytes, Armed]) -> None:
        """Take requests until the client leaves (EOFError), or one of them loses the connection."""
        while True:
            head = self._client.receive_until(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = self._client.receive_exactly(int(length[1])) if length else b""
            post = _POST.match(head)
            self._trouble = armed.pop(post[1], None) if post else None
            trouble = self._trouble.trouble if self._trouble else None
            if trouble is Trouble.UNAVAILABLE:
                self._client.send(unavailable(head))
            elif trouble is Trouble.CUT_BEFORE:
                return
            else:
                self._service.send(head + body)
                if self._trouble:
                    self._answers.join(PATIENCE)
                    return

    def close(self) -> None:
        """Leave both ends."""
        for peer in (self._client, self._service):
            with contextlib.suppress(OSError):
                peer.socket.shutdown(socket.SHUT_RDWR)
        self._answers.join(PATIENCE)

    def _pass_back(self) -> None:
        """Give the client what the service answers, until an answer gets into trouble."""
        with contextlib.suppress(OSError):
            while data := self._service.receive():
                if self._trouble is not None:
                    self._trouble.answered.set()
                    if self._trouble.trouble is Trouble.LATE:
                        self._trouble.left.wait(PATIENCE)
                    return
                self._client.socket.sendall(data)
        with contextlib.suppress(OSError):
            self._client.socket.shutdown(socket.SHUT_RDWR)


def unavailable(head: bytes) -> bytes:
    """A 503 that scripts of the request's origin may read, as an honest service's are."""
    origin = _ORIGIN.search(head)
    fields = [b"HTTP/1.1 503 Service Unavailable", b"Content-Type: application/json", b"Retry-After: 0"]
    if origin:
        fields += [
            b"Access-Control-Allow-Origin: " + origin[1],
            b"Access-Control-Allow-Credentials: true",
            b"Vary: Origin",
        ]
    fields.append(b"Content-Length: %d" % len(_APOLOGY))
    return b"\r\n".join(fields) + b"\r\n\r\n" + _APOLOGY
