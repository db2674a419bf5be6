"""What the routes of the chat service share: who asks, which session, which model, what runs."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from lab.catalogue import Model, find_model
from lab.chat.conduct import Conduct
from lab.chat.credits import Credits
from lab.chat.live import LiveStream
from lab.chat.store import Session, Store
from lab.chat.updatelog import UpdateLog
from lab.settings import Settings
from lab.tokens import Caller, Tokens


@dataclass(slots=True)
class Service:
    """The chat service's parts; `running` has the newest stream of each session."""

    settings: Settings
    tokens: Tokens
    store: Store
    credits: Credits
    conduct: Conduct
    updates: UpdateLog
    running: dict[str, LiveStream] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def own_session(self, request: Request, caller: Caller) -> Session:
        """The session that the path names; 404 unless it is the caller's."""
        session = self.store.find(request.path_params["session"], caller.id)
        if session is None:
            raise HTTPException(404, "Chat session not found")
        return session

    def model(self, body: dict[str, Any], default: str) -> Model:
        """The model that a body names; 400 where there is none such to be had."""
        model = find_model(body.get("modelId") or default)
        if model is None:
            raise HTTPException(400, f"Unknown model {body.get('modelId')}")
        if not model.available:
            raise HTTPException(400, f"Model {model.id} is not available")
        return model

    def run(self, stream: LiveStream) -> None:
        """Start a stream and know it while it runs."""
        self.running[stream.session] = stream
        task = stream.start(self._over)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _over(self, stream: LiveStream) -> None:
        if self.running.get(stream.session) is stream:
            del self.running[stream.session]

    async def close(self) -> None:
        """End what still runs, then close files and connections."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.credits.close()
        self.store.close()
        self.updates.close()
