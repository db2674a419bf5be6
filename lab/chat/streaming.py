"""Start a stream, and save what it said."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lab.chat.composer import estimate
from lab.chat.live import LiveStream
from lab.chat.service import Service
from lab.web import MOST, read_json, required_text


class EventStream(StreamingResponse):
    """Frames as they come; `left` is called when the answer is over, whoever ended it."""

    def __init__(
        self, frames: AsyncIterator[bytes], fields: Sequence[tuple[str, str]], left: Callable[[], None]
    ) -> None:
        super().__init__(frames)
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


class Streaming:
    """`POST …/stream` and `POST …/update-stream`."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Method and path of each."""
        return [
            Route("/api/chat/sessions/{session}/stream", self.stream, methods=["POST"]),
            Route("/api/chat/sessions/{session}/update-stream", self.update, methods=["POST"]),
        ]

    async def stream(self, request: Request) -> Response:
        """Reserve, store the ID, then answer event by event."""
        service = self._service
        caller = service.tokens.caller(request)
        session = service.own_session(request, caller)
        body = await read_json(request)
        message, model = required_text(body, "message"), service.model(body, session.model)
        streaming_id = service.conduct.new_streaming_id()
        await service.credits.reserve(
            caller.token, streaming_id, model.id, estimate(message, service.settings)
        )
        service.store.add_message(session.id, "user", message)
        await service.conduct.keep_streaming_id(service.store, session, streaming_id)
        settle = partial(service.credits.settle, caller.token, streaming_id)
        live = LiveStream(session.id, message, service.settings, service.conduct, settle)
        service.run(live)
        frames, fields = service.conduct.body(live.follow()), service.conduct.stream_headers(streaming_id)
        return EventStream(frames, fields, live.leave)

    async def update(self, request: Request) -> Response:
        """Let a complete answer in where it comes with the stream's own ID."""
        service = self._service
        caller = service.tokens.caller(request)
        session = service.own_session(request, caller)
        body = await read_json(request)
        received, expected = (
            body.get("streamingSessionId"),
            service.conduct.expected(service.store, session),
        )
        accepted = service.conduct.accepts(expected, received)
        service.updates.add(session.id, caller.username, received, expected, accepted)
        if not accepted:
            return service.conduct.refusal(expected, received)
        answer, tokens = body.get("completeResponse"), body.get("tokensUsed", 0)
        if not isinstance(answer, str):
            raise HTTPException(400, "completeResponse is required")
        if isinstance(tokens, bool) or not isinstance(tokens, int | float) or not 0 <= tokens <= MOST:
            raise HTTPException(400, "tokensUsed must be a number")
        service.store.add_message(session.id, "assistant", answer)
        return JSONResponse(
            {"message": "Chat session updated", "sessionId": session.id, "tokensUsed": tokens}
        )
