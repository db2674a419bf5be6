"""Many exchanges over few connections: a service and clients that cost little, and compare every byte.

All of it runs on one event loop, so that what a client measures is the proxy and not threads of its own.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable

type Answer = Callable[[bytes, bytes], bytes]
"""The whole answer, framed by Content-Length, to a request's head and body."""

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """Answers one request after the other."""

    def __init__(self, answer: Answer, transports: list[asyncio.Transport]) -> None:
        self._answer = answer
        self._transports = transports
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while True:
            head, end, rest = self._waiting.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not end or len(rest) < size:
                return
            self._waiting = rest[size:]
            self._transport.write(self._answer(head, rest[:size]))


@contextlib.asynccontextmanager
async def service(answer: Answer) -> AsyncIterator[int]:
    """A service on a free loopback port, which is given."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.Transport] = []
    server = await loop.create_server(lambda: _Connection(answer, transports), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for transport in transports:
            transport.abort()


class Client:
    """One connection that is kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def exchange(self, request: bytes, expected: bytes) -> float:
        """Send `request`, read the answer, which must be `expected` to the byte; the seconds it took."""
        begin = time.perf_counter()
        self.writer.write(request)
        answer = await asyncio.wait_for(self.reader.readexactly(len(expected)), 30)
        took = time.perf_counter() - begin
        assert answer == expected
        return took


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    """A client of the loopback port."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def request(target: str, body: bytes, media_type: str = "application/json", fields: str = "") -> bytes:
    """A POST of `body`, with further header `fields` (each with its line end)."""
    head = f"POST {target} HTTP/1.1\r\nHost: test\r\nContent-Type: {media_type}\r\n{fields}"
    return head.encode() + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def response(body: bytes, media_type: str = "application/json", *fields: str) -> bytes:
    """A 200 with `body`, and further header `fields`."""
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {media_type}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
