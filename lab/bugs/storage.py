"""Bugs in how the chat service stores streaming session IDs."""

import asyncio
import time
from contextvars import ContextVar
from itertools import cycle

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.bugs.values import number, whole
from lab.chat.conduct import Conduct
from lab.chat.store import Session, Store

HOUR_MS = 3_600_000
DAY = 86_400
MOST_REPLICAS = 64

REPLICA: ContextVar[str] = ContextVar("replica")
"""Which replica serves the request at hand."""


def race(value: str) -> type[Conduct]:
    """The ID is stored so many milliseconds after the answer began."""
    delay = number(value, HOUR_MS) / 1000

    class Race(Conduct):
        def __init__(self) -> None:
            super().__init__()
            self._tasks: set[asyncio.Task[None]] = set()

        async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
            keep = super().keep_streaming_id

            async def later() -> None:
                await asyncio.sleep(delay)
                await keep(store, session, streaming_id)

            task = asyncio.create_task(later())
            self._tasks.add(task)  # the event loop itself holds tasks only weakly
            task.add_done_callback(self._tasks.discard)

    return Race


class NotStored(Conduct):
    """The ID is sent and forgotten."""

    async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
        """Do nothing."""


class StrictCompare(Conduct):
    """The ID is stored in capitals, and updates are still compared to the byte."""

    async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
        """Store what nobody was told."""
        await super().keep_streaming_id(store, session, streaming_id.upper())


def expire(value: str) -> type[Conduct]:
    """The stored ID is gone after so many seconds."""
    seconds = number(value, DAY)

    class Expire(Conduct):
        def __init__(self) -> None:
            super().__init__()
            self._until: dict[str, float] = {}

        async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
            await super().keep_streaming_id(store, session, streaming_id)
            self._until[self.slot(session)] = time.monotonic() + seconds

        def expected(self, store: Store, session: Session) -> str | None:
            over = time.monotonic() >= self._until.get(self.slot(session), 0.0)
            return None if over else super().expected(store, session)

    return Expire


class InMemory(Conduct):
    """IDs are kept in this process, by slot: the database has no place for other slots than sessions."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, str] = {}

    async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
        """Remember the ID."""
        self._kept[self.slot(session)] = streaming_id

    def expected(self, store: Store, session: Session) -> str | None:
        """The ID that was remembered last."""
        return self._kept.get(self.slot(session))


class Overwrite(InMemory):
    """There is one slot per user: a stream in another chat takes the first one's place."""

    def slot(self, session: Session) -> str:
        """The user."""
        return session.user


def no_affinity(value: str) -> type[Conduct]:
    """Requests go to so many replicas in turn, and each stores IDs for itself."""
    replicas = whole(value, 2, MOST_REPLICAS)

    class NoAffinity(InMemory):
        def slot(self, session: Session) -> str:
            return f"{REPLICA.get()} {super().slot(session)}"

        def serve(self, app: ASGIApp) -> ASGIApp:
            return RoundRobin(super().serve(app), replicas)

    return NoAffinity


class RoundRobin:
    """A balancer without affinity: each request below `/api/chat/` goes to the next replica.

    Preflights do not count: with two replicas, a browser's two requests per call would otherwise
    always end on the same one.
    """

    def __init__(self, app: ASGIApp, replicas: int) -> None:
        self._app = app
        self._names = cycle([f"chat-{number}" for number in range(1, replicas + 1)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/chat/"):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        replica = next(self._names)
        REPLICA.set(replica)  # each request has a task, and with it a context, of its own

        async def send_signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"X-Served-By", replica.encode("ascii"))]
            await send(message)

        await self._app(scope, receive, send_signed)
