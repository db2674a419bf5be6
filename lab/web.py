"""What the three services share on the wire: JSON in and out, health, CORS, header names."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.cors import Cors
from lab.page.routes import page_routes
from lab.settings import VERSION

MOST = 10**12
"""The largest number that a request may name."""


def build_app(service: str, routes: Sequence[BaseRoute], close: Callable[[], Any], cors: Cors) -> ASGIApp:
    """A service: its routes, the page, health at both addresses, errors as `{message}`, and its edge.

    `close` is called when the service stops; it may be a coroutine function.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        closing = close()
        if closing is not None:
            await closing

    async def health(_: Request) -> Response:
        body = {"status": "ok", "service": service, "version": VERSION, "timestamp": timestamp()}
        return JSONResponse(body)

    everywhere = [Route("/health", health), Route("/api/health", health), *page_routes()]
    handlers: dict[Any, Any] = {HTTPException: _refusal, Exception: _failure}
    return Edge(
        Starlette(routes=[*everywhere, *routes], exception_handlers=handlers, lifespan=lifespan), cors
    )


class Edge:
    """What every answer gets on its way out: CORS headers, and field names in their documented case.

    Starlette lower-cases names; the system's own services do not, and some clients look for
    `X-Streaming-Session-Id` by exactly these letters.
    """

    def __init__(self, app: ASGIApp, cors: Cors) -> None:
        self._app = app
        self._cors = cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        origin = request.headers.get("origin")
        preflight = request.method == "OPTIONS"

        async def send_out(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
                ]
                content_type = dict(present).get("content-type", "")
                added = (
                    self._cors.preflight(origin)
                    if preflight
                    else self._cors.answer(origin, message["status"], content_type)
                )
                fields = (*present, *added, ("date", formatdate(usegmt=True)))
                message["headers"] = [_field(name, value) for name, value in fields]
            await send(message)

        app = Response(status_code=self._cors.preflight_status) if preflight else self._app
        await app(scope, receive, send_out)


def _field(name: str, value: str) -> tuple[bytes, bytes]:
    return "-".join(part.capitalize() for part in name.split("-")).encode("latin-1"), value.encode("latin-1")


async def _refusal(_: Request, error: HTTPException) -> Response:
    return JSONResponse({"message": error.detail}, error.status_code, error.headers)


async def _failure(_: Request, __: Exception) -> Response:
    return JSONResponse({"message": "Internal server error"}, 500)


async def read_json(request: Request) -> dict[str, Any]:
    """The request's JSON object; 400 where it is none. No body at all counts as an empty object."""
    body = await request.body()
    try:
        value = json.loads(body or b"{}")
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be stored or sent back
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "Request body is not valid JSON") from error
    if not isinstance(value, dict):
        raise HTTPException(400, "Request body must be a JSON object")
    return value


def required_text(body: dict[str, Any], name: str) -> str:
    """A field that must be a string with something in it; 400 otherwise."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise HTTPException(400, f"{name} is required")
    return value


def required_amount(body: dict[str, Any], name: str, default: float | None = None) -> float:
    """A field that must be a number, neither negative nor absurd; 400 otherwise."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
        raise HTTPException(400, f"{name} must be a number from 0 to {MOST}")
    return value


def timestamp(at: datetime | None = None) -> str:
    """A time (now) as the services write it: ISO 8601, UTC, milliseconds, `Z`."""
    moment = at or datetime.now(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
