"""What flows through faults: the parts of one message, in order, without any proxy's types.

A message is one start, any number of `Data`, and one `End` – or, where it is broken off, one `Cut`
instead of what was still to come. Times are integer microseconds of a monotonic clock.
"""

from dataclasses import dataclass
from enum import StrEnum

from contract.events import Headers


@dataclass(frozen=True, slots=True)
class RequestStart:
    """Method, target (path and query as sent) and field lines of a request."""

    method: bytes
    target: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class ResponseStart:
    """Status, reason phrase and field lines of a response."""

    status: int
    reason: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a body that leave as one chunk; never empty."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The message is complete by its own framing."""

    trailers: Headers = ()


class Ending(StrEnum):
    """How a message is broken off."""

    CLEAN = "clean"
    """As if it were complete: with the last chunk, or END_STREAM."""
    CLOSE = "close"
    """The connection is closed without the last chunk; on HTTP/2 the stream is reset."""
    RESET = "reset"
    """The TCP connection is reset; on HTTP/2 the stream is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Nothing more of the message follows: a fault broke it off, or (`by_peer`) its sender did."""

    ending: Ending = Ending.CLOSE
    by_peer: bool = False


@dataclass(frozen=True, slots=True)
class Instead:
    """The request goes no further: this is its answer, without the service having been asked."""

    start: ResponseStart
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The request as it stands is also sent to the service by itself; nobody gets that answer."""

    start: RequestStart
    body: bytes = b""


type Start = RequestStart | ResponseStart
type Part = RequestStart | ResponseStart | Data | End | Cut | Instead | Repeat
"""`Instead` and `Repeat` come from faults on requests alone."""


def with_fields(start: Start, headers: Headers) -> Start:
    """`start` with other field lines."""
    if isinstance(start, RequestStart):
        return RequestStart(start.method, start.target, headers)
    return ResponseStart(start.status, start.reason, headers)
