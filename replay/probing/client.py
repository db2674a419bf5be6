"""Sends requests, and tells what it hears as the contract's events: head, chunks, end, and when."""

import asyncio
import http.cookiejar
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import httpx

from contract.events import Breaker, Chunk, Event, Headers, Manner, Message, ResponseHead
from replay.probing.linger import break_off
from replay.probing.requests import Request
from replay.wire import HTTP2, Clock, Wire, manner_of

_SENDS_HEAD = {
    "http11.send_request_headers.started": b"HTTP/1.1",
    "http2.send_request_headers.started": HTTP2,
}
_SENT = ("http11.send_request_body.complete", "http2.send_request_body.complete")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may take: `seconds` from the request to its end, and `size` bytes of a body."""

    seconds: float = 30.0
    size: int = 1 << 20


class Ending(StrEnum):
    """How an answer ended."""

    COMPLETE = "complete"
    LEFT = "left"
    """The probe had read as much as it wanted to."""
    LIMIT = "left at a limit"
    BROKEN = "broken off"
    NONE = "no answer"


@dataclass(slots=True)
class Answer:
    """What came back. `head` is None where nothing did; `why` says why it did not come to its end."""

    exchange: int
    head: ResponseHead | None = None
    chunks: list[Chunk] = field(default_factory=list)
    ending: Ending = Ending.NONE
    why: str = ""

    @property
    def status(self) -> int | None:
        """The status of the answer, None where none came."""
        return self.head.status if self.head else None


class Client:
    """An asynchronous HTTP client: HTTP/1.1, and HTTP/2 where a server with TLS offers it.

    `put` gets every event. Cookies are not kept, redirects are not followed. `proxy` is the URL of one for
    all requests (None: as the environment says), `ca` a file of certificates to trust. Raises `ValueError`
    for those that cannot be used.
    """

    def __init__(
        self, put: Callable[[Event], None], limits: Limits, *, proxy: str | None = None, ca: str | None = None
    ) -> None:
        self._put = put
        self._limits = limits
        self._numbers = itertools.count(1)
        self._clock = Clock()
        self.requests = 0
        """How many were sent."""
        try:
            trusted = ssl.create_default_context(cafile=ca) if ca else True
            self._http = httpx.AsyncClient(
                http2=True,
                verify=trusted,
                proxy=proxy,
                timeout=None,  # noqa: S113 - the time for the whole answer is limited, in `send`
                follow_redirects=False,
                cookies=_no_cookies(),
            )
        except (OSError, ValueError) as error:
            raise ValueError(f"{ca or proxy or 'the HTTP client'}: {error}") from error

    async def __aenter__(self) -> Self:
        """Be ready."""
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        """Close the connections."""
        await self._http.__aexit__(*error)

    def now(self) -> int:
        """µs since the client was made."""
        return self._clock.now()

    async def send(
        self,
        request: Request,
        *,
        chunks: int | None = None,
        resets: bool = False,
        seconds: float | None = None,
    ) -> Answer:
        """Send a request, and read its answer: all of it, or so many chunks of it, and then leave.

        With `resets` leaving breaks the connection off. Never raises for what the peer does.
        """
        exchange = _Exchange(next(self._numbers), self._clock, self._put)
        self.requests += 1
        allowed = self._limits.seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(allowed), self._opened(request, exchange) as response:
                await self._read(response, exchange, chunks, resets=resets)
        except TimeoutError:
            exchange.leave(f"the answer was not over within {allowed:g} s", Ending.LIMIT)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            exchange.breaks(error)
        except asyncio.CancelledError:
            exchange.leave("the probe was stopped", Ending.LEFT)
            raise
        return exchange.answer

    @asynccontextmanager
    async def _opened(self, request: Request, exchange: "_Exchange") -> AsyncIterator[httpx.Response]:
        sent = httpx.Request(
            request.method,
            request.url,
            headers=list(request.headers),
            content=request.body,
            extensions={"trace": exchange.trace, "timeout": {}},
        )
        exchange.request = sent
        response = await self._http.send(sent, stream=True)
        try:
            exchange.hear_head(response)
            yield response
        finally:
            await response.aclose()

    async def _read(
        self, response: httpx.Response, exchange: "_Exchange", chunks: int | None, *, resets: bool
    ) -> None:
        size = 0
        pieces = response.aiter_raw()
        while chunks is None or len(exchange.answer.chunks) < chunks:
            piece = await anext(pieces, None)
            if piece is None:
                exchange.end()
                return
            if not piece:
                continue
            exchange.hear(piece)
            size += len(piece)
            if size > self._limits.size:
                exchange.leave(f"the answer is longer than {self._limits.size:,} bytes", Ending.LIMIT)
                return
        resets = resets and break_off(response)
        exchange.leave("enough was read", Ending.LEFT, Manner.RESET if resets else Manner.CLOSED)


class _Exchange:
    """One exchange on its way: turns what happens into events."""

    def __init__(self, number: int, clock: Clock, put: Callable[[Event], None]) -> None:
        self.answer = Answer(number)
        self.request: httpx.Request | None = None
        self._wire = Wire(number, clock, put)
        self._is_begun = self._is_sent = False

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """What httpcore does (its `trace` extension)."""
        if name in _SENDS_HEAD:
            self._begin(_SENDS_HEAD[name], tuple(info["request"].headers))
        elif name in _SENT:
            self._sent()

    def _begin(self, version: bytes, fields: Headers) -> None:
        request = self.request
        if self._is_begun or request is None:
            return
        self._is_begun = True
        url = request.url
        if version == HTTP2:
            fields = _as_in_http2(fields)
        where = url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)
        self._wire.request(request.method.encode(), where, url.raw_path, fields, version)

    def _sent(self) -> None:
        if self._is_sent or self.request is None:
            return
        self._is_sent = True
        if self.request.content:
            self._wire.chunk(Message.REQUEST, self.request.content)
        self._wire.end(Message.REQUEST)

    def hear_head(self, response: httpx.Response) -> None:
        """The head of the answer."""
        self._sent()
        self.answer.head = self._wire.response(response)

    def hear(self, piece: bytes) -> None:
        """A piece of the answer's body."""
        self.answer.chunks.append(self._wire.chunk(Message.RESPONSE, piece))

    def end(self) -> None:
        """The answer is complete."""
        self.answer.ending = Ending.COMPLETE
        self._wire.end(Message.RESPONSE)

    def leave(self, why: str, ending: Ending, manner: Manner = Manner.CLOSED) -> None:
        """The probe goes before the answer's end."""
        if self._wire.is_over:
            return
        if self.answer.head is None and ending is Ending.LIMIT:
            ending = Ending.NONE
        self._abort(Breaker.CLIENT, manner, why)
        self.answer.ending, self.answer.why = ending, why

    def breaks(self, error: Exception) -> None:
        """The peer, or the way to it, broke off."""
        if self._wire.is_over:
            return
        why = str(error) or type(error).__name__
        self._abort(Breaker.SERVER, manner_of(error), why)
        self.answer.why = why
        self.answer.ending = Ending.BROKEN if self.answer.head else Ending.NONE

    def _abort(self, by: Breaker, manner: Manner, why: str) -> None:
        if not self._is_begun:
            self._begin(b"HTTP/1.1", tuple(self.request.headers.raw) if self.request else ())
        self._wire.abort(by, manner, why)


def _as_in_http2(fields: Headers) -> Headers:
    """Names in small letters, and `:authority` for Host (RFC 9113 §8.2.1, §8.3.1)."""
    names = {b"host": b":authority"}
    dropped = (b"transfer-encoding", b"connection")
    lower = ((name.lower(), value) for name, value in fields)
    return tuple((names.get(name, name), value) for name, value in lower if name not in dropped)


def _no_cookies() -> http.cookiejar.CookieJar:
    """A jar that keeps nothing."""
    return http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
