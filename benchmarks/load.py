"""A service and its clients in one event loop, as cheap as they can be: bytes made beforehand.

They speak just enough HTTP/1.1 for their own messages through a proxy: requests with a
`Content-Length`, answers with one or in chunks.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"

type Answer = Callable[[asyncio.Transport], None]
"""Called for every request that is complete; writes the answer, or keeps the transport for later."""


class _Messages(asyncio.Protocol):
    """One connection; counts a message as complete by its `Content-Length` or its last chunk."""

    def __init__(self) -> None:
        self._head = b""
        self._missing = -1
        self._tail = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._missing < 0 and not self._tail:
            data = self._head_received(data)
        if self._tail:
            self._tail = (self._tail + data)[-len(_LAST_CHUNK) :]
            if self._tail == _LAST_CHUNK:
                self._over()
        elif self._missing >= 0:
            self._missing -= len(data)
            if self._missing <= 0:
                self._over()

    def _head_received(self, data: bytes) -> bytes:
        """Take the head; gives what follows it."""
        self._head += data
        head, found, rest = self._head.partition(b"\r\n\r\n")
        if not found:
            return b""
        length = _LENGTH.search(head)
        if length is None:
            self._tail = b"\n"
        else:
            self._missing = int(length[1])
        return rest

    def _over(self) -> None:
        self._head, self._missing, self._tail = b"", -1, b""
        self.complete()

    def complete(self) -> None:
        """A message is complete."""
        raise NotImplementedError


class _Served(_Messages):
    def __init__(self, answer: Answer, served: set[asyncio.Transport]) -> None:
        super().__init__()
        self._answer = answer
        self._served = served

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._served.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._served.discard(self.transport)

    def complete(self) -> None:
        self._answer(self.transport)


class _Client(_Messages):
    """Sends the next of `requests` as soon as the answer to the one before is complete."""

    def __init__(self, requests: Iterator[bytes], left: Callable[[], None]) -> None:
        super().__init__()
        self._requests = requests
        self._left = left

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.complete()

    def complete(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.transport.close()
        else:
            self.transport.write(request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()


@asynccontextmanager
async def service(answer: Answer, port: int) -> AsyncIterator[None]:
    """Serve `answer` on a loopback port inside the block."""
    served: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Served(answer, served), "127.0.0.1", port, backlog=1024
    )
    try:
        yield
    finally:
        server.close()
        for transport in served:
            transport.abort()


async def ask(port: int, requests: list[bytes], connections: int, pause: float = 0.0) -> float:
    """Send all `requests` over as many connections, each kept alive; gives the seconds it took.

    A new connection is opened every `pause` seconds.
    """
    loop = asyncio.get_running_loop()
    waiting, gone, over = iter(requests), 0, asyncio.Event()

    def left() -> None:
        nonlocal gone
        gone += 1
        if gone == connections:
            over.set()

    begun = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Client(waiting, left), "127.0.0.1", port)
        if pause:
            await asyncio.sleep(pause)
    await over.wait()
    spent = time.perf_counter() - begun
    if next(waiting, None) is not None:
        raise ConnectionError("the proxy closed the connections before the load was over")
    return spent
