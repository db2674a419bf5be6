"""Every decision of the chat service that a build can get wrong, in one place.

`Conduct` gets all of them right. A build with a fault is a subclass that overrides one method, so
routes never ask which faults are on.
"""

import json
import time
from typing import Any
from uuid import uuid4

from lab.chat.store import Store
from lab.cors import Cors

HEADER = "X-Streaming-Session-Id"


class Conduct:
    """A correct chat service."""

    cors = Cors(expose=HEADER)

    def new_streaming_id(self) -> str:
        """`stream-<unix ms>-<8 hex of a UUID>`."""
        return f"stream-{time.time_ns() // 1_000_000}-{uuid4().hex[:8]}"

    def stream_headers(self, streaming_id: str) -> list[tuple[str, str]]:
        """The fields of a streaming answer's head."""
        return [("content-type", "text/event-stream"), ("cache-control", "no-cache"), (HEADER, streaming_id)]

    async def keep_streaming_id(self, store: Store, session: str, streaming_id: str) -> None:
        """Store the ID; it is in the database before the client can know it."""
        store.keep_streaming_id(session, streaming_id)

    def expected(self, store: Store, session: str) -> str | None:
        """The ID that an update of this session has to bring."""
        return store.streaming_id(session)

    def accepts(self, expected: str | None, received: object) -> bool:
        """Whether an update with that ID is let in: it is the stored one, to the byte."""
        return bool(received) and strictly_equal(expected, received)

    def mismatch(self, expected: str | None, received: object) -> tuple[int, dict[str, Any]]:
        """The answer to an update that was not let in: status and body."""
        details = {"expected": expected, "received": received}
        return 400, {"message": "Streaming session ID mismatch", "details": details}

    def frame(self, event: str, payload: dict[str, Any]) -> bytes:
        """One event on the wire (HTML, "Server-sent events")."""
        return f"event: {event}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()

    def last_frame(self, tokens: int) -> bytes:
        """What a stream that ran to its end says last."""
        return self.frame("done", {"message": "Stream complete", "tokensUsed": tokens})


def strictly_equal(expected: str | None, received: object) -> bool:
    """Same type, same value."""
    return isinstance(received, str) and received == expected


def equal_when_normalised(expected: str | None, received: object) -> bool:
    """Equal as trimmed, case-folded text, as lenient builds compare."""
    if expected is None or received is None:
        return False
    return expected.strip().casefold() == str(received).strip().casefold()
