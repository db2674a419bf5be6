"""Take events in, give the same events out without their secrets: what a recording is made of.

Heads are redacted at once, bodies as soon as their bytes are decided. While bytes of an exchange are
held, what follows in that exchange waits behind them, so that its order stays.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import cast

from contract.events import (
    Abort,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Kind,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from recordings.redaction.heads import Heads, Note, Section
from recordings.redaction.learned import LEAST
from recordings.redaction.messages import BodyStream, Part
from recordings.redaction.names import DEFAULT_NAMES, SecretNames
from recordings.redaction.secrets import Secrets, applied
from recordings.rows import Redaction

MOST_WAITING = 2 * 1024 * 1024
"""Bytes of one exchange that may wait behind a held chunk; beyond, that one is lost."""
MOST_EVENTS = 16_384
"""Events of one exchange that may wait."""
MOST_OPEN = 65_536
"""Exchanges that may be open; the oldest is then taken for ended (its end was lost)."""

_REMEMBERED_ABORTS = 256
_BOTH, _CLIENT, _SERVER = Side.BOTH, Side.CLIENT, Side.SERVER
_REQUEST, _RESPONSE = Message.REQUEST, Message.RESPONSE
_PREFERRED = {
    (_REQUEST, _BOTH): (_CLIENT, _BOTH, _SERVER),
    (_RESPONSE, _BOTH): (_SERVER, _BOTH, _CLIENT),
    (_REQUEST, _CLIENT): (_CLIENT, _BOTH, _SERVER),
    (_RESPONSE, _CLIENT): (_CLIENT, _BOTH, _SERVER),
    (_REQUEST, _SERVER): (_SERVER, _BOTH, _CLIENT),
    (_RESPONSE, _SERVER): (_SERVER, _BOTH, _CLIENT),
}


class _Piece:
    """A chunk that waits, and its parts in the streams it belongs to (two where the sides went apart)."""

    __slots__ = ("chunk", "parts")

    def __init__(self, chunk: Chunk, parts: list[tuple[BodyStream, Part]]) -> None:
        self.chunk = chunk
        self.parts = parts

    def is_decided(self) -> bool:
        return all(stream.decided(part) for stream, part in self.parts)


class _Exchange:
    """What is open of one exchange."""

    __slots__ = ("kind", "missing", "open_sides", "sections", "streams", "waiting", "waiting_bytes")

    def __init__(self, kind: Kind = Kind.HTTP) -> None:
        self.kind = kind
        self.sections: dict[tuple[Message, Side], Section] = {}
        self.streams: dict[Message, dict[Side, BodyStream]] = {_REQUEST: {}, _RESPONSE: {}}
        self.waiting: deque[_Piece | Event] = deque()
        self.waiting_bytes = 0
        self.missing = False
        """Events of it were not kept: no body can be read from its start."""
        self.open_sides = {_REQUEST: int(_BOTH), _RESPONSE: int(_BOTH)}

    def section(self, message: Message, side: Side) -> Section | None:
        for known in _PREFERRED[message, side]:
            section = self.sections.get((message, known))
            if section is not None:
                return section
        return None

    def all_streams(self) -> Iterable[BodyStream]:
        for streams in self.streams.values():
            yield from streams.values()

    def split(self, message: Message) -> None:
        """From here on the two sides of a message differ: each goes on by itself."""
        streams = self.streams[message]
        joined = streams.pop(_BOTH, None)
        if joined is None:
            return
        twin = joined.fork()
        streams[_CLIENT], streams[_SERVER] = joined, twin
        for piece in self.waiting:
            if isinstance(piece, _Piece):
                piece.parts += [(twin, part) for stream, part in piece.parts if stream is joined]

    def join(self, message: Message) -> None:
        """Both sides saw the same again: go on as one, if nothing of what came apart matters any more."""
        streams = self.streams[message]
        if not self.waiting and len(streams) == 2 and streams[_CLIENT].can_stand_for(streams[_SERVER]):
            self.streams[message] = {_BOTH: streams[_CLIENT]}

    def holds(self, message: Message) -> bool:
        return any(isinstance(piece, _Piece) and piece.chunk.message is message for piece in self.waiting)


class Redactor:
    """Redacts one run. `feed` gives back what can be said for certain so far, in order per exchange.

    Secrets are replaced by tokens under `key` at equal length. With `enabled` False all passes as it is.
    Never raises on any sequence of events.
    """

    def __init__(self, key: bytes, names: SecretNames = DEFAULT_NAMES, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._secrets = Secrets(key, names)
        self._heads = Heads(self._secrets)
        self._open: dict[int, _Exchange] = {}
        self._aborted: OrderedDict[int, _Exchange] = OrderedDict()
        self._redactions: list[Redaction] = []

    def feed(self, event: Event) -> list[Event]:
        """Take the next event of the run; give what is decided now, of its exchange."""
        if not self._enabled:
            return [event]
        if type(event) is Chunk:
            return self._chunk(event)
        if type(event) is RequestHead:
            return self._request(event)
        if type(event) is ResponseHead:
            return self._response(event)
        if type(event) is End:
            return self._end(event)
        if type(event) is Abort:
            return self._abort(event)
        return self._gap(cast(Gap, event))

    def flush(self) -> list[Event]:
        """The run is over: decide on all that is held."""
        events: list[Event] = []
        for exchange in (*self._open.values(), *self._aborted.values()):
            events += self._finish(exchange)
        self._open.clear()
        self._aborted.clear()
        return events

    def take_redactions(self) -> list[Redaction]:
        """What was replaced since the last call."""
        taken, self._redactions = self._redactions, []
        return taken

    # Heads

    def _request(self, head: RequestHead) -> list[Event]:
        events: list[Event] = []
        exchange = self._open.get(head.exchange) or self._aborted.get(head.exchange)
        if exchange is None:
            events = self._make_room()
            exchange = self._open[head.exchange] = _Exchange(head.kind)
        exchange.kind = head.kind
        section = self._section(exchange, head, _REQUEST)
        target, notes = self._heads.target(head.target)
        if notes:
            self._note(head, _REQUEST, notes)
        if notes or section.notes:
            head = RequestHead(
                head.exchange,
                head.side,
                head.at,
                head.method,
                head.scheme,
                head.host,
                head.port,
                target,
                head.version,
                section.headers,
                head.kind,
                head.client,
                head.server,
            )
        return events + self._after(exchange, head)

    def _response(self, head: ResponseHead) -> list[Event]:
        exchange = self._known(head.exchange)
        if exchange.kind is Kind.WEBSOCKET and head.status != 101:
            exchange.kind = Kind.HTTP
        section = self._section(exchange, head, _RESPONSE)
        edits = self._secrets.learned_edits(head.reason) if len(head.reason) >= LEAST else []
        self._note(head, _RESPONSE, [Note.of("reason", edit) for edit in edits])
        if edits or section.notes:
            head = ResponseHead(
                head.exchange,
                head.side,
                head.at,
                head.status,
                applied(head.reason, edits),
                head.version,
                section.headers,
            )
        return self._after(exchange, head)

    def _section(self, exchange: _Exchange, head: RequestHead | ResponseHead, message: Message) -> Section:
        section = exchange.sections[message, head.side] = self._heads.section(head.headers)
        self._note(head, message, section.notes)
        return section

    def _note(self, head: RequestHead | ResponseHead | End, message: Message, notes: Iterable[Note]) -> None:
        for where, offset, token in notes:
            self._redactions.append(
                Redaction(head.exchange, message, head.side, where, offset, len(token), token)
            )

    # Bodies

    def _chunk(self, chunk: Chunk) -> list[Event]:
        exchange = self._open.get(chunk.exchange)
        if exchange is None:
            exchange = self._known(chunk.exchange)
        elif not exchange.waiting and chunk.form is Form.WIRE:
            stream = exchange.streams[chunk.message].get(chunk.side)
            if stream is not None and stream.passes(chunk.data):
                return [chunk]
        parts = [
            (stream, stream.feed(chunk.data) if chunk.form is Form.WIRE else stream.miss())
            for stream in self._streams(exchange, chunk.message, chunk.side)
        ]
        exchange.waiting.append(_Piece(chunk, parts))
        exchange.waiting_bytes += len(chunk.data)
        events = self._drain(exchange)
        if len(parts) == 2:
            exchange.join(chunk.message)
        return events

    def _streams(self, exchange: _Exchange, message: Message, side: Side) -> list[BodyStream]:
        """The streams that a chunk on `side` belongs to."""
        streams = exchange.streams[message]
        if side is not _BOTH:
            exchange.split(message)
        elif _BOTH in streams or not streams:
            return [streams.get(_BOTH) or self._stream(exchange, message, _BOTH)]
        sides = (_CLIENT, _SERVER) if side is _BOTH else (side,)
        return [streams.get(each) or self._stream(exchange, message, each) for each in sides]

    def _stream(self, exchange: _Exchange, message: Message, side: Side) -> BodyStream:
        section = exchange.section(message, side) or Section(())
        raw = exchange.kind is not Kind.HTTP
        stream = BodyStream(self._secrets, section.media_type, section.coding, raw=raw)
        if exchange.missing:
            stream.miss()
        exchange.streams[message][side] = stream
        return stream

    def _drain(self, exchange: _Exchange) -> list[Event]:
        """What is decided at the front of what waits."""
        events: list[Event] = []
        waiting = exchange.waiting
        while waiting:
            first = waiting[0]
            if not isinstance(first, _Piece):
                events.append(first)
            elif first.is_decided():
                exchange.waiting_bytes -= len(first.chunk.data)
                events.append(self._render(first))
            elif self._too_much_waits(exchange, first):
                for stream, _ in first.parts:
                    stream.give_up()
                continue
            else:
                break
            waiting.popleft()
        return events

    def _too_much_waits(self, exchange: _Exchange, first: _Piece) -> bool:
        behind = exchange.waiting_bytes - len(first.chunk.data)
        return behind > MOST_WAITING or len(exchange.waiting) > MOST_EVENTS

    def _render(self, piece: _Piece) -> Chunk:
        chunk = piece.chunk
        outcomes = [stream.render(part) for stream, part in piece.parts]
        if chunk.form is Form.LOST:
            return chunk
        if any(outcome.lost for outcome in outcomes):
            return _with(chunk, b"", Form.LOST)
        if not any(outcome.decoded or outcome.edits for outcome in outcomes):
            return chunk
        part = piece.parts[0][1]
        edits = dict.fromkeys(edit for outcome in outcomes for edit in outcome.edits)
        for start, token in edits:
            if start >= part.start:
                self._redactions.append(
                    Redaction(
                        chunk.exchange, chunk.message, chunk.side, "body", start, len(token), token.decode()
                    )
                )
        form = Form.DECODED if any(outcome.decoded for outcome in outcomes) else Form.WIRE
        return _with(chunk, applied(part.text, edits, part.start), form)

    # Ends

    def _end(self, end: End) -> list[Event]:
        exchange = self._known(end.exchange)
        message, side = end.message, end.side
        if side is not _BOTH and _BOTH in exchange.streams[message] and exchange.holds(message):
            exchange.split(message)
        for each, stream in exchange.streams[message].items():
            if side is _BOTH or each is side:
                stream.end()
        if end.trailers:
            section = self._heads.section(end.trailers)
            notes = [Note(note.where.replace("header", "trailer", 1), *note[1:]) for note in section.notes]
            self._note(end, message, notes)
            end = End(end.exchange, message, side, end.at, section.headers)
        exchange.waiting.append(end)
        events = self._drain(exchange)
        exchange.open_sides[message] &= ~int(side)
        if not any(exchange.open_sides.values()):
            events += self._finish(exchange)
            self._open.pop(end.exchange, None)
        return events

    def _abort(self, abort: Abort) -> list[Event]:
        exchange = self._known(abort.exchange)
        reason = self._heads.words(abort.reason)
        if reason != abort.reason:
            abort = Abort(
                abort.exchange, abort.side, abort.at, abort.by, abort.manner, reason, abort.answered
            )
        events = self._finish(exchange)
        self._open.pop(abort.exchange, None)
        self._aborted[abort.exchange] = exchange
        events.append(abort)
        if len(self._aborted) > _REMEMBERED_ABORTS:
            events += self._finish(self._aborted.popitem(last=False)[1])
        return events

    def _finish(self, exchange: _Exchange) -> list[Event]:
        for stream in exchange.all_streams():
            stream.end()
        return self._drain(exchange)

    def _gap(self, gap: Gap) -> list[Event]:
        """Events are missing: of one exchange, or (0) of any."""
        concerned = self._open.values() if gap.exchange == 0 else [self._known(gap.exchange)]
        events: list[Event] = []
        for exchange in concerned:
            exchange.missing = True
            for stream in exchange.all_streams():
                stream.miss()
            events += self._drain(exchange)
        if gap.exchange:
            return events + self._after(self._known(gap.exchange), gap)
        return [*events, gap]

    # State

    def _after(self, exchange: _Exchange, event: Event) -> list[Event]:
        if not exchange.waiting:
            return [event]
        exchange.waiting.append(event)
        return self._drain(exchange)

    def _known(self, number: int) -> _Exchange:
        """The exchange, also where its request head was never seen."""
        exchange = self._open.get(number) or self._aborted.get(number)
        if exchange is None:
            exchange = self._open[number] = _Exchange()
        return exchange

    def _make_room(self) -> list[Event]:
        if len(self._open) < MOST_OPEN:
            return []
        return self._finish(self._open.pop(next(iter(self._open))))


def _with(chunk: Chunk, content: bytes, form: Form) -> Chunk:
    return Chunk(chunk.exchange, chunk.message, chunk.side, chunk.at, content, chunk.size, form)
