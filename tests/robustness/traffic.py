"""A piece of traffic, and what its recording has to say: `Case`."""

from dataclasses import dataclass

from tests.fidelity.http1_responses import UPGRADE
from tests.fidelity.stage import Do, Route, Script, Step, client, server
from tests.fidelity.wire import CHUNKED, response

EXPOSED = b"Access-Control-Expose-Headers: X-Streaming-Session-Id"
DONE = b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 1}\n\n'
"""The last event of a healthy stream."""


@dataclass(frozen=True)
class Case:
    """A script, and each exchange that it leaves: `kind outcome status codes…`, in order.

    A code with a question mark is inconclusive.
    """

    script: Script
    exchanges: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.script)


def ask(number: int, *fields: bytes, body: bytes = b"") -> bytes:
    """A request for a stream, in a scope of its own."""
    lines = (
        b"POST /api/chat/sessions/s%d/stream HTTP/1.1" % number,
        b"Host: 127.0.0.1:PORT",
        b"Content-Length: %d" % len(body),
        *fields,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def an_id(number: int) -> bytes:
    """An ID as the service would issue it."""
    return b"stream-1700000000000-%08x" % number


def stream_head(number: int, *fields: bytes, framing: bytes = CHUNKED) -> bytes:
    """The head of an event stream with a good ID."""
    lines = (
        b"Content-Type: text/event-stream",
        b"X-Streaming-Session-Id: " + an_id(number),
        EXPOSED,
        framing,
        *fields,
    )
    return response(*(line for line in lines if line))


def answered(
    name: str, number: int, *writes: bytes | Do | Step, expect: str = "http complete 200", to: bytes = b""
) -> Case:
    """The service's answer to a request for a stream."""
    steps = [write if isinstance(write, Step) else server(write) for write in writes]
    script = Script(f"answer: {name}", Route.PLAIN, (client(to or ask(number)), *steps))
    return Case(script, (expect,) if expect else ())


def sent(
    name: str, *writes: bytes | Do | Step, expect: tuple[str, ...] = (), route: Route = Route.PLAIN
) -> Case:
    """What a client writes."""
    steps = [write if isinstance(write, Step) else client(write) for write in writes]
    return Case(Script(f"request: {name}", route, tuple(steps), redrawn=UPGRADE in writes), expect)
