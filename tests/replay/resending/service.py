"""A small HTTP/1.1 service on a thread per connection, with a log of its own: the independent evidence."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from tests.support.sockets import Peer, RawServer


class Asked(NamedTuple):
    """A request as its bytes came; `at` is when its head was there (seconds, monotonic)."""

    at: float
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.partition(b" HTTP/")[0].decode()

    @property
    def path(self) -> str:
        return self.line.partition(" ")[2]

    def field(self, name: str) -> str:
        found = re.search(rb"(?im)^%s: *(.*?)\r?$" % re.escape(name.encode()), self.head)
        return found[1].decode() if found else ""


type Part = bytes | float
"""Bytes to be sent, or seconds to wait (until the peer leaves, at most)."""


@dataclass
class Service:
    """Answers with the parts that `answer` gives for a request; a context manager."""

    answer: Callable[[Asked], Iterable[Part]]
    asked: list[Asked] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Paths whose client left while parts were still to be sent."""

    def __post_init__(self) -> None:
        self._server = RawServer(self._serve)

    @property
    def url(self) -> str:
        return self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(*error)

    def _serve(self, peer: Peer) -> None:
        while True:
            head = peer.receive_until(b"\r\n\r\n")
            length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
            at = time.monotonic()
            asked = Asked(at, head, peer.receive_exactly(int(length[1])) if length else b"")
            self.asked.append(asked)
            try:
                for part in self.answer(asked):
                    if isinstance(part, bytes):
                        peer.send(part)
                    else:
                        self._wait(peer, part)
            except (OSError, EOFError):
                self.left.append(asked.path)
                raise

    def _wait(self, peer: Peer, seconds: float) -> None:
        """Wait, but notice at once when the peer leaves."""
        peer.socket.settimeout(seconds)
        try:
            data = peer.receive()
        except TimeoutError:
            return
        finally:
            peer.socket.settimeout(10)
        if not data:
            raise EOFError("left")
        peer.unread(data)


def answer(body: bytes, *fields: bytes, status: int = 200, kind: bytes = b"application/json") -> bytes:
    """A whole answer, with its length."""
    lines = [b"HTTP/1.1 %d OK" % status, b"Content-Type: " + kind, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def stream_head(*fields: bytes) -> bytes:
    """The head of a chunked event stream."""
    lines = [b"HTTP/1.1 200 OK", b"Content-Type: text/event-stream", *fields, b"Transfer-Encoding: chunked"]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"
