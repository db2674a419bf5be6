"""The chat service as an ASGI application."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lab.bugs import faulty_conduct
from lab.catalogue import MODELS, recommend
from lab.chat.credits import Credits
from lab.chat.observe import Supervision
from lab.chat.service import Service
from lab.chat.sessions import Sessions
from lab.chat.store import Store
from lab.chat.streaming import Streaming
from lab.chat.updatelog import UpdateLog
from lab.settings import VERSION, Settings
from lab.tokens import Tokens
from lab.web import build_app, read_json, required_text

NAME = "chat-service"


class Models:
    """What the service offers, and what it is."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        """Method and path of each."""
        return [
            Route("/api/models", self.models),
            Route("/api/models/recommend", self.recommend, methods=["POST"]),
            Route("/api/version", self.version),
        ]

    async def models(self, request: Request) -> Response:
        """`GET /api/models`."""
        self._service.tokens.caller(request)
        return JSONResponse({"models": [model.public() for model in MODELS]})

    async def recommend(self, request: Request) -> Response:
        """`POST /api/models/recommend`."""
        self._service.tokens.caller(request)
        body = await read_json(request)
        model, reason = recommend(required_text(body, "task"), str(body.get("priority") or ""))
        return JSONResponse({"recommendedModel": model.id, "reason": reason, "modelDetails": model.public()})

    async def version(self, request: Request) -> Response:
        """`GET /api/version`."""
        self._service.tokens.caller(request)
        return JSONResponse({"service": NAME, "version": VERSION})


def chat_app(settings: Settings) -> ASGIApp:
    """The service with all its routes."""
    conduct = faulty_conduct(settings.bugs)
    service = Service(
        settings=settings,
        tokens=Tokens(settings.secret()),
        store=Store(settings.data_dir / "chat.db"),
        credits=Credits(settings.accounting_url),
        conduct=conduct,
        updates=UpdateLog(settings.update_log),
    )
    routers = (Models(service), Sessions(service), Streaming(service), Supervision(service))
    routes = [route for router in routers for route in router.routes()]
    return conduct.serve(build_app(NAME, routes, service.close, conduct.cors))
