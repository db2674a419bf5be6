"""Streams at a natural pace: an event each, at regular intervals, until all are sent."""

import asyncio

from benchmarks import messages

PHASES = 20
"""Streams are spread over the interval, so that their chunks do not come in heaps."""


class Paced:
    """The answers to `streams` requests: each gets all `chunks`, one every `interval` seconds."""

    def __init__(self, streams: int, chunks: list[bytes], interval: float) -> None:
        self._missing = streams
        self._chunks = chunks
        self._interval = interval
        self._issued = 0
        self._phases: list[list[_Stream]] = [[] for _ in range(PHASES)]

    def answer(self, transport: asyncio.Transport) -> None:
        """Begin one stream."""
        self._issued += 1
        transport.write(messages.stream_head(self._issued))
        self._phases[self._issued % PHASES].append(_Stream(transport))

    async def run(self) -> None:
        """Send everything; over when every stream is."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._missing:
            for phase, streams in enumerate(self._phases):
                self._phases[phase] = [stream for stream in streams if self._advance(stream)]
                due += self._interval / PHASES
                await asyncio.sleep(max(0.0, due - loop.time()))

    def _advance(self, stream: "_Stream") -> bool:
        """Send one more chunk; False after the last."""
        stream.transport.write(self._chunks[stream.sent])
        stream.sent += 1
        if stream.sent < len(self._chunks):
            return True
        stream.transport.write(messages.LAST_CHUNK)
        self._missing -= 1
        return False


class _Stream:
    __slots__ = ("sent", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.sent = 0
