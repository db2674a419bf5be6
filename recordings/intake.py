"""From events to rows. One thread feeds it, and takes a batch at the end of each drain.

Chunks are the hot path: they are only appended to their track. All else is written in the drain in
which it came.
"""

import json

from contract.events import Abort, Chunk, End, Event, Form, Gap, Kind, Message, RequestHead, ResponseHead
from contract.findings import ExchangeFacts, Finding, Output, StreamVerdict
from recordings.batch import Batch
from recordings.bodies import Bodies
from recordings.counting import EventCount
from recordings.exchanges import RESPONSE, Head, OpenExchange, message_index
from recordings.headers import to_text
from recordings.rows import Redaction
from recordings.tracks import SEGMENT, SIDES, Track

PENDING = 0.15
"""Seconds for which chunks may wait in memory after the drain that brought them."""

_RESPONSE, _WIRE = Message.RESPONSE, Form.WIRE
_KINDS = {kind: kind.value for kind in Kind}


class Intake:
    """Gathers the rows of what is stored, and the state of what is still open."""

    def __init__(self) -> None:
        self._bodies = Bodies()
        self.batch = Batch(self._bodies)
        self._batches = 0
        self.last_seq = -1
        self.last_at = 0
        self._open: dict[int, OpenExchange] = {}
        self._touched: list[OpenExchange] = []
        self._waiting: list[Track] = []
        self._drained = 0.0
        self._stores = {
            RequestHead: self._request,
            ResponseHead: self._response,
            End: self._end,
            Abort: self._abort,
            Gap: self._gap,
        }

    def store(self, seq: int, event: Event) -> None:
        """Take `event` with its sequence number."""
        if type(event) is not Chunk:
            self._stores[type(event)](seq, event)  # type: ignore[operator]
            if event.at > self.last_at:
                self.last_at = event.at
            return
        # All that a chunk costs while its stream runs.
        exchange = self._open.get(event.exchange) or self._exchange(event, seq)
        track = exchange.tracks[event.side + (RESPONSE if event.message is _RESPONSE else 0)]
        if track is None or track.over:
            track = self._track(exchange, event, seq)
        if not track.chunks:
            self._wait(track)
        if event.form is not _WIRE:
            track.plain = False
        track.seqs.append(seq)
        track.chunks.append(event)

    def judged(self, output: Output) -> None:
        """Take what the checker concluded."""
        rows = self.batch.rows
        if isinstance(output, ExchangeFacts):
            exchange = self._open.get(output.exchange)
            facts = (output.role.value, _text(output.stream), _text(output.scope))
            if exchange is None:
                rows["facts"].append((*facts, output.exchange))
            else:
                exchange.facts = facts
                self._touch(exchange)
        elif isinstance(output, Finding):
            f = output
            evidence = json.dumps(f.evidence, ensure_ascii=False)
            rows["finding"].append(
                _clean(
                    *(f.exchange, f.code, f.name, f.severity.value, f.verdict.value, f.message, f.stream),
                    *(f.scope, SIDES[f.side], f.at, evidence),
                )
            )
        elif isinstance(output, StreamVerdict):
            v = output
            rows["verdict"].append(
                _clean(v.stream, v.scope, v.issued, v.exposed, v.echoed, v.accepted, v.status, v.at)
            )

    def redacted(self, redaction: Redaction) -> None:
        """Take a note of what was replaced where."""
        r = redaction
        self.batch.rows["redaction"].append(
            _clean(r.exchange, r.message.value, SIDES[r.side], r.where, r.offset, r.length, r.token)
        )

    def take(self, now: float, last_seq: int, *, closing: bool = False) -> Batch:
        """The batch of the drain that ends at `now` (monotonic seconds) with `last_seq`; the next one begins.

        `closing` leaves nothing pending: open streams are written, too, and folded.
        """
        self.last_seq = last_seq
        waiting, self._waiting = self._waiting, []
        batch = self.batch
        for track in waiting:
            if track.over or closing:
                track.flush(batch, self._bodies, over=True)
            elif now - track.since >= PENDING or sum([len(c.data) for c in track.chunks]) >= SEGMENT:
                track.flush(batch, self._bodies, over=False)
            else:
                self._waiting.append(track)
                continue
            if track.last_at > self.last_at:
                self.last_at = track.last_at
        if closing:
            for exchange in self._open.values():
                self._touch(exchange)
                batch.folds += [t.seq for t in exchange.tracks if t is not None and t.foldable()]
        self._sum_up(batch)
        self._drained = now
        self.batch = Batch(self._bodies)
        self._batches += 1
        return batch

    def forget_bodies(self) -> None:
        """A batch was given up: what it would have stored is not in the file."""
        self._bodies.forget()

    def settled(self) -> int:
        """Every event with a lower sequence number has been handed over."""
        return min([track.seqs[0] for track in self._waiting], default=self.last_seq + 1)

    def _sum_up(self, batch: Batch) -> None:
        touched, self._touched = self._touched, []
        for exchange in touched:
            exchange.touched = False
            batch.rows["exchange"].append(exchange.row())
            if exchange.finished():
                del self._open[exchange.id]

    def _touch(self, exchange: OpenExchange) -> None:
        if not exchange.touched:
            exchange.touched = True
            self._touched.append(exchange)

    def _exchange(self, event: RequestHead | ResponseHead | Chunk | End | Abort, seq: int) -> OpenExchange:
        exchange = self._open.get(event.exchange)
        if exchange is None:
            exchange = self._open[event.exchange] = OpenExchange(event.exchange, seq, event.at)
            self._touch(exchange)
        return exchange

    def _request(self, seq: int, event: RequestHead) -> None:
        exchange = self._exchange(event, seq)
        method, target = event.method.decode("latin-1"), event.target.decode("latin-1")
        kind, scheme, host, client, server = (
            _KINDS[event.kind],
            event.scheme,
            event.host,
            event.client,
            event.server,
        )
        if not (scheme + host + client + server).isascii():
            scheme, host, client, server = map(_text, (scheme, host, client, server))
        row: list[object] = [
            *(seq, event.exchange, SIDES[event.side], event.at, None, None, None),
            *(kind, method, scheme, host, event.port, target, event.version.decode("latin-1")),
            *(to_text(event.headers), client, server),
        ]
        exchange.kind = kind
        if exchange.line[0] is None:
            exchange.line = (method, scheme, host, event.port, target, client)
        if server:
            exchange.server = server
        self._touch(exchange)
        self._head(exchange, 0, row, int(event.side), "request")

    def _response(self, seq: int, event: ResponseHead) -> None:
        exchange = self._exchange(event, seq)
        row: list[object] = [
            *(seq, event.exchange, SIDES[event.side], event.at, None, None, None),
            *(event.status, event.reason.decode("latin-1"), event.version.decode("latin-1")),
            to_text(event.headers),
        ]
        if exchange.status is None and exchange.line[0] is not None:
            exchange.first_byte = event.at - exchange.at
        exchange.status = event.status
        if exchange.kind == "websocket" and event.status != 101:
            exchange.kind = "http"  # an upgrade that was refused is a plain exchange
        exchange.sse = _is_event_stream(event)
        self._touch(exchange)
        self._head(exchange, 1, row, int(event.side), "response")

    def _head(self, exchange: OpenExchange, index: int, row: list[object], side: int, table: str) -> None:
        """Add the row of a head, or its time alone to that of the other side's equal one."""
        exchange.sides |= side
        batch = self.batch
        first = exchange.heads[index]
        is_second = first is not None and first.side + side == 3
        if first is None or not is_second or first.row[7:] != row[7:]:
            batch.rows[table].append(row)
            # What both sides have seen waits for nothing, and an open exchange is not to keep rows alive.
            exchange.heads[index] = None if is_second or side == 3 else Head(row, side, self._batches)
            return
        second = [SIDES[side], row[0], row[3]]
        if first.batch == self._batches:
            first.row[2] = "both"
            first.row[4:7] = second
        else:
            batch.rows["second_" + table].append((*second, first.row[0]))
        exchange.heads[index] = None

    def _track(self, exchange: OpenExchange, event: Chunk | End, seq: int) -> Track:
        index = event.side + (RESPONSE if event.message is Message.RESPONSE else 0)
        track = exchange.tracks[index]
        if track is None or track.over:
            track = exchange.tracks[index] = Track(exchange.id, event.message, event.side, seq)
            if exchange.sse and index > RESPONSE and index & 1:
                track.count = EventCount()
        return track

    def _wait(self, track: Track) -> None:
        # The chunk may have come right after the last drain: its wait is counted from there.
        track.since = self._drained
        self._waiting.append(track)

    def _end(self, seq: int, event: End) -> None:
        exchange = self._exchange(event, seq)
        track = self._track(exchange, event, seq)
        track.end, track.end_seq = event, seq
        self._over(exchange, message_index(event.message), int(event.side), event.at)

    def _over(self, exchange: OpenExchange, index: int, side: int, at: int) -> None:
        """Nothing more of message `index` follows on `side`, so nothing more that is seen on both."""
        exchange.over[index] |= side
        exchange.sides |= side
        exchange.last_at = at
        self._touch(exchange)
        for track in exchange.tracks[index * RESPONSE : index * RESPONSE + 4]:
            if track is not None and not track.over and track.side & side:
                track.over = True
                if not track.chunks:
                    self._waiting.append(track)

    def _abort(self, seq: int, event: Abort) -> None:
        exchange = self._exchange(event, seq)
        if exchange.abort is None:
            exchange.abort = event
        for index in (0, 1):
            self._over(exchange, index, int(event.side), event.at)
        self.batch.rows["abort"].append(
            (
                *(seq, event.exchange, SIDES[event.side], event.at, event.by.value, event.manner.value),
                *(_text(event.reason), event.answered),
            )
        )

    def _gap(self, seq: int, event: Gap) -> None:
        self.batch.rows["gap"].append(
            (seq, event.exchange, event.at, event.events, event.size, _text(event.because))
        )


def _is_event_stream(head: ResponseHead) -> bool:
    """A `text/event-stream` whose bytes can be counted as they are."""
    stream = False
    for name, value in head.headers:
        lowered = name.lower()
        if lowered == b"content-type":
            stream = value.partition(b";")[0].strip().lower() == b"text/event-stream"
        elif lowered == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            return False
    return stream


def _text(text: str) -> str:
    """`text` without what no UTF-8 file can hold (lone surrogates)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _clean(*values: object) -> tuple[object, ...]:
    return tuple([_text(value) if isinstance(value, str) else value for value in values])
