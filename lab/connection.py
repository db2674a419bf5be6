"""A connection that the application can reach, for what HTTP has no words for."""

from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "lab.connection"


class ReachableProtocol(H11Protocol):
    """HTTP/1.1 by h11, which keeps the case of field names; each request's scope names its connection.

    It is `scope["extensions"]["lab.connection"]`.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        app = self.app

        async def reachable(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), EXTENSION: self}
            await app(scope, receive, send)

        self.app = reachable

    def close(self) -> None:
        """Close after what was written so far, whether the answer is complete or not."""
        self.transport.close()

    def answer_until_closed(self) -> None:
        """Give the answer that follows no length: it ends where the connection does (RFC 9112 §6.3, 8).

        h11 frames an answer like that for peers that speak HTTP/1.0, and still calls itself 1.1.
        """
        self.conn.their_http_version = b"1.0"


def connection_of(scope: Scope) -> ReachableProtocol:
    """The connection that a request came on."""
    connection: ReachableProtocol = scope["extensions"][EXTENSION]
    return connection
