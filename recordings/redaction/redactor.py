"""Take events in, give the same events out without their secrets: what a recording is made of.

Heads are redacted at once, bodies as soon as their bytes are decided. While bytes of an exchange are
held, what follows in that exchange waits behind them, so that its order stays.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast

from contract import event_making
from contract.events import (
    Abort,
    Chunk,
    Deed,
    End,
    Event,
    Form,
    Gap,
    Injection,
    Kind,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from recordings.redaction.bodies import MOST_HELD
from recordings.redaction.exchange import Half, OpenExchange, Piece
from recordings.redaction.heads import Heads, Note, Section
from recordings.redaction.json_spans import is_wide
from recordings.redaction.learned import LEAST
from recordings.redaction.messages import UNTOUCHED, BodyStream, Part
from recordings.redaction.names import DEFAULT_NAMES, SecretNames
from recordings.redaction.quotes import BodyQuotes
from recordings.redaction.secrets import Secrets, applied
from recordings.rows import EventRedactor, Redaction

MOST_WAITING = 2 * 1024 * 1024
"""Bytes of one exchange that may wait behind a held chunk; beyond, that one is lost."""
MOST_EVENTS = 16_384
"""Events of one exchange that may wait."""
MOST_OPEN = 65_536
"""Exchanges that may be open; the oldest is then taken for ended (its end was lost)."""

_REMEMBERED_ABORTS = 256
_BOTH, _CLIENT, _SERVER = Side.BOTH, Side.CLIENT, Side.SERVER
_REQUEST, _RESPONSE = Message.REQUEST, Message.RESPONSE
_WIRE = Form.WIRE
_JSON = b"application/json"


class Redactor(EventRedactor):
    """Redacts one run. `feed` gives back what can be said for certain so far, in order per exchange.

    Secrets are replaced by tokens under `key` at equal length. With `enabled` False all passes as it is.
    Never raises on any sequence of events.
    """

    def __init__(self, key: bytes, names: SecretNames = DEFAULT_NAMES, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._secrets = Secrets(key, names)
        self._heads = Heads(self._secrets)
        self._open: dict[int, OpenExchange] = {}
        self._aborted: OrderedDict[int, OpenExchange] = OrderedDict()
        self._redactions: list[Redaction] = []

    def feed(self, event: Event) -> list[Event]:
        """Take the next event of the run; give what is decided now, of its exchange."""
        if not self._enabled:
            return [event]
        if type(event) is Chunk:
            exchange = self._open.get(event.exchange)
            if exchange is None:
                return self._hold(self._known(event.exchange), event)
            return self._chunk(exchange, event)
        if type(event) is End:
            return self._end(event)
        if type(event) is RequestHead:
            return self._request(event)
        if type(event) is ResponseHead:
            return self._response(event)
        if type(event) is Abort:
            return self._abort(event)
        if type(event) is Injection:
            exchange = self._open.get(event.exchange)
            entry = self._injection(event, exchange)
            if exchange is None:
                return [entry]
            if exchange.lone is not None:
                self._hold_lone(exchange)
            return self._after(exchange, entry)
        return self._gap(cast(Gap, event))

    def feed_run(self, chunks: Sequence[Chunk]) -> list[Event]:
        """Mostly one look at them all tells that they may pass."""
        first = chunks[0]
        exchange = self._open.get(first.exchange)
        if exchange is not None and exchange.lone is None and not exchange.waiting:
            half = exchange.request if first.message is _REQUEST else exchange.response
            stream = half.streams.get(first.side)
            if stream is not None and stream.passes(b"".join([chunk.data for chunk in chunks])):
                return [*chunks]
        return super().feed_run(chunks)

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
            if len(self._open) >= MOST_OPEN:
                events = self._finish(self._open.pop(next(iter(self._open))))
            exchange = self._open[head.exchange] = OpenExchange(head.kind)
        elif exchange.lone is not None:
            self._hold_lone(exchange)
        exchange.kind = head.kind
        section = exchange.request.sections[head.side] = self._heads.section(head.headers)
        target, notes = self._heads.target(head.target)
        if notes or section.notes:
            self._note(head, _REQUEST, section.notes)
            if notes:
                self._note(head, _REQUEST, notes)
            head = event_making.request_head(
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
        return events + self._after(exchange, head) if events else self._after(exchange, head)

    def _response(self, head: ResponseHead) -> list[Event]:
        exchange = self._known(head.exchange)
        if exchange.lone is not None:
            self._hold_lone(exchange)
        if exchange.kind is Kind.WEBSOCKET and head.status != 101:
            exchange.kind = Kind.HTTP
        section = exchange.response.sections[head.side] = self._heads.section(head.headers)
        edits = self._secrets.learned_edits(head.reason) if len(head.reason) >= LEAST else []
        if edits or section.notes:
            self._note(head, _RESPONSE, section.notes)
            self._note(head, _RESPONSE, [Note.of("reason", edit) for edit in edits])
            head = event_making.response_head(
                head.exchange,
                head.side,
                head.at,
                head.status,
                applied(head.reason, edits),
                head.version,
                section.headers,
            )
        return self._after(exchange, head)

    def _note(self, head: RequestHead | ResponseHead | End, message: Message, notes: Iterable[Note]) -> None:
        exchange, side, new = head.exchange, head.side, tuple.__new__
        self._redactions += [
            # By its own constructor it would take twice the time.
            new(Redaction, (exchange, message, side, where, offset, len(token), token))
            for where, offset, token in notes
        ]

    # Bodies

    def _chunk(self, exchange: OpenExchange, chunk: Chunk) -> list[Event]:
        if exchange.lone is not None:
            self._hold_lone(exchange)
        elif not exchange.waiting and chunk.form is _WIRE:
            half = exchange.request if chunk.message is _REQUEST else exchange.response
            stream = half.streams.get(chunk.side)
            if stream is not None:
                if stream.passes(chunk.data):
                    return [chunk]
            elif self._may_be_alone(exchange, half, chunk):
                exchange.lone = chunk
                return []
        return self._hold(exchange, chunk)

    def _may_be_alone(self, exchange: OpenExchange, half: Half, chunk: Chunk) -> bool:
        """Whether this could be the only chunk of a body that would be held until its end anyway."""
        if chunk.side is not _BOTH or half.streams or half.ended or exchange.missing:
            return False
        section = half.section(_BOTH)
        return (
            section is not None
            and section.is_json
            and exchange.kind is Kind.HTTP
            and 0 < len(chunk.data) <= MOST_HELD
        )

    def _hold_lone(self, exchange: OpenExchange) -> None:
        """It is not alone: it waits like any other."""
        chunk, exchange.lone = exchange.lone, None
        if chunk is not None:
            exchange.waiting_bytes += len(chunk.data)
            stream = self._stream(exchange, exchange.half(chunk.message), _BOTH)
            exchange.waiting.append(Piece(chunk, [(stream, stream.feed(chunk.data))]))

    def _is_clean(self, text: bytes) -> bool:
        """Whether there can be no secret in a JSON text."""
        secrets = self._secrets
        return not (is_wide(text) or secrets.possible_name(text) or secrets.learned.maybe_in(text))

    def _hold(self, exchange: OpenExchange, chunk: Chunk) -> list[Event]:
        parts = [
            (stream, _fed(stream, chunk)) for stream in self._streams(exchange, chunk.message, chunk.side)
        ]
        exchange.waiting.append(Piece(chunk, parts))
        exchange.waiting_bytes += len(chunk.data)
        events = self._drain(exchange)
        if len(parts) == 2:
            exchange.join(chunk.message)
        return events

    def _streams(self, exchange: OpenExchange, message: Message, side: Side) -> list[BodyStream]:
        """The streams that a chunk on `side` belongs to."""
        half = exchange.half(message)
        if half.ended and not half.streams:
            half.streams[_BOTH] = ended = BodyStream(self._secrets, _JSON, "")
            ended.end()
        if side is not _BOTH:
            exchange.split(message)
        elif _BOTH in half.streams or not half.streams:
            return [half.streams.get(_BOTH) or self._stream(exchange, half, _BOTH)]
        sides = (_CLIENT, _SERVER) if side is _BOTH else (side,)
        return [half.streams.get(each) or self._stream(exchange, half, each) for each in sides]

    def _stream(self, exchange: OpenExchange, half: Half, side: Side) -> BodyStream:
        section = half.section(side) or Section(())
        raw = exchange.kind is not Kind.HTTP
        stream = BodyStream(self._secrets, section.media_type, section.coding, raw=raw)
        if exchange.missing:
            stream.miss()
        half.streams[side] = stream
        return stream

    def _drain(self, exchange: OpenExchange) -> list[Event]:
        """What is decided at the front of what waits."""
        events: list[Event] = []
        waiting = exchange.waiting
        while waiting:
            first = waiting[0]
            if not isinstance(first, Piece):
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

    def _too_much_waits(self, exchange: OpenExchange, first: Piece) -> bool:
        behind = exchange.waiting_bytes - len(first.chunk.data)
        return behind > MOST_WAITING or len(exchange.waiting) > MOST_EVENTS

    def _render(self, piece: Piece) -> Chunk:
        chunk = piece.chunk
        outcomes = [stream.render(part) for stream, part in piece.parts]
        if chunk.form is Form.LOST or (outcomes[0] is UNTOUCHED and len(outcomes) == 1):
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
        form = Form.DECODED if any(outcome.decoded for outcome in outcomes) else chunk.form
        return _with(chunk, applied(part.text, edits, part.start), form)

    # Ends

    def _end(self, end: End) -> list[Event]:
        exchange = self._open.get(end.exchange) or self._known(end.exchange)
        half = exchange.request if end.message is _REQUEST else exchange.response
        lone = exchange.lone
        if lone is not None:
            whole = lone.message is end.message and end.side is _BOTH and not end.trailers
            if whole and self._is_clean(lone.data):
                exchange.lone = None
                half.ended = True
                return [lone, *self._ended(exchange, half, end)]
            self._hold_lone(exchange)
        if half.streams:
            self._end_streams(exchange, half, end.side)
        if end.trailers:
            section = self._heads.section(end.trailers)
            notes = [Note(note.where.replace("header", "trailer", 1), *note[1:]) for note in section.notes]
            self._note(end, end.message, notes)
            end = event_making.end(end.exchange, end.message, end.side, end.at, section.headers)
        return self._ended(exchange, half, end)

    def _end_streams(self, exchange: OpenExchange, half: Half, side: Side) -> None:
        if side is not _BOTH and _BOTH in half.streams and exchange.holds(half.message):
            exchange.split(half.message)
        for each, stream in half.streams.items():
            if side is _BOTH or each is side:
                stream.end()

    def _ended(self, exchange: OpenExchange, half: Half, end: End) -> list[Event]:
        """Pass `end` on behind what waits; with the last one the exchange is over."""
        events = self._after(exchange, end)
        half.end(end.side)
        if exchange.is_over():
            if exchange.waiting:
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

    def _finish(self, exchange: OpenExchange) -> list[Event]:
        if exchange.lone is not None:
            self._hold_lone(exchange)
        for stream in exchange.all_streams():
            stream.end()
        return self._drain(exchange)

    def _gap(self, gap: Gap) -> list[Event]:
        """Events are missing: of one exchange, or (0) of any."""
        concerned = self._open.values() if gap.exchange == 0 else [self._known(gap.exchange)]
        events: list[Event] = []
        for exchange in concerned:
            if exchange.lone is not None:
                self._hold_lone(exchange)
            exchange.missing = True
            for stream in exchange.all_streams():
                stream.miss()
            events += self._drain(exchange)
        if gap.exchange:
            return events + self._after(self._known(gap.exchange), gap)
        return [*events, gap]

    def _injection(self, entry: Injection, exchange: OpenExchange | None) -> Injection:
        """The journal may quote what passed."""
        before, after = entry.before, entry.after
        if entry.deed is Deed.HEADER:
            name = entry.name.encode("latin-1", "replace")
            before, after = self._quoted_field(name, before), self._quoted_field(name, after)
        elif entry.deed is Deed.START:
            before, after = self._quoted_start(before), self._quoted_start(after)
        else:
            quotes = BodyQuotes(self._secrets)
            if exchange is not None:
                quotes = exchange.quotes.setdefault((entry.message, entry.fault), quotes)
            before, after = quotes.of(entry)
        key, told = self._heads.words(entry.key), self._heads.words(entry.name)
        if (entry.before, entry.after, entry.key, entry.name) == (before, after, key, told):
            return entry
        return replace(entry, before=before, after=after, key=key, name=told)

    def _quoted_field(self, name: bytes, value: bytes | None) -> bytes | None:
        return None if value is None else self._heads.section(((name, value),)).headers[0][1]

    def _quoted_start(self, line: bytes | None) -> bytes | None:
        return None if line is None else self._heads.target(line)[0]

    # State

    def _after(self, exchange: OpenExchange, event: Event) -> list[Event]:
        if not exchange.waiting:
            return [event]
        exchange.waiting.append(event)
        return self._drain(exchange)

    def _known(self, number: int) -> OpenExchange:
        """The exchange, also where its request head was never seen."""
        exchange = self._open.get(number) or self._aborted.get(number)
        if exchange is None:
            exchange = self._open[number] = OpenExchange()
        return exchange


def _fed(stream: BodyStream, chunk: Chunk) -> Part:
    """The part that `chunk` is of its body."""
    if chunk.form is _WIRE:
        return stream.feed(chunk.data)
    return stream.miss() if chunk.form is Form.LOST else stream.feed_decoded(chunk.data)


def _with(chunk: Chunk, content: bytes, form: Form) -> Chunk:
    return event_making.chunk(chunk.exchange, chunk.message, chunk.side, chunk.at, content, chunk.size, form)
