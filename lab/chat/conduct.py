"""Every decision of the chat service that a build can get wrong, in one place.

`Conduct` gets all of them right. A build with a fault is a subclass that overrides one method, so
routes never ask which faults are on; `lab.bugs` has them all.
"""

import json
import time
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from uuid import uuid4

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from lab.chat.store import Session, Store
from lab.cors import Cors

HEADER = "X-Streaming-Session-Id"


class Conduct:
    """A correct chat service."""

    header: ClassVar[str] = HEADER
    """The field that carries the ID."""
    cors: ClassVar[Cors] = Cors(expose=HEADER)

    def serve(self, app: ASGIApp) -> ASGIApp:
        """The application as connections reach it."""
        return app

    def new_streaming_id(self) -> str:
        """`stream-<unix ms>-<8 hex of a UUID>`."""
        return f"stream-{time.time_ns() // 1_000_000}-{uuid4().hex[:8]}"

    def id_fields(self, streaming_id: str) -> list[tuple[str, str]]:
        """The fields of a streaming answer's head that tell the ID."""
        return [(self.header, streaming_id)]

    def stream_headers(self, streaming_id: str) -> list[tuple[str, str]]:
        """The fields of a streaming answer's head."""
        fields = [("content-type", "text/event-stream"), ("cache-control", "no-cache")]
        return [*fields, *self.id_fields(streaming_id)]

    def slot(self, session: Session) -> str:
        """The key of the place that a session's ID is stored in: each session has its own."""
        return session.id

    async def keep_streaming_id(self, store: Store, session: Session, streaming_id: str) -> None:
        """Store the ID; it is in the database before the client can know it."""
        store.keep_streaming_id(self.slot(session), streaming_id)

    def expected(self, store: Store, session: Session) -> str | None:
        """The ID that an update of this session has to bring."""
        return store.streaming_id(self.slot(session))

    def accepts(self, expected: str | None, received: object) -> bool:
        """Whether an update with that ID is let in: it is the stored one, to the byte."""
        return bool(received) and strictly_equal(expected, received)

    def mismatch(self, expected: str | None, received: object) -> tuple[int, dict[str, Any]]:
        """What an update that was not let in is told: status and body."""
        details = {"expected": expected, "received": received}
        return 400, {"message": "Streaming session ID mismatch", "details": details}

    def refusal(self, expected: str | None, received: object) -> Response:
        """The whole answer to such an update."""
        status, body = self.mismatch(expected, received)
        return JSONResponse(body, status)

    def frame(self, event: str, payload: dict[str, Any]) -> bytes:
        """One event on the wire (HTML, "Server-sent events")."""
        return f"event: {event}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()

    def last_frame(self, tokens: int) -> bytes:
        """What a stream that ran to its end says last."""
        return self.frame("done", {"message": "Stream complete", "tokensUsed": tokens})

    def body(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A stream's body, made of its frames: each leaves as soon as it is there."""
        return frames


def strictly_equal(expected: str | None, received: object) -> bool:
    """Same type, same value."""
    return isinstance(received, str) and received == expected


def equal_when_normalised(expected: str | None, received: object) -> bool:
    """Equal as trimmed, case-folded text, as lenient builds compare."""
    if expected is None or received is None:
        return False
    return expected.strip().casefold() == str(received).strip().casefold()
