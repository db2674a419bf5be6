"""What a fault of a hop may do, and the faults that touch heads and requests."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lab.headers import NAME, fallback_id
from lab.hop.message import Head, Request, values_of, without

ID_NAME = NAME.encode()
_ID = ID_NAME.lower()
_ORIGIN = b"access-control-allow-origin"
ECHO = "streamingSessionId"


class CutOffError(Exception):
    """The body ends here, in the middle: `rest` still goes out, then the connection is closed."""

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__("the hop cuts the answer off")
        self.rest = rest


class Stage(Protocol):
    """A body on its way through one fault; what it gets and gives are contents, without framing."""

    def feed(self, data: bytes) -> bytes:
        """What goes on of what came; raises `CutOffError`."""
        ...

    def end(self) -> bytes:
        """What still goes out when the upstream's body is complete."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the hop's own, without the upstream."""

    head: Head
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one fault does to an exchange; whatever is left out passes as it is.

    `answer` may answer a request without the upstream; `update` rewrites the body of an update;
    `head` rewrites the head of an answer that came from the upstream; `body` gives the stage that
    an answer's body goes through, and gets the head as the upstream sent it. With `holds` the head
    waits for the body's first byte; `idle` is how long (seconds) an upstream may send nothing of a body.
    """

    answer: Callable[[Request], Answer | None] | None = None
    update: Callable[[bytes], bytes] | None = None
    head: Callable[[Request, Head], Head] | None = None
    body: Callable[[Request, Head], Stage | None] | None = None
    holds: bool = False
    idle: float | None = None


def strip_id(_: Request, head: Head) -> Head:
    """Leave the ID's line out."""
    return head.with_fields(without(head.fields, lambda name: name == _ID))


def rename_id(new: str) -> Callable[[Request, Head], Head]:
    """The ID under another name."""

    def rename(_: Request, head: Head) -> Head:
        return head.with_fields(
            tuple((new.encode() if name.lower() == _ID else name, value) for name, value in head.fields)
        )

    return rename


def lower_case(_: Request, head: Head) -> Head:
    """All names in small letters, as HTTP/2 would have them."""
    return head.with_fields(tuple((name.lower(), value) for name, value in head.fields))


def rewrite_id(_: Request, head: Head) -> Head:
    """Another ID, well-formed and never issued."""
    other = fallback_id().encode()
    return head.with_fields(
        tuple((name, other if name.lower() == _ID else value) for name, value in head.fields)
    )


def duplicate_id(_: Request, head: Head) -> Head:
    """The ID's line twice."""
    return _doubled(head, _ID)


def strip_expose(_: Request, head: Head) -> Head:
    """Leave out which fields a script may read."""
    return head.with_fields(without(head.fields, lambda name: name == b"access-control-expose-headers"))


def strip_cors(request: Request, head: Head) -> Head:
    """Leave CORS out of everything but the answers to preflights."""
    if request.method == b"OPTIONS":
        return head
    return head.with_fields(without(head.fields, lambda name: name.startswith(b"access-control-")))


def duplicate_origin(_: Request, head: Head) -> Head:
    """The allowed origin twice, as two layers that both add it do."""
    return _doubled(head, _ORIGIN)


def wrong_origin(_: Request, head: Head) -> Head:
    """The allowed origin with a slash after it, which no origin has."""
    return head.with_fields(
        tuple((name, value + b"/" if name.lower() == _ORIGIN else value) for name, value in head.fields)
    )


def strip_vary(_: Request, head: Head) -> Head:
    """Leave `Vary` out."""
    return head.with_fields(without(head.fields, lambda name: name == b"vary"))


def close_delimited(_: Request, head: Head) -> Head:
    """A chunked body without its chunks: it ends where the connection ends."""
    return head.closing() if values_of(head.fields, b"transfer-encoding") else head


def strip_echo(body: bytes) -> bytes:
    """An update without the ID."""
    return _edited(body, lambda update: update.pop(ECHO, None))


def rewrite_echo(body: bytes) -> bytes:
    """An update with an ID that was never issued."""
    return _edited(body, lambda update: update.update({ECHO: fallback_id()}) if ECHO in update else None)


def drop_preflight(request: Request) -> Answer | None:
    """A layer that knows no OPTIONS."""
    if request.method != b"OPTIONS":
        return None
    fields = ((b"Allow", b"GET, HEAD, POST, PUT, DELETE"), (b"Content-Length", b"0"))
    return Answer(Head(405, b"Method Not Allowed", fields))


def redirect(code: int) -> Callable[[Request], Answer | None]:
    """A redirection of streams to the same URL with `again=1`, which is passed on when it comes.

    The target is relative: the client stays with whatever stands in front of the hop. Where there
    is an origin, the answer passes the CORS check, so that the redirection is the only fault.
    """

    def answer(request: Request) -> Answer | None:
        path, mark, query = request.target.partition(b"?")
        if not request.is_stream or b"again=1" in query.split(b"&"):
            return None
        location = path + b"?" + (query + b"&" if mark and query else b"") + b"again=1"
        fields = [(b"Location", location), (b"Content-Length", b"0")]
        for origin in values_of(request.fields, b"origin"):
            fields += [(b"Access-Control-Allow-Origin", origin), (b"Vary", b"Origin")]
            fields += [(b"Access-Control-Allow-Credentials", b"true")]
        return Answer(Head(code, b"", tuple(fields)))

    return answer


def _doubled(head: Head, wanted: bytes) -> Head:
    twice = [line for line in head.fields for _ in range(2 if line[0].lower() == wanted else 1)]
    return head.with_fields(tuple(twice))


def _edited(body: bytes, edit: Callable[[dict[str, object]], object]) -> bytes:
    """A JSON object after an edit; anything else as it is."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or nested too deeply for Python
        return body
    if not isinstance(update, dict):
        return body
    edit(update)
    return json.dumps(update).encode()
