"""The hop's side towards the client: requests as they come, answers in the framing they have."""

import asyncio
from dataclasses import dataclass, field

import h11

from lab.hop.message import Fields, Framing, Head, Request, encoded
from lab.hop.upstream import AT_ONCE, LARGEST_HEAD

MOST_AHEAD = 1 << 20
"""Bytes of further requests that are read while an answer is under way."""


class ClientGoneError(Exception):
    """The client closed its connection, or sent what is no HTTP/1.1."""


@dataclass(slots=True)
class Downstream:
    """One client's connection. h11 only reads here, one connection's state for each request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection = field(init=False)
    ahead: int = 0

    def __post_init__(self) -> None:
        self.state = _fresh()

    async def request(self) -> Request:
        """The next request's head."""
        left, _ = self.state.trailing_data
        self.state, self.ahead = _fresh(), 0
        if left:
            self.state.receive_data(left)
        event = await self._event()
        if not isinstance(event, h11.Request):
            raise ClientGoneError("the client closed its connection")
        fields = tuple(event.headers.raw_items())
        return Request(event.method, event.target, event.http_version, fields)

    async def body(self) -> bytes | Fields:
        """The next piece of the request's body, or its trailers where it is complete."""
        event = await self._event()
        if isinstance(event, h11.EndOfMessage):
            return tuple(event.headers.raw_items())
        if not isinstance(event, h11.Data):
            raise ClientGoneError("the client broke its request off")
        return bytes(event.data)

    async def gone(self) -> None:
        """Return when the client closes; what it sends before that is the next request."""
        while self.ahead < MOST_AHEAD:
            data = await self._read()
            if not data:
                return
            self.state.receive_data(data)
            self.ahead += len(data)
        await asyncio.Event().wait()  # a client that sends so much ahead is there

    @property
    def is_complete(self) -> bool:
        """Whether all of the request was read."""
        return self.state.their_state in (h11.DONE, h11.MUST_CLOSE)

    async def write(self, data: bytes) -> None:
        """Send bytes at once."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError as error:
            raise ClientGoneError(f"the client is gone: {error}") from error

    async def _event(self) -> object:
        try:
            while (event := self.state.next_event()) is h11.NEED_DATA:
                self.state.receive_data(await self._read())
        except h11.RemoteProtocolError as error:
            raise ClientGoneError(f"the client does not speak HTTP/1.1: {error}") from error
        return event

    async def _read(self) -> bytes:
        try:
            return await self.reader.read(AT_ONCE)
        except OSError as error:
            raise ClientGoneError(f"the client is gone: {error}") from error


@dataclass(slots=True)
class Sending:
    """One answer on its way to the client; a held head goes with the first byte of the body."""

    client: Downstream
    head: Head
    started: bool = False

    async def start(self) -> None:
        """Send the head, unless it was."""
        if not self.started:
            self.started = True
            await self.client.write(self.head.encode())

    async def data(self, content: bytes) -> None:
        """Send a piece of the body at once."""
        if content:
            framed = b"%x\r\n%b\r\n" % (len(content), content) if self._is_chunked else content
            held = b"" if self.started else self.head.encode()
            self.started = True
            await self.client.write(held + framed)

    async def end(self, trailers: Fields) -> None:
        """The body is complete."""
        await self.start()
        if self._is_chunked:
            await self.client.write(encoded(b"0", trailers))

    @property
    def _is_chunked(self) -> bool:
        return self.head.framing is Framing.CHUNKED


def _fresh() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)
