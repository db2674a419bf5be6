"""Many event streams at once through a proxy, with each client's own log of what it got and when."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class ClientLog:
    """What one client read: (seconds on the monotonic clock, bytes of the body so far)."""

    body: bytes = b""
    times: list[tuple[float, int]] = field(default_factory=list)
    ended: bool = False

    def until(self, when: float) -> bytes:
        """The body as far as it had arrived at `when`."""
        return self.body[: max((size for at, size in self.times if at <= when), default=0)]


class EventService:
    """An HTTP/1.1 service: every answer is `event(n)` for `count` numbers, one each `interval` seconds."""

    def __init__(self, event: Callable[[int], bytes], interval: float, count: int) -> None:
        self.event, self.interval, self.count = event, interval, count
        self._writers: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Listen on a free loopback port, which is given."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]
            for writer in self._writers:
                writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD)
            for number in range(self.count):
                data = self.event(number)
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                await writer.drain()
                await asyncio.sleep(self.interval)  # also without one: what the client sent has to be read
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        self._writers.discard(writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def read_stream(port: int, path: str, log: ClientLog) -> None:
    """Request `path` and log the body, chunk by chunk, until it ends or the connection does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        writer.write(b"GET %s HTTP/1.1\r\nHost: test\r\n\r\n" % path.encode())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            while size := int(await reader.readuntil(b"\r\n"), 16):
                log.body += (await reader.readexactly(size + 2))[:-2]
                log.times.append((time.monotonic(), len(log.body)))
            log.ended = True
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
