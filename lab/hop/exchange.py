"""A client's connection through the hop: exchange after exchange, each with the faults applied."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from lab.hop.downstream import ClientGoneError, Downstream, Sending
from lab.hop.fault import Answer, CutOffError, Fault, Stage
from lab.hop.message import Fields, Head, Request, without
from lab.hop.upstream import Upstream, UpstreamError

Body = AsyncIterator[bytes | Fields]


@dataclass(slots=True)
class Passage:
    """All exchanges of one client's connection."""

    client: Downstream
    upstream: Upstream
    faults: Sequence[Fault]

    async def run(self) -> None:
        """Serve until one side is gone; both connections are closed then."""
        try:
            while await self._exchange():
                pass
        except (ClientGoneError, UpstreamError, CutOffError, TimeoutError):
            pass  # whatever was under way is broken off, which the closing tells the client
        finally:
            self.upstream.close()
            self.client.writer.close()

    async def _exchange(self) -> bool:
        """One request and its answer; whether another may follow."""
        request = await self.client.request()
        if answer := self._own(request):
            while isinstance(await self.client.body(), bytes):
                pass
            return await self._deliver(request, answer.head, _pieces(answer.body))
        if request.is_update and any(fault.update for fault in self.faults):
            request, body = await self._edited(request)
        else:
            body = None
        try:
            await self.upstream.send_head(request)
        except UpstreamError as error:
            return await self._unreachable(request, str(error))
        return await self._both_ways(request, body)

    def _own(self, request: Request) -> Answer | None:
        for fault in self.faults:
            if fault.answer and (answer := fault.answer(request)):
                return answer
        return None

    async def _edited(self, request: Request) -> tuple[Request, bytes]:
        """An update whose body the faults rewrote, with the length that it then has."""
        parts = bytearray()
        while isinstance(piece := await self.client.body(), bytes):
            parts += piece
        body = bytes(parts)
        for fault in self.faults:
            body = fault.update(body) if fault.update else body
        fields = without(request.fields, lambda name: name in (b"content-length", b"transfer-encoding"))
        return replace(request, fields=(*fields, (b"Content-Length", b"%d" % len(body)))), body

    async def _unreachable(self, request: Request, text: str) -> bool:
        body = f"{text}\n".encode()
        fields = ((b"Content-Type", b"text/plain"), (b"Content-Length", b"%d" % len(body)))
        await self._deliver(
            request, Head(502, b"Bad Gateway", (*fields, (b"Connection", b"close"))), _pieces(body)
        )
        return False

    async def _both_ways(self, request: Request, body: bytes | None) -> bool:
        """Pass the request on and the answer back, at the same time: either may end first."""
        there = asyncio.create_task(self._pass_on(body))
        back = asyncio.create_task(self._pass_back(request))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if back.done():
                return await back and self.client.is_complete
            await there
            raise ClientGoneError("the client closed before its answer was complete")
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _pass_on(self, body: bytes | None) -> None:
        """The request's body; then return only when the client is gone."""
        try:
            if body is not None:
                await self.upstream.send_body(body)
                await self.upstream.send_end(())
            else:
                while isinstance(piece := await self.client.body(), bytes):
                    await self.upstream.send_body(piece)
                await self.upstream.send_end(piece)
        except UpstreamError:
            pass  # it may have answered before it had read everything; what it said comes back
        await self.client.gone()

    async def _pass_back(self, request: Request) -> bool:
        head = None
        async for head in self.upstream.heads(request):
            if head.status < 200:
                await self.client.write(head.encode())
        assert head is not None
        idle = min((fault.idle for fault in self.faults if fault.idle), default=None)
        stays = await self._deliver(request, head, self.upstream.body(idle))
        self.upstream.finish()
        return stays

    async def _deliver(self, request: Request, head: Head, body: Body) -> bool:
        """An answer through all faults; whether the client's connection may stay."""
        stages: list[Stage] = []
        for fault in self.faults:
            if fault.body and (stage := fault.body(request, head)):
                stages.append(stage)
            head = fault.head(request, head) if fault.head else head
        head = head.readable_by(request)
        sending = Sending(self.client, head)
        if not any(fault.holds for fault in self.faults):
            await sending.start()
        async for piece in body:
            if isinstance(piece, bytes):
                await _feed(sending, stages, piece)
            else:
                await sending.data(_flushed(stages))
                await sending.end(piece)
        return request.may_stay and head.may_stay


async def _feed(sending: Sending, stages: Sequence[Stage], content: bytes) -> None:
    """A piece through all stages; where one cuts, what it still lets pass goes out first."""
    for number, stage in enumerate(stages):
        try:
            content = stage.feed(content)
        except CutOffError as cut:
            await _feed(sending, stages[number + 1 :], cut.rest)
            raise
    await sending.data(content)


def _flushed(stages: Sequence[Stage]) -> bytes:
    """What the stages still hold at the end, each through those behind it."""
    content = b""
    for stage in stages:
        content = (stage.feed(content) if content else b"") + stage.end()
    return content


async def _pieces(body: bytes) -> Body:
    if body:
        yield body
    yield ()
