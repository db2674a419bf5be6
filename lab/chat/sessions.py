"""Chat sessions: create, list, read, write without streaming, delete."""

from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.catalogue import DEFAULT_MODEL
from lab.chat.composer import count_tokens, estimate, whole_answer
from lab.chat.service import Service
from lab.chat.store import Session
from lab.web import read_json, required_text

PER_PAGE = 20
MOST_PER_PAGE = 100


class Sessions:
    """The routes below `/api/chat/sessions` that do not stream."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Method and path of each."""
        one = "/api/chat/sessions/{session}"
        return [
            Route("/api/chat/sessions", self.create, methods=["POST"]),
            Route("/api/chat/sessions", self.page),
            Route(one, self.read),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/messages", self.messages),
            Route(f"{one}/messages", self.say, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """`POST /api/chat/sessions`."""
        caller = self._service.tokens.caller(request)
        body = await read_json(request)
        model = self._service.model(body, DEFAULT_MODEL.id)
        title, source = str(body.get("title") or "New chat"), str(body.get("source") or "api")
        session = self._service.store.create(caller.id, title, model.id, source)
        first = body.get("initialMessage")
        if isinstance(first, str) and first:
            self._service.store.add_message(session.id, "user", first)
        return JSONResponse({"sessionId": session.id, "title": title, "createdAt": session.created}, 201)

    async def page(self, request: Request) -> Response:
        """`GET /api/chat/sessions?page=&limit=`."""
        caller = self._service.tokens.caller(request)
        return JSONResponse(session_page(self._service, caller.id, request))

    async def read(self, request: Request) -> Response:
        """`GET /api/chat/sessions/{id}`."""
        caller = self._service.tokens.caller(request)
        session = self._service.own_session(request, caller)
        return JSONResponse(whole_session(self._service, session))

    async def delete(self, request: Request) -> Response:
        """`DELETE /api/chat/sessions/{id}`; a stream that still runs in it stops."""
        caller = self._service.tokens.caller(request)
        session = self._service.own_session(request, caller)
        if running := self._service.running.get(session.id):
            running.give_up("The chat session was deleted")
        self._service.store.delete(session.id)
        return JSONResponse({"message": "Chat session deleted", "sessionId": session.id})

    async def messages(self, request: Request) -> Response:
        """`GET /api/chat/sessions/{id}/messages`."""
        caller = self._service.tokens.caller(request)
        session = self._service.own_session(request, caller)
        return JSONResponse({"messages": self._service.store.messages(session.id)})

    async def say(self, request: Request) -> Response:
        """`POST /api/chat/sessions/{id}/messages`: the answer at once, paid for like a stream."""
        service = self._service
        caller = service.tokens.caller(request)
        session = service.own_session(request, caller)
        body = await read_json(request)
        message, model = required_text(body, "message"), service.model(body, session.model)
        reservation = f"message-{uuid4()}"
        await service.credits.reserve(
            caller.token, reservation, model.id, estimate(message, service.settings)
        )
        answer = whole_answer(message, service.settings)
        tokens = count_tokens(answer)
        await service.credits.settle(caller.token, reservation, tokens, True)
        service.store.add_message(session.id, "user", message)
        said = service.store.add_message(session.id, "assistant", answer)
        reply = {"role": "assistant", "content": answer, "timestamp": said}
        return JSONResponse(
            {"sessionId": session.id, "message": reply, "modelId": model.id, "tokensUsed": tokens}
        )


def session_page(service: Service, user: str, request: Request) -> dict[str, Any]:
    """A page of somebody's sessions, and its place among all; 400 for a page or limit below 1."""
    page, limit = _number(request, "page", 1), min(_number(request, "limit", PER_PAGE), MOST_PER_PAGE)
    sessions, total = service.store.page(user, page, limit)
    pagination = {"total": total, "pages": -(-total // limit), "currentPage": page, "perPage": limit}
    return {"sessions": [session_summary(session) for session in sessions], "pagination": pagination}


def session_summary(session: Session) -> dict[str, Any]:
    """A session as lists show it."""
    return {
        "sessionId": session.id,
        "title": session.title,
        "modelId": session.model,
        "source": session.source,
        "createdAt": session.created,
        "updatedAt": session.updated,
    }


def whole_session(service: Service, session: Session) -> dict[str, Any]:
    """A session with its messages."""
    return {**session_summary(session), "messages": service.store.messages(session.id)}


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name) or str(default)
    if not (value.isascii() and value.isdecimal() and 0 < int(value[:12]) <= 10**9):
        raise HTTPException(400, f"{name} must be a whole number above 0")
    return int(value)
