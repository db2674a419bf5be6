"""Heads as rows: those of both sides share one where they differ in little."""

from contract.events import Headers, Kind, RequestHead, ResponseHead, Side
from recordings.batch import Batch
from recordings.fields import storable
from recordings.tracks import SIDES

_BOTH = Side.BOTH
_KINDS = {kind: kind.value for kind in Kind}


class Head[E: (RequestHead, ResponseHead)]:
    """A head that the other side's may still join, its row, and the number of the batch that this is in."""

    __slots__ = ("batch", "event", "row")

    def __init__(self, event: E, row: list[object], batch: int) -> None:
        self.event: E = event
        self.row = row
        self.batch = batch


def waiting[E: (RequestHead, ResponseHead)](
    first: Head[E] | None, event: E, row: list[object], batch: int
) -> Head[E] | None:
    """The head that the other side's may join from now on; what both sides have seen waits for nothing."""
    if event.side is _BOTH or (first is not None and first.event.side + event.side == _BOTH):
        return None
    return Head(event, row, batch)


def request_row(seq: int, event: RequestHead, batch: Batch) -> list[object]:
    """The row of table `request` for a head that was seen once."""
    texts = event.scheme, event.host, event.client, event.server
    scheme, host, client, server = texts if "".join(texts).isascii() else map(storable, texts)
    return [
        *(seq, event.exchange, SIDES[event.side], event.at, None, None, None, None, None),
        *(_KINDS[event.kind], event.method.decode("latin-1"), scheme, host, event.port),
        *(event.target.decode("latin-1"), event.version.decode("latin-1")),
        *(batch.headers(event.headers), client, server),
    ]


def response_row(seq: int, event: ResponseHead, batch: Batch) -> list[object]:
    """The row of table `response` for a head that was seen once."""
    return [
        *(seq, event.exchange, SIDES[event.side], event.at, None, None, None, None),
        *(event.status, event.reason.decode("latin-1"), event.version.decode("latin-1")),
        batch.headers(event.headers),
    ]


def are_alike_requests(first: RequestHead, second: RequestHead) -> bool:
    """Whether two heads are those of both sides, and differ in fields and the service's address at most."""
    return (
        first.side + second.side == _BOTH
        and first.target == second.target
        and first.method == second.method
        and first.version == second.version
        and first.host == second.host
        and first.port == second.port
        and first.scheme == second.scheme
        and first.client == second.client
        and first.kind is second.kind
    )


def are_alike_responses(first: ResponseHead, second: ResponseHead) -> bool:
    """Whether two heads are those of both sides, and differ in nothing but fields."""
    return (
        first.side + second.side == _BOTH
        and first.status == second.status
        and first.reason == second.reason
        and first.version == second.version
    )


def event_stream(headers: Headers) -> tuple[bool, bool]:
    """Whether they are those of a `text/event-stream`, and of one whose bytes can be counted as they are."""
    stream, plain = False, True
    for name, value in headers:
        size = len(name)  # compared first, because it is cheap
        if size == 12 and name.lower() == b"content-type":
            stream = value.partition(b";")[0].strip().lower() == b"text/event-stream"
        elif size == 16 and name.lower() == b"content-encoding" and not _is_identity(value):
            plain = False
    return stream, stream and plain


def _is_identity(coding: bytes) -> bool:
    return coding.strip().lower() in (b"", b"identity")
