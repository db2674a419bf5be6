"""From events to rows. One thread feeds it, and takes a batch at the end of each drain.

Chunks are the hot path: they are only appended to their track. All else is written in the drain in
which it came.
"""

import json
from collections.abc import Iterable

from contract.events import Abort, Chunk, End, Event, Gap, Injection, Message, RequestHead, ResponseHead, Side
from contract.findings import ExchangeFacts, Finding, Output, StreamVerdict
from contract.incidents import Incident
from recordings.batch import Batch
from recordings.bodies import Bodies
from recordings.counting import EventCount
from recordings.drained import Drained, Ended, RequestLine
from recordings.exchanges import OpenExchange
from recordings.fields import FieldNumbers, storable
from recordings.heads import (
    Head,
    are_alike_requests,
    are_alike_responses,
    event_stream,
    request_row,
    response_row,
    waiting,
)
from recordings.incidents import incident_row
from recordings.rows import Redaction
from recordings.tracks import RESPONSE, SIDES, Pending, Track

_RESPONSE, _BOTH = Message.RESPONSE, Side.BOTH


class Intake:
    """Numbers events, gathers their rows, and keeps the state of what is still open.

    `timed`: also gather the timings of `Drained`. They cost something for each chunk.
    """

    def __init__(self, *, timed: bool = False) -> None:
        self.last_seq = -1
        self.last_at = 0
        self.batch = Batch(Bodies(), FieldNumbers())
        self._batches = 0
        self._open: dict[int, OpenExchange] = {}
        self._touched: list[OpenExchange] = []
        self._waiting: list[Track] = []
        self._timed = timed
        self._streams = 0
        self._ended: list[Ended] = []
        self._requests: dict[int, RequestLine] = {}
        self._first_bytes: list[tuple[bool, int]] = []
        self._gaps: list[int] = []
        """Tracks add to this list, so it stays the same one."""
        self._stores = {
            RequestHead: self._request,
            ResponseHead: self._response,
            End: self._end,
            Abort: self._abort,
            Gap: self._gap,
            Injection: self._injection,
        }

    def store(self, events: Iterable[Event]) -> None:
        """Take `events`, and number them on from `last_seq`.

        An exception is about the event whose number `last_seq` is then; it is not stored. Those after it
        can be given in another call.
        """
        seq, last_at = self.last_seq, self.last_at
        find, stores = self._open.get, self._stores
        try:
            for event in events:
                seq += 1
                if type(event) is not Chunk:
                    stores[type(event)](seq, event)  # type: ignore[operator]
                    if event.at > last_at:
                        last_at = event.at
                    continue
                # All that a chunk costs while its stream runs.
                exchange = find(event.exchange)
                if exchange is None:
                    exchange = self._begun(event, seq)
                if event.side is _BOTH and event.message is _RESPONSE:
                    pending = exchange.streaming
                else:
                    pending = exchange.pending[_index(event)]
                if pending is None:
                    pending = self._pending(exchange, event, seq)
                pending.append(seq)
                pending.append(event)
        finally:
            self.last_seq, self.last_at = seq, max(last_at, self.last_at)

    def judged(self, output: Output) -> None:
        """Take what the checker concluded."""
        rows = self.batch.rows
        if isinstance(output, ExchangeFacts):
            exchange = self._open.get(output.exchange)
            facts = (output.role.value, storable(output.stream), storable(output.scope))
            if exchange is None:
                rows["facts"].append((*facts, output.exchange))
            else:
                exchange.facts = facts
                self._touch(exchange)
        elif isinstance(output, Finding):
            f = output
            self._note_request(f.exchange)
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

        elif isinstance(output, Incident):
            rows["incident"].append(incident_row(output))

    def redacted(self, redaction: Redaction) -> None:
        """Take a note of what was replaced where."""
        r = redaction
        self.batch.rows["redaction"].append(
            _clean(r.exchange, r.message.value, SIDES[r.side], r.where, r.offset, r.length, r.token)
        )

    def take(self, *, closing: bool = False) -> Batch:
        """The batch of this drain, with all chunks that came; the next one begins.

        `closing` also folds what is still open.
        """
        waiting, self._waiting = self._waiting, []
        batch = self.batch
        for track in waiting:
            if not track.over:
                self._flush(track, over=closing)
        if closing:
            for exchange in self._open.values():
                self._touch(exchange)
                batch.folds += [t.seq for t in exchange.tracks if t is not None and t.foldable()]
        self._sum_up(batch)
        self.batch = Batch(batch.bodies, batch.fields)
        self._batches += 1
        return batch

    def forget_stored(self) -> None:
        """A batch was given up: what it would have stored is not in the file."""
        self.batch.bodies.forget()
        self.batch.fields.forget()

    def drained(self, outputs: list[Output]) -> Drained:
        """What has come to light since the last call."""
        found = Drained(
            outputs=outputs,
            requests=self._requests,
            ended=self._ended,
            open_exchanges=len(self._open),
            open_streams=self._streams,
            first_bytes=self._first_bytes,
            gaps=self._gaps[:],
        )
        self._requests, self._ended, self._first_bytes = {}, [], []
        self._gaps.clear()
        return found

    def settled(self) -> int:
        """Every event with a lower sequence number has been handed over, once a batch was taken."""
        return self.last_seq + 1

    def _flush(self, track: Track, *, over: bool) -> None:
        exchange = self._open.get(track.exchange)
        if exchange is not None and exchange.tracks[track.index] is track:
            exchange.wait(track.index, None)
        track.flush(self.batch, over=over)
        if track.last_at > self.last_at:
            self.last_at = track.last_at

    def _sum_up(self, batch: Batch) -> None:
        touched, self._touched = self._touched, []
        rows = batch.rows["exchange"]
        for exchange in touched:
            exchange.touched = False
            row = exchange.row()
            rows.append(row)
            if exchange.finished():
                del self._open[exchange.id]
                self._streams -= exchange.stream
                if exchange.line[0] is not None:  # otherwise it is what came late of one that was over
                    self._ended.append(Ended._make((*row, exchange.stream)))

    def _note_request(self, number: int) -> None:
        exchange = self._open.get(number)
        if exchange is not None and exchange.line[0] is not None:
            self._requests[number] = RequestLine(str(exchange.line[0]), str(exchange.line[4]))

    def _touch(self, exchange: OpenExchange) -> None:
        if not exchange.touched:
            exchange.touched = True
            self._touched.append(exchange)

    def _begun(self, event: RequestHead | ResponseHead | Chunk | End | Abort, seq: int) -> OpenExchange:
        exchange = self._open[event.exchange] = OpenExchange(event.exchange, seq, event.at)
        self._touch(exchange)
        return exchange

    def _request(self, seq: int, event: RequestHead) -> None:
        exchange = self._open.get(event.exchange) or self._begun(event, seq)
        exchange.sides |= int(event.side)
        first = exchange.request
        if first is not None and are_alike_requests(first.event, event):
            server = None if event.server == first.event.server else storable(event.server)
            if server:
                exchange.server = server
                self._touch(exchange)
            self._join(first, seq, event, "request", server)
            exchange.request = None
            return
        row = request_row(seq, event, self.batch)
        if exchange.line[0] is None:
            exchange.line = (*row[10:15], row[17])
        exchange.kind = event.kind.value
        exchange.server = storable(event.server) or exchange.server
        self._touch(exchange)
        self.batch.rows["request"].append(row)
        exchange.request = waiting(first, event, row, self._batches)

    def _response(self, seq: int, event: ResponseHead) -> None:
        exchange = self._open.get(event.exchange) or self._begun(event, seq)
        exchange.sides |= int(event.side)
        is_first = exchange.status is None and exchange.line[0] is not None
        exchange.status = event.status
        if exchange.kind == "websocket" and event.status != 101:
            exchange.kind = "http"  # an upgrade that was refused is a plain exchange
        self._streams -= exchange.stream
        exchange.stream, exchange.sse = event_stream(event.headers)
        self._streams += exchange.stream
        if is_first:
            exchange.first_byte = event.at - exchange.at
            if self._timed:
                self._first_bytes.append((exchange.stream, exchange.first_byte))
        self._touch(exchange)
        first = exchange.response
        if first is not None and are_alike_responses(first.event, event):
            self._join(first, seq, event, "response")
            exchange.response = None
            return
        row = response_row(seq, event, self.batch)
        self.batch.rows["response"].append(row)
        exchange.response = waiting(first, event, row, self._batches)

    def _join[E: (RequestHead, ResponseHead)](
        self, first: Head[E], seq: int, event: E, table: str, *differing: str | None
    ) -> None:
        """Add to the row of one side's head when the other's was seen, and what differs."""
        headers = None if event.headers == first.event.headers else self.batch.headers(event.headers)
        second: list[object] = [SIDES[event.side], seq, event.at, headers, *differing]
        if first.batch == self._batches:
            first.row[2] = "both"
            first.row[4 : 4 + len(second)] = second
        else:
            self.batch.rows[f"second_{table}"].append((*second, first.row[0]))

    def _track(self, exchange: OpenExchange, index: int, seq: int) -> Track:
        track = exchange.tracks[index]
        if track is None or track.over:
            track = exchange.tracks[index] = Track(exchange.id, index, seq)
            if exchange.sse and index > RESPONSE and index & 1:
                track.count = EventCount()
            if self._timed and exchange.stream and index > RESPONSE and index & 2:
                track.gaps = self._gaps
        return track

    def _pending(self, exchange: OpenExchange, event: Chunk, seq: int) -> Pending:
        """Where the chunks of this track wait from now on."""
        index = _index(event)
        track = self._track(exchange, index, seq)
        self._waiting.append(track)
        exchange.wait(index, track.pending)
        return track.pending

    def _end(self, seq: int, event: End) -> None:
        exchange = self._open.get(event.exchange) or self._begun(event, seq)
        track = self._track(exchange, _index(event), seq)
        track.end, track.end_seq = event, seq
        side = int(event.side)
        exchange.sides |= side
        self._over(exchange, _first_index(event), side, event.at)

    def _over(self, exchange: OpenExchange, first: int, side: int, at: int) -> None:
        """Nothing more of a message follows on `side`, so nothing more that is seen on both."""
        if first:
            exchange.over_response |= side
        else:
            exchange.over_request |= side
        exchange.last_at = at
        self._touch(exchange)
        for track in exchange.tracks[first : first + RESPONSE]:
            if track is not None and not track.over and track.index & side:
                # At once, and not at the end of the drain: its chunks are still in the processor's cache.
                self._flush(track, over=True)

    def _abort(self, seq: int, event: Abort) -> None:
        exchange = self._open.get(event.exchange) or self._begun(event, seq)
        if exchange.abort is None:
            exchange.abort = event
        side = int(event.side)
        exchange.sides |= side
        for first in (0, RESPONSE):
            self._over(exchange, first, side, event.at)
        self.batch.rows["abort"].append(
            (
                *(seq, event.exchange, SIDES[event.side], event.at, event.by.value, event.manner.value),
                *(storable(event.reason), event.answered),
            )
        )

    def _gap(self, seq: int, event: Gap) -> None:
        self.batch.rows["gap"].append(
            (seq, event.exchange, event.at, event.events, event.size, storable(event.because))
        )

    def _injection(self, seq: int, event: Injection) -> None:
        self.batch.rows["injection"].append(
            (
                *(seq, event.exchange, event.at, storable(event.fault), event.kind, event.message.value),
                *(event.deed.value, storable(event.key), event.ordinal, storable(event.name)),
                *(event.before, event.after, event.offset),
            )
        )


def _index(event: Chunk | End) -> int:
    """Where the track of an event is in `OpenExchange.tracks`."""
    return event.side + (RESPONSE if event.message is _RESPONSE else 0)


def _first_index(event: End) -> int:
    """Where the tracks of its message begin there."""
    return RESPONSE if event.message is _RESPONSE else 0


def _clean(*values: object) -> tuple[object, ...]:
    return tuple([storable(value) if isinstance(value, str) else value for value in values])
