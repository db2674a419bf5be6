"""The hop's side towards the service: one connection, reused as long as the service keeps it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from lab.hop.message import Fields, Head, Request

AT_ONCE = 65536
LARGEST_HEAD = 256 * 1024


class UpstreamError(Exception):
    """The upstream cannot be reached, broke off, or does not speak HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the upstream is."""

    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Of `http://HOST[:PORT]`; raises `ValueError` with one line that says what is wrong."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError(f"{url!r} is no URL: {error}") from error
        if parts.scheme != "http" or not host:
            raise ValueError(f"{url!r} is not of the form http://HOST:PORT")
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"{url!r} has more than a host and a port; paths pass a hop as they are")
        return cls(host, port or 80)


@dataclass(slots=True)
class Upstream:
    """One connection to the service, for one client's connection."""

    address: Address
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter | None = None
    state: h11.Connection = field(init=False)

    async def send_head(self, request: Request) -> None:
        """Begin an exchange; connects where no connection is left from the one before."""
        await self._ensure()
        try:
            event = h11.Request(method=request.method, target=request.target, headers=list(request.fields))
            self.state.send(event)  # for the state alone: h11 would move Host to the front
        except h11.LocalProtocolError as error:
            raise UpstreamError(f"the hop cannot pass this request on: {error}") from error
        await self._write(request.encode())

    async def send_body(self, data: bytes) -> None:
        """A piece of the request's body."""
        await self._write(self.state.send(h11.Data(data=data)))

    async def send_end(self, trailers: Fields) -> None:
        """The request is complete."""
        await self._write(self.state.send(h11.EndOfMessage(headers=list(trailers))))

    async def heads(self, request: Request) -> AsyncIterator[Head]:
        """The heads of the answer: informational ones as they come, and the final one at last."""
        while True:
            event = await self._event()
            if not isinstance(event, h11.InformationalResponse | h11.Response):
                raise UpstreamError("the upstream closed the connection without an answer")
            fields = tuple(event.headers.raw_items())
            yield Head.of(request, event.status_code, event.reason, fields)
            if isinstance(event, h11.Response):
                return

    async def body(self, idle: float | None) -> AsyncIterator[bytes | Fields]:
        """The answer's body as it comes, and its trailers at last; `TimeoutError` after `idle` seconds."""
        while True:
            async with asyncio.timeout(idle):
                event = await self._event()
            if isinstance(event, h11.EndOfMessage):
                yield tuple(event.headers.raw_items())
                return
            if not isinstance(event, h11.Data):
                raise UpstreamError("the upstream broke the answer off")
            yield bytes(event.data)

    def finish(self) -> None:
        """The exchange is over: keep the connection for the next one if both sides may."""
        if self.state.our_state is h11.DONE and self.state.their_state is h11.DONE:
            self.state.start_next_cycle()
        else:
            self.close()

    def close(self) -> None:
        """Close the connection at once; what the upstream still sends is refused."""
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None

    async def _ensure(self) -> None:
        if self.writer is not None and not self.reader.at_eof():
            return
        self.close()
        try:
            self.reader, self.writer = await asyncio.open_connection(self.address.host, self.address.port)
        except OSError as error:
            raise UpstreamError(f"the hop cannot reach the upstream: {error}") from error
        self.state = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)

    async def _write(self, data: bytes | None) -> None:
        if self.writer is None or not data:
            return
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError as error:
            raise UpstreamError(f"the upstream closed the connection: {error}") from error

    async def _event(self) -> object:
        try:
            while (event := self.state.next_event()) is h11.NEED_DATA:
                self.state.receive_data(await self.reader.read(AT_ONCE))
        except h11.RemoteProtocolError as error:
            raise UpstreamError(f"the upstream broke off: {error}") from error
        except OSError as error:
            raise UpstreamError(f"the upstream broke off: {error}") from error
        return event
