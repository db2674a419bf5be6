"""What is sent and received, as the events of a recording: the client's side is the service's here."""

import time
from collections.abc import Callable, Iterable, Mapping

import httpx

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Headers,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from replay.recorded import Recorded, recorded_exchanges

HTTP2 = b"HTTP/2.0"
"""As recordings write this version."""


class Clock:
    """Microseconds since the run began, by the monotonic clock."""

    def __init__(self) -> None:
        self._start = time.monotonic_ns()

    def now(self) -> int:
        """The time."""
        return (time.monotonic_ns() - self._start) // 1000


class Wire:
    """The events of one new exchange; each is kept here, and handed on at once."""

    def __init__(self, exchange: int, clock: Clock, put: Callable[[Event], None]) -> None:
        self.exchange = exchange
        self.events: list[Event] = []
        self.is_over = False
        self._clock, self._put = clock, put

    def request(
        self, method: bytes, url: tuple[str, str, int], target: bytes, headers: Headers, version: bytes
    ) -> None:
        """The request's head leaves, for (scheme, host, port)."""
        scheme, host, port = url
        line = method, scheme, host, port, target, version, headers
        self._add(RequestHead(self.exchange, Side.BOTH, self._clock.now(), *line, server=f"{host}:{port}"))

    def response(self, answer: httpx.Response) -> ResponseHead:
        """The answer's head came."""
        version = HTTP2 if answer.http_version == "HTTP/2" else answer.http_version.encode()
        reason = answer.extensions.get("reason_phrase", b"")
        line = answer.status_code, reason, version, tuple(answer.headers.raw)
        return self._add(ResponseHead(self.exchange, Side.BOTH, self._clock.now(), *line))

    def chunk(self, message: Message, data: bytes) -> Chunk:
        """Bytes of a body, at least one."""
        return self._add(Chunk(self.exchange, message, Side.BOTH, self._clock.now(), data, len(data)))

    def end(self, message: Message) -> None:
        """A message is complete."""
        self._add(End(self.exchange, message, Side.BOTH, self._clock.now()))
        self.is_over = self.is_over or message is Message.RESPONSE

    def abort(self, by: Breaker, manner: Manner, reason: str) -> None:
        """It is not, and nothing more of it comes."""
        if not self.is_over:
            self.is_over = True
            self._add(Abort(self.exchange, Side.BOTH, self._clock.now(), by, manner, reason))

    def recorded(self) -> Recorded:
        """The exchange as it is so far."""
        return next(recorded_exchanges(self.events))

    def _add[E: Event](self, event: E) -> E:
        self.events.append(event)
        self._put(event)
        return event


def manner_of(error: Exception) -> Manner:
    """How the peer, or the way to it, broke an exchange off, by what the HTTP client says."""
    if isinstance(
        error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol | httpx.InvalidURL
    ):
        return Manner.UNREACHABLE
    if isinstance(error, httpx.RemoteProtocolError):
        text = str(error)
        if "StreamReset" in text or "ConnectionTerminated" in text:
            return Manner.RESET
        is_closed = "closed connection" in text or "disconnected" in text
        return Manner.CLOSED if is_closed else Manner.MALFORMED
    return Manner.RESET


def by_number(events: Iterable[Event]) -> Mapping[int, Recorded]:
    """Exchanges by their numbers."""
    return {each.exchange: each for each in recorded_exchanges(events)}
