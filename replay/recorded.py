"""An exchange as the service saw it, put together from a recording's events.

That is the request as it left for the service, and the answer as it came from there; what a fault or
an add-on of the proxy made of them belongs to that proxy. An exchange that never reached a service
(answered by the proxy, or refused) is as the client saw it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from contract.bodies import LOST
from contract.events import (
    Abort,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Headers,
    Injection,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.headers import content_coding
from recordings.decoding import decoder_for


class Piece(NamedTuple):
    """Bytes of a body that were sent at once, and when (µs since the start of the run)."""

    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RecordedBody:
    """One body as it was sent, in pieces.

    `ended_at` is None where it did not come to its end. `is_decoded` says that its content-coding was
    undone when it was stored. `why_not_whole` says why bytes are missing; empty where none are.
    """

    pieces: tuple[Piece, ...] = ()
    ended_at: int | None = None
    trailers: Headers = ()
    is_decoded: bool = False
    why_not_whole: str = ""

    @property
    def data(self) -> bytes:
        """All that was kept, as it was sent."""
        return b"".join([piece.data for piece in self.pieces])


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange. `response` is the final answer's head; None where none came."""

    exchange: int
    request: RequestHead
    request_body: RecordedBody
    response: ResponseHead | None
    response_body: RecordedBody
    abort: Abort | None

    @property
    def origin(self) -> str:
        """Where the request went: `http://localhost:3002`, the port always written."""
        return origin(self.request.scheme, self.request.host, self.request.port)

    def request_text(self) -> bytes | None:
        """The request's body without its content-coding; None where it cannot be had."""
        return plain(self.request_body, self.request.headers)

    def response_text(self) -> bytes | None:
        """The response's body without its content-coding; None where it cannot be had."""
        return plain(self.response_body, self.response.headers) if self.response else b""


def origin(scheme: str, host: str, port: int) -> str:
    """An origin with its port always written (RFC 6454 §6.2 leaves a default one out)."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def plain(body: RecordedBody, fields: Headers) -> bytes | None:
    """A body without its content-coding (RFC 9110 §8.4); None where bytes are missing or undecodable.

    Of a body that broke off, what can be decoded.
    """
    if body.why_not_whole:
        return None
    coding = "" if body.is_decoded else content_coding(fields)
    data = body.data
    if not coding or not data:
        return data
    decoder = decoder_for(coding)
    if decoder is None:
        return None
    try:
        decoded = decoder.feed(data)
        return decoded + (decoder.end() if body.ended_at is not None else b"")
    except ValueError:
        return None


def recorded_exchanges(events: Iterable[Event]) -> Iterator[Recorded]:
    """The HTTP exchanges of a sequence of events, each as soon as it is over, the open ones at the end."""
    open_ones: dict[int, _Open] = {}
    for event in events:
        one = open_ones.get(event.exchange)
        if isinstance(event, Gap | Injection):
            if one is not None and isinstance(event, Gap):
                one.why_not_whole = event.because
            continue
        if one is None:
            if not isinstance(event, RequestHead):
                continue  # it is over, or its beginning was lost
            one = open_ones[event.exchange] = _Open()
        one.add(event)
        if one.is_over:
            yield open_ones.pop(event.exchange).whole()
    for one in open_ones.values():
        yield one.whole()


class _Open:
    """The events of one exchange so far."""

    __slots__ = ("_ended", "_events", "_seen", "why_not_whole")

    def __init__(self) -> None:
        self._events: list[RequestHead | ResponseHead | Chunk | End | Abort] = []
        self._seen = 0
        self._ended = {Message.REQUEST: 0, Message.RESPONSE: 0}
        self.why_not_whole = ""

    def add(self, event: RequestHead | ResponseHead | Chunk | End | Abort) -> None:
        self._events.append(event)
        self._seen |= event.side
        if isinstance(event, End):
            self._ended[event.message] |= event.side
        elif isinstance(event, Abort):
            for message in self._ended:
                self._ended[message] |= event.side

    @property
    def is_over(self) -> bool:
        ended = self._ended[Message.REQUEST] & self._ended[Message.RESPONSE]
        return ended & self._seen == self._seen

    def whole(self) -> Recorded:
        by_service = any(isinstance(each, RequestHead) and each.side & Side.SERVER for each in self._events)
        side = Side.SERVER if by_service else Side.CLIENT
        seen = [each for each in self._events if each.side & side]
        requests = [each for each in seen if isinstance(each, RequestHead)]
        answers = [each for each in seen if isinstance(each, ResponseHead)]
        return Recorded(
            exchange=requests[-1].exchange,
            request=requests[-1],
            request_body=_body(seen, Message.REQUEST, self.why_not_whole),
            response=answers[-1] if answers else None,
            response_body=_body(seen, Message.RESPONSE, self.why_not_whole),
            abort=next((each for each in seen if isinstance(each, Abort)), None),
        )


def _body(events: Iterable[Event], message: Message, gap: str) -> RecordedBody:
    chunks = [each for each in events if isinstance(each, Chunk) and each.message is message]
    end = next((each for each in events if isinstance(each, End) and each.message is message), None)
    return RecordedBody(
        pieces=tuple([Piece(chunk.at, chunk.data) for chunk in chunks]),
        ended_at=end.at if end else None,
        trailers=end.trailers if end else (),
        is_decoded=any(chunk.form is Form.DECODED for chunk in chunks),
        why_not_whole=gap or (LOST if any(chunk.form is Form.LOST for chunk in chunks) else ""),
    )
