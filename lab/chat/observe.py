"""Supervision: watch a stream while it runs, and read other users' sessions."""

from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.chat.live import LiveStream
from lab.chat.service import Service
from lab.chat.sessions import session_page, whole_session
from lab.chat.streaming import EventStream
from lab.users import USERS, find_user


class Supervision:
    """Routes for supervisors and admins; 403 for everyone else."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Method and path of each."""
        return [
            Route("/api/chat/sessions/{session}/observe", self.observe),
            Route("/api/chat/users/search", self.search),
            Route("/api/chat/users/{user}/sessions", self.sessions),
            Route("/api/chat/users/{user}/sessions/{session}", self.session),
        ]

    async def observe(self, request: Request) -> Response:
        """`GET /api/chat/sessions/{id}/observe`: the running stream, what it said so far first."""
        self._service.tokens.staff(request)
        live = self._service.running.get(request.path_params["session"])
        if live is None:
            body = {
                "message": "No active stream in this session",
                "availableSessions": list(self._service.running),
            }
            return JSONResponse(body, 404)
        fields = [("content-type", "text/event-stream"), ("cache-control", "no-cache")]
        return EventStream(self._mirror(live), fields, lambda: None)

    async def _mirror(self, live: LiveStream) -> AsyncIterator[bytes]:
        frame, known = self._service.conduct.frame, len(live.frames)
        yield frame("observer", {"message": "Observing", "sessionId": live.session})
        yield frame("history-start", {"chunks": known})
        for said in live.frames[:known]:
            yield said
        yield frame("history-end", {"chunks": known})
        async for said in live.follow(known):
            yield said

    async def search(self, request: Request) -> Response:
        """`GET /api/chat/users/search?query=`: by name or e-mail, in any case."""
        self._service.tokens.staff(request)
        query = request.query_params.get("query", "").strip().casefold()
        if not query:
            raise HTTPException(400, "query is required")
        found = [user.public() for user in USERS if query in user.email or query in user.username]
        return JSONResponse({"users": found})

    async def sessions(self, request: Request) -> Response:
        """`GET /api/chat/users/{userId}/sessions`."""
        self._service.tokens.staff(request)
        user = self._user(request)
        return JSONResponse({"userId": user, **session_page(self._service, user, request)})

    async def session(self, request: Request) -> Response:
        """`GET /api/chat/users/{userId}/sessions/{id}`."""
        self._service.tokens.staff(request)
        session = self._service.store.find(request.path_params["session"], self._user(request))
        if session is None:
            raise HTTPException(404, "Chat session not found")
        return JSONResponse({"userId": session.user, **whole_session(self._service, session)})

    def _user(self, request: Request) -> str:
        user = find_user(request.path_params["user"])
        if user is None:
            raise HTTPException(404, "User not found")
        return user.id
