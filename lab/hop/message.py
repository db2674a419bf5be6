"""What passes a hop: heads as they were written, with the case, order and repetition of every field."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

Field = tuple[bytes, bytes]
Fields = tuple[Field, ...]


class Framing(Enum):
    """How an answer's body ends (RFC 9112, section 6.3)."""

    NONE = "none"  # there is no body: an answer to HEAD, a 204, a 304
    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


def values_of(fields: Fields, name: bytes) -> list[bytes]:
    """The values of all lines of that name, in order; names compare without case."""
    return [value for key, value in fields if key.lower() == name.lower()]


def without(fields: Fields, unwanted: Callable[[bytes], bool]) -> Fields:
    """All lines but those whose lower-cased name is unwanted."""
    return tuple(field for field in fields if not unwanted(field[0].lower()))


def tokens_of(fields: Fields, name: bytes) -> set[bytes]:
    """The members of a list-valued field, lower-cased."""
    return {token.strip().lower() for value in values_of(fields, name) for token in value.split(b",")}


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head; `target` as it was sent, with its query."""

    method: bytes
    target: bytes
    version: bytes
    fields: Fields

    @property
    def path(self) -> bytes:
        """The target without its query."""
        return self.target.partition(b"?")[0]

    @property
    def is_stream(self) -> bool:
        """Whether it asks for a streamed answer."""
        return self.method == b"POST" and self.path.endswith(b"/stream")

    @property
    def is_update(self) -> bool:
        """Whether it echoes a streaming session ID."""
        return self.method == b"POST" and self.path.endswith(b"/update-stream")

    @property
    def may_stay(self) -> bool:
        """Whether the client's connection may serve another request (RFC 9112, section 9.3)."""
        return self.version >= b"1.1" and b"close" not in tokens_of(self.fields, b"connection")

    def encode(self) -> bytes:
        """The head as bytes."""
        return encoded(b"%b %b HTTP/1.1" % (self.method, self.target), self.fields)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer, and how its body is framed."""

    status: int
    reason: bytes
    fields: Fields
    framing: Framing = Framing.LENGTH

    @classmethod
    def of(cls, request: Request, status: int, reason: bytes, fields: Fields) -> Self:
        """The head that an upstream sent; its framing follows from it and from the request."""
        return cls(status, reason, fields, _framing(request, status, fields))

    @property
    def is_event_stream(self) -> bool:
        """Whether a body follows that is `text/event-stream`."""
        types = values_of(self.fields, b"content-type")
        return self.framing is not Framing.NONE and any(
            value.partition(b";")[0].strip().lower() == b"text/event-stream" for value in types
        )

    @property
    def may_stay(self) -> bool:
        """Whether the connection may serve another request after this answer."""
        return self.framing is not Framing.CLOSE and b"close" not in tokens_of(self.fields, b"connection")

    def with_fields(self, fields: Fields) -> Self:
        """The same with other fields."""
        return replace(self, fields=fields)

    def readable_by(self, request: Request) -> Self:
        """The same for who asked: a client of HTTP/1.0 knows no chunks."""
        return self.closing() if self.framing is Framing.CHUNKED and request.version < b"1.1" else self

    def closing(self) -> Self:
        """The same, with a body that ends where the connection does."""
        framing = (b"transfer-encoding", b"content-length", b"connection", b"keep-alive")
        fields = without(self.fields, lambda name: name in framing)
        return replace(self, fields=(*fields, (b"Connection", b"close")), framing=Framing.CLOSE)

    def encode(self) -> bytes:
        """The head as bytes."""
        return encoded(b"HTTP/1.1 %d %b" % (self.status, self.reason), self.fields)


def encoded(start: bytes, fields: Fields) -> bytes:
    """A start line and fields as a head."""
    lines = [start, *(b"%b: %b" % field for field in fields), b"", b""]
    return b"\r\n".join(lines)


def _framing(request: Request, status: int, fields: Fields) -> Framing:
    if request.method == b"HEAD" or status in (204, 304):
        return Framing.NONE
    if b"chunked" in tokens_of(fields, b"transfer-encoding"):
        return Framing.CHUNKED
    return Framing.LENGTH if values_of(fields, b"content-length") else Framing.CLOSE
