"""A page that chats as scripts do: every service has it, and it can be served on an origin of its own."""

from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lab.loopback import listen

FOLDER = Path(__file__).parent
FILES = {
    "/demo": ("index.html", "text/html"),
    "/demo/page.css": ("page.css", "text/css"),
    "/demo/page.js": ("page.js", "text/javascript"),
}
"""What is served where: a file of this folder, and its media type."""


def page_routes() -> list[Route]:
    """The page at `/demo`, and what it loads."""
    return [_route(path, name, media_type) for path, (name, media_type) in FILES.items()]


def _route(path: str, name: str, media_type: str) -> Route:
    async def answer(_: Request) -> Response:
        return Response((FOLDER / name).read_bytes(), media_type=media_type)

    return Route(path, answer)


class PageServer:
    """The page alone, at `/` as at `/demo`, on 127.0.0.1 and ::1; `PortBusyError` where that is taken."""

    def __init__(self, port: int) -> None:
        self._sockets = listen(port)
        self.port: int = self._sockets[0].getsockname()[1]

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM, which are then raised again."""
        app = Starlette(routes=[_route("/", *FILES["/demo"]), *page_routes()])
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(self._sockets)
