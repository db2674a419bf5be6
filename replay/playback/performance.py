"""A recorded answer, ready to be given again: what to send, and when.

Times are microseconds from the moment at which the request was complete.
"""

from dataclasses import dataclass

from contract.events import Abort, Breaker, Headers, Manner, RequestHead
from contract.headers import first as field_value
from replay.recorded import Piece, Recorded

CLIENT_LEFT = "the recording ends here: its client had left"
NEVER_ENDED = "the recording ends here: the proxy had stopped, or cut it"
_TOGETHER = 1_000
GRACE = 2_000_000
"""Microseconds that a client has to leave, where the recorded one had left."""


@dataclass(frozen=True, slots=True)
class Break:
    """How the answer is broken off, or the exchange with it when it is whole but the request is not.

    `by_service`: as the recorded service did it; otherwise the recording simply goes no further.
    """

    manner: Manner
    reason: str
    by_service: bool = False
    grace: int = 0
    """Microseconds after the answer's end, at any speed: what a client has to leave by itself."""


@dataclass(frozen=True, slots=True)
class Performance:
    """What is to be sent for one request. `status` is None where no answer came at all.

    `exchange` is its number in the recording at `recording`. `end` is when the answer ends, or is broken off;
    `is_whole` says that it comes to its own end.
    """

    recording: str
    exchange: int
    status: int | None
    reason: bytes
    version: bytes
    headers: Headers
    start: int
    pieces: tuple[Piece, ...]
    end: int
    trailers: Headers
    is_whole: bool = True
    broken: Break | None = None
    is_over_with_its_head: bool = False
    """Nothing can follow the head, or its end came so soon that it came with it (END_STREAM)."""


def performance(recorded: Recorded, recording: str = "") -> Performance:
    """The recorded answer as it was, its times counted from the end of its request.

    An answer that began before its request was complete begins at once.
    """
    request, head, body = recorded.request, recorded.response, recorded.response_body
    zero = recorded.request_body.ended_at or request.at
    first = head.at if head else zero
    zero = min(zero, first)
    last = max([first, *(piece.at for piece in body.pieces[-1:])])
    end, broken = body.ended_at, None
    if end is None:
        end, broken = _broken(recorded.abort, last)
    elif recorded.abort is not None and recorded.abort.by is Breaker.SERVER:
        # It was done with the answer, and did not wait for the rest of the request.
        broken = Break(recorded.abort.manner, recorded.abort.reason, by_service=True)
    return Performance(
        recording=recording,
        exchange=recorded.exchange,
        status=head.status if head else None,
        reason=head.reason if head else b"",
        version=head.version if head else b"",
        headers=head.headers if head else (),
        start=first - zero,
        pieces=tuple([Piece(piece.at - zero, piece.data) for piece in body.pieces]),
        end=max(end, last) - zero,
        trailers=body.trailers,
        is_whole=body.ended_at is not None,
        broken=broken,
        is_over_with_its_head=_has_no_body(recorded) or max(end, last) - first < _TOGETHER,
    )


def _has_no_body(recorded: Recorded) -> bool:
    """Whether the answer ends with its head by its own framing (RFC 9112 §6.3)."""
    head = recorded.response
    if head is None or recorded.request.method == b"HEAD" or head.status in (204, 304):
        return True
    return field_value(head.headers, b"content-length") == b"0"


def _broken(abort: Abort | None, last: int) -> tuple[int, Break]:
    if abort is None:
        return last, Break(Manner.CLOSED, NEVER_ENDED)
    if abort.by is Breaker.SERVER:
        return abort.at, Break(abort.manner, abort.reason, by_service=True)
    if abort.by is Breaker.CLIENT:
        # What the service would have said from here on, nobody knows.
        return abort.at, Break(Manner.CLOSED, CLIENT_LEFT, grace=GRACE)
    return abort.at, Break(Manner.CLOSED, NEVER_ENDED)


def own_answer(asked: RequestHead, status: int, reason: bytes, fields: Headers, body: bytes) -> Performance:
    """An answer that was not recorded, to be given at once to a request, in its version of HTTP.

    A script on another origin may read it (Fetch §3.2): people look for it in a browser, too.
    """
    headers = (*fields, (b"Content-Length", str(len(body)).encode()))
    origin = field_value(asked.headers, b"origin")
    if origin is not None:
        headers += (
            (b"Access-Control-Allow-Origin", origin),
            (b"Access-Control-Allow-Credentials", b"true"),
            (b"Vary", b"Origin"),
        )
    if asked.version.startswith((b"HTTP/2", b"HTTP/3")):  # RFC 9113 §8.2.1, §8.3.2
        headers, reason = tuple((name.lower(), value) for name, value in headers), b""
    pieces = () if asked.method == b"HEAD" else (Piece(0, body),)  # RFC 9110 §9.3.2
    return Performance("", 0, status, reason, asked.version, headers, 0, pieces, 0, ())
