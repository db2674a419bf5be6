"""One request and its answer on the wire: what leaves, what comes, what it issues, and when to leave it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import httpx

from contract.events import Breaker, Manner, Message
from contract.headers import content_coding, media_type
from contract.sse import SseParser
from recordings.decoding import decoder_for
from replay.recorded import Recorded
from replay.resending.comparing import EVENT_STREAM
from replay.resending.issuing import Key, Spot, read
from replay.resending.leaving import Leave, leave_of
from replay.resending.substituting import Sendable
from replay.wire import Wire, manner_of

INTERRUPTED = "resend was interrupted"


class Upload(httpx.AsyncByteStream):
    """A request's body in its recorded pieces and pace; notes what leaves."""

    def __init__(self, recorded: Recorded, sendable: Sendable, wire: Wire, speed: float | None) -> None:
        self._start, self._pieces = recorded.request.at, sendable.pieces
        self._wire, self._speed = wire, speed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for piece in self._pieces:
            if self._speed is not None:
                due = began + max(piece.at - self._start, 0) / self._speed / 1_000_000
                await asyncio.sleep(max(due - loop.time(), 0))
            if piece.data:
                self._wire.chunk(Message.REQUEST, piece.data)
            yield piece.data
        self._wire.end(Message.REQUEST)


class Receiver:
    """Takes an answer in: notes its events, finds what it issues, and tells when the client had left."""

    def __init__(
        self,
        wire: Wire,
        recorded: Recorded,
        wanted: Sequence[Spot],
        know: Callable[[Spot, str], None],
        values: dict[Key, str],
    ) -> None:
        self.wire = wire
        self.leave: Leave | None = leave_of(recorded)
        self._wanted, self._know, self._values = list(wanted), know, values
        self._events, self._size = 0, 0
        self._parser: SseParser | None = None
        self._decode: Callable[[bytes], bytes] = bytes

    def head(self, response: httpx.Response) -> None:
        """The head of the answer is there."""
        headers = self.wire.response(response).headers
        if media_type(headers) == EVENT_STREAM:
            coding = content_coding(headers)
            decoder = decoder_for(coding) if coding else None
            if not coding or decoder is not None:
                self._parser = SseParser()
                self._decode = decoder.feed if decoder is not None else bytes
        self._look()

    def data(self, data: bytes) -> bool:
        """Some of its body is there; whether the client had left by now."""
        if data:
            self.wire.chunk(Message.RESPONSE, data)
        self._size += len(data)
        if self._parser is not None:
            try:
                events = self._parser.feed(self._decode(data))
            except ValueError:
                self._parser, events = None, []
            self._events += len(events)
            kinds = {spot.place.name.partition(":")[0] for spot in self._wanted}
            if any(event.event in kinds or event.id for event in events):
                self._look()
        return self.leave is not None and self.leave.is_due(self._events, self._size)

    def end(self) -> None:
        """It is over, complete or not."""
        self._look()

    def _look(self) -> None:
        """Find what the answer issues, as far as it is there."""
        if not self._wanted:
            return
        found = read(self.wire.recorded(), self._wanted)
        for spot in self._wanted:
            if spot.key in found:
                self._values[spot.key] = found[spot.key]
                self._know(spot, found[spot.key])
        self._wanted = [spot for spot in self._wanted if spot.key not in found]


async def exchanged(
    client: httpx.AsyncClient, request: httpx.Request, receiver: Receiver, speed: float | None
) -> None:
    """Send one request and take its answer in, to its end or to where the recorded client left."""
    wire, leave = receiver.wire, receiver.leave
    seconds = leave.after / (speed or 1.0) / 1_000_000 if leave is not None and leave.by_time else None
    try:
        async with asyncio.timeout(seconds):
            await _received(client, request, receiver)
    except TimeoutError:
        wire.abort(Breaker.CLIENT, Manner.CLOSED, "the client leaves, as it did in the recording")
    except httpx.TimeoutException:
        wire.abort(Breaker.CLIENT, Manner.CLOSED, "given up: nothing came for too long")
    except httpx.ConnectError as error:
        wire.abort(Breaker.SERVER, Manner.UNREACHABLE, str(error) or "no connection can be made")
    except (httpx.LocalProtocolError, httpx.ProxyError, httpx.InvalidURL, ValueError) as error:
        wire.abort(Breaker.CLIENT, Manner.REFUSED, f"it cannot be sent: {error}")
    except httpx.HTTPError as error:
        wire.abort(Breaker.SERVER, manner_of(error), str(error) or type(error).__name__)
    except asyncio.CancelledError:
        wire.abort(Breaker.CLIENT, Manner.SHUTDOWN, INTERRUPTED)
        raise
    receiver.end()


async def _received(client: httpx.AsyncClient, request: httpx.Request, receiver: Receiver) -> None:
    response = await client.send(request, stream=True)
    try:
        receiver.head(response)
        async for data in response.aiter_raw():
            if receiver.data(data):
                reason = "the client leaves, as it did in the recording"
                receiver.wire.abort(Breaker.CLIENT, Manner.CLOSED, reason)
                return
        receiver.wire.end(Message.RESPONSE)
    finally:
        await response.aclose()
