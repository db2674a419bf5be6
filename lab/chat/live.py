"""Streams while they run: written once, read by the client and by any number of observers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from lab.chat.composer import ModelError, stream_answer
from lab.chat.conduct import Conduct
from lab.settings import Settings

LOG = logging.getLogger(__name__)

type Settle = Callable[[int, bool], Awaitable[None]]
"""Told the tokens used, and whether the model did not fail, when a stream is over."""


class LiveStream:
    """One answer on its way: frames so far, and a signal for each new one.

    It belongs to its client: when the client leaves, it stops, is settled, and observers see it end.
    """

    def __init__(
        self, session: str, message: str, settings: Settings, conduct: Conduct, settle: Settle
    ) -> None:
        self.session = session
        self.frames: list[bytes] = []
        self.over = False
        self._message, self._settings, self._conduct, self._settle = message, settings, conduct, settle
        self._news = asyncio.Event()
        self._left = False
        self._why = ""  # the answer ended before its end
        self._task: asyncio.Task[None] | None = None

    def start(self, then: Callable[["LiveStream"], None]) -> asyncio.Task[None]:
        """Begin to answer; `then` is called when it is over."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: then(self))
        return self._task

    async def follow(self, start: int = 0) -> AsyncIterator[bytes]:
        """The frames from `start` on, as they come, until the stream is over."""
        while True:
            news = self._news
            while start < len(self.frames):
                yield self.frames[start]
                start += 1
            if self.over:
                return
            if news is self._news:
                await news.wait()

    def give_up(self, because: str) -> None:
        """End the answer with an error that says why, for a client that is still there."""
        self._why = because

    def leave(self) -> None:
        """The client is gone; what it did not wait for is not made."""
        self._left = True

    async def _run(self) -> None:
        tokens, has_failed = 0, False
        answer = stream_answer(self._message, self._settings)
        try:
            async for piece in answer:
                if self._left or self._why:
                    break
                tokens += 1
                self._add(self._conduct.frame("chunk", {"text": piece}))
        except ModelError as error:
            has_failed, self._why = True, str(error)
        finally:
            await self._settle_safely(tokens, not has_failed)
            if self._why:
                self.frames.append(self._conduct.frame("error", {"error": self._why}))
            elif not self._left:
                self.frames.append(self._conduct.last_frame(tokens))
            self.over = True
            self._signal()

    async def _settle_safely(self, tokens: int, success: bool) -> None:
        try:
            await self._settle(tokens, success)
        except Exception as error:
            LOG.warning("could not settle the stream in session %s: %s", self.session, error)

    def _add(self, frame: bytes) -> None:
        self.frames.append(frame)
        self._signal()

    def _signal(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
