"""One exchange in full: heads of both sides, bodies as text, the events of its stream. Two passes."""

from collections import deque
from dataclasses import dataclass, field
from itertools import zip_longest

from contract.events import (
    Abort,
    Chunk,
    Deed,
    End,
    Event,
    Injection,
    Message,
    ResponseHead,
    Side,
)
from contract.findings import Finding
from contract.headers import content_coding
from contract.sse import SseEvent
from postmortem.report.comparing import message_view
from postmortem.report.lanes import Trace
from postmortem.report.model import Detail, EventRow, MessageView, StreamView
from postmortem.report.visible import shortened
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from replay.dispatch import Dispatcher, is_event_stream, is_of_response
from replay.outline import Outline, body, outline

BODY_SHOWN = 4_000
"""Characters of a body."""
DATA_SHOWN = 500
"""Characters of an event's data."""
EVENTS_SHOWN = 5
"""First events, and as many last ones."""
_JOURNAL_SHOWN = 20


def detail(
    recording: Recording, row: ExchangeRow, findings: tuple[Finding, ...]
) -> tuple[Detail, Trace | None]:
    """The exchange, and where its answer was when, if it is an event stream."""
    found = outline(recording.exchange(row.exchange))
    sides = None
    if any(found.is_event_stream(side) for side in (Side.CLIENT, Side.SERVER)):
        sides = _read(recording, row.exchange)
    aborts = found.aborts
    view = Detail(
        row=row,
        findings=findings,
        request=_message(recording, row.exchange, found, Message.REQUEST),
        response=_message(recording, row.exchange, found, Message.RESPONSE),
        stream=_stream_view(*sides) if sides else None,
        journal=tuple(_deed(each) for each in found.injections[:_JOURNAL_SHOWN]),
        end=_broken(aborts[0]) if aborts else "",
    )
    return view, _trace(*sides, is_broken=bool(aborts)) if sides else None


def _message(recording: Recording, number: int, found: Outline, message: Message) -> MessageView | None:
    sides = found.request if message is Message.REQUEST else found.response
    side = Side.CLIENT if sides[Side.CLIENT].seen else Side.SERVER
    text = note = ""
    size, lost = sides[side].size, sides[side].lost
    if size and not (message is Message.RESPONSE and found.is_event_stream(side)):
        text = _text(recording, number, message, side)
        note = f"{size:,} bytes" if text else f"{size:,} bytes, not shown: no text"
        if lost:
            note += f", of which {lost:,} were not kept"
    return message_view(message, sides[Side.CLIENT].head, sides[Side.SERVER].head, text, note)


def _text(recording: Recording, number: int, message: Message, side: Side) -> str:
    """The beginning of a body; empty where it is no text."""
    taken = bytearray()
    for piece in body(recording.exchange(number), message, side):
        taken += piece
        if len(taken) > BODY_SHOWN * 4:
            break
    if b"\0" in taken:
        return ""
    return shortened(taken.decode("utf-8", "backslashreplace"), BODY_SHOWN)


@dataclass
class _OneSide:
    """What passed on one side of an event stream."""

    side: Side
    seen: bool = False
    head_at: int | None = None
    end_at: int | None = None
    at: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    first: list[SseEvent] = field(default_factory=list)
    last: deque[SseEvent] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))
    dispatcher: Dispatcher | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, ResponseHead) and event.side & self.side:
            self.seen = is_event_stream(event)
            self.head_at = event.at
            self.dispatcher = Dispatcher(content_coding(event.headers)) if self.seen else None
        elif isinstance(event, Chunk) and self.dispatcher and is_of_response(event, self.side):
            self._add(self.dispatcher.feed(event))
        elif isinstance(event, End | Abort) and self._is_end(event):
            self.end_at = event.at

    def _is_end(self, event: End | Abort) -> bool:
        if isinstance(event, End):
            return is_of_response(event, self.side)
        return bool(event.side & self.side) and self.end_at is None

    def _add(self, events: list[SseEvent]) -> None:
        for event in events:
            self.at.append(event.at)
            self.keys.append(hash((event.event, event.data, event.id)))
            (self.first if len(self.first) < EVENTS_SHOWN else self.last).append(event)


def _read(recording: Recording, number: int) -> tuple[_OneSide, _OneSide]:
    """The client's side and the server's."""
    client, server = _OneSide(Side.CLIENT), _OneSide(Side.SERVER)
    for event in recording.exchange(number):
        client.take(event)
        server.take(event)
    return client, server


def _trace(client: _OneSide, server: _OneSide, *, is_broken: bool) -> Trace:
    both = zip(
        zip(server.at, server.keys, strict=True), zip(client.at, client.keys, strict=True), strict=False
    )
    return Trace(
        sent=server.at,
        got=client.at,
        pairs=[(sent, got) for (sent, one), (got, other) in both if one == other],
        sent_head=server.head_at,
        got_head=client.head_at,
        sent_end=server.end_at,
        got_end=client.end_at,
        is_broken=is_broken,
    )


def _stream_view(client: _OneSide, server: _OneSide) -> StreamView:
    shown, other = (client, server) if client.seen else (server, client)
    last_from = len(shown.at) - len(shown.last)
    rows = [_event_row(n, each, shown, other) for n, each in enumerate(shown.first)]
    last = [_event_row(last_from + n, each, shown, other) for n, each in enumerate(shown.last)]
    return StreamView(
        sent=len(server.at) if server.seen else None,
        got=len(client.at) if client.seen else None,
        first=tuple(rows),
        last=tuple(last),
        note=_difference(client, server),
    )


def _event_row(ordinal: int, event: SseEvent, shown: _OneSide, other: _OneSide) -> EventRow:
    here = event.at
    is_there = ordinal < len(other.keys) and other.keys[ordinal] == shown.keys[ordinal]
    there = other.at[ordinal] if is_there else None
    sent, got = (there, here) if shown.side is Side.CLIENT else (here, there)
    return EventRow(ordinal + 1, sent, got, event.event, shortened(event.data, DATA_SHOWN), event.id)


def _difference(client: _OneSide, server: _OneSide) -> str:
    if not client.seen or not server.seen or client.keys == server.keys:
        return ""
    pairs = enumerate(zip_longest(server.keys, client.keys), 1)
    first = next(number for number, (sent, got) in pairs if sent != got)
    return (
        f"The service sent {len(server.at):,} events, the client got {len(client.at):,};"
        f" from event {first:,} on they are not the same."
    )


def _broken(abort: Abort) -> str:
    reason = f": {abort.reason}" if abort.reason else ""
    return f"broken off by the {abort.by.value} ({abort.manner.value}){reason}"


def _deed(entry: Injection) -> str:
    """An entry of the journal of faults in a few words."""
    what = f"{entry.fault} ({entry.kind}): {entry.deed.value}"
    if entry.name:
        what += f" {entry.name}"
    if entry.deed in (Deed.HEADER, Deed.START, Deed.BODY):
        what += f": {_bytes(entry.before)} → {_bytes(entry.after)}"
    return what


def _bytes(value: bytes | None) -> str:
    return "nothing" if value is None else shortened(value.decode("latin-1"), 120)
