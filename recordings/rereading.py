"""Rows back to events: what `recordings.sequence` puts in order."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate, pairwise, repeat
from typing import Any

import zstandard

from contract.events import Abort, Breaker, Event, Form, Gap, Kind, Manner, Message, Side
from recordings import fast
from recordings.compression import unsqueeze
from recordings.folding import single
from recordings.headers import from_text
from recordings.timeline import Timeline, unpack

type Numbered = tuple[int, Event]

SIDES = {"client": Side.CLIENT, "server": Side.SERVER, "both": Side.BOTH}
MESSAGES = {message.value: message for message in Message}
_KINDS = {kind.value: kind for kind in Kind}

REQUEST = (
    "seq, exchange, side, at, second_side, second_seq, second_at,"
    " kind, method, scheme, host, port, target, version, headers, client, server"
)
RESPONSE = "seq, exchange, side, at, second_side, second_seq, second_at, status, reason, version, headers"
MESSAGE = (
    "m.seq, m.exchange, m.message, m.side, m.at, m.chunks, m.size, m.folded, m.timeline,"
    " m.end_seq, m.end_at, m.trailers"
)


@lru_cache(maxsize=1024)
def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def requests(rows: list[Any]) -> list[Numbered]:
    """The events of rows of `REQUEST`."""
    events: list[Numbered] = []
    for seq, exchange, side, at, other, second, later, *rest in rows:
        kind, method, scheme, host, port, target, version, headers, client, server = rest
        fields = (
            *(_KINDS[kind], _bytes(method), scheme, host, port, target.encode("latin-1")),
            *(_bytes(version), from_text(headers), client, server),
        )
        _add(events, fast.request_head, seq, exchange, side, at, other, second, later, fields)
    return events


def responses(rows: list[Any]) -> list[Numbered]:
    """The events of rows of `RESPONSE`."""
    events: list[Numbered] = []
    for seq, exchange, side, at, other, second, later, status, reason, version, headers in rows:
        fields = (status, _bytes(reason), _bytes(version), from_text(headers))
        _add(events, fast.response_head, seq, exchange, side, at, other, second, later, fields)
    return events


def _add(
    events: list[Numbered],
    make: Callable[[int, Side, int, tuple[Any, ...]], Event],
    seq: int,
    exchange: int,
    side: str,
    at: int,
    other: str | None,
    second: int,
    later: int,
    fields: tuple[Any, ...],
) -> None:
    """Add the head, or both of a row that stands for two."""
    if other is None:
        events.append((seq, make(exchange, SIDES[side], at, fields)))
    else:
        second_side = SIDES[other]
        events.append((seq, make(exchange, Side.BOTH ^ second_side, at, fields)))
        events.append((second, make(exchange, second_side, later, fields)))


def aborts(rows: list[Any]) -> list[Numbered]:
    """The events of whole rows of table `abort`."""
    return [
        (seq, Abort(exchange, SIDES[side], at, Breaker(by), Manner(manner), reason, answered))
        for seq, exchange, side, at, by, manner, reason, answered in rows
    ]


def gaps(rows: list[Any]) -> list[Numbered]:
    """The events of whole rows of table `gap`."""
    return [(seq, Gap(*rest)) for seq, *rest in rows]


def ending(row: Any) -> list[Numbered]:
    """The end in a row of `MESSAGE` that has one."""
    _, exchange, message, side, *_ = row
    end_seq, end_at, trailers = row[9:12]
    headers = () if trailers is None else from_text(trailers)
    return [(end_seq, fast.end(exchange, MESSAGES[message], SIDES[side], end_at, headers))]


def chunks(row: Any, seq: int, at: int, size: int, packed: bytes | None, body: bytes) -> list[Numbered]:
    """Chunks of the message in `row`: those of `packed`, or a single one, with the bytes of `body`."""
    exchange, message, side = row[1], MESSAGES[row[2]], SIDES[row[3]]
    if packed is None:
        return [(seq, fast.chunk(exchange, message, side, at, body, size, Form.WIRE))]
    line = unpack(packed, seq, at)
    sizes = line.sizes if line.kept is None else line.kept
    pieces = [body[start:stop] for start, stop in pairwise(accumulate(sizes, initial=0))]
    return _numbered(row, line, pieces)


def _numbered(row: Any, line: Timeline, pieces: "list[bytes] | Iterator[bytes]") -> list[Numbered]:
    return list(zip(line.seqs, _events(row, line, pieces), strict=True))


def _events(row: Any, line: Timeline, pieces: "list[bytes] | Iterator[bytes]") -> Iterator[Event]:
    forms = repeat(Form.WIRE) if line.forms is None else line.forms
    return map(
        fast.chunk,
        *(repeat(row[1]), repeat(MESSAGES[row[2]]), repeat(SIDES[row[3]])),
        *(line.ats, pieces, line.sizes, forms),
    )


def long_chunks(row: Any, coding: str, data: bytes) -> Iterator[Numbered]:
    """The same for a whole, large body, which is unpacked only as far as it is read."""
    line = single(row[6], row[0], row[4]) if row[8] is None else unpack(row[8], row[0], row[4])
    if coding:
        read = zstandard.ZstdDecompressor().stream_reader(data).read
        pieces = (read(size) for size in (line.sizes if line.kept is None else line.kept))
    else:
        bounds = pairwise(accumulate(line.sizes if line.kept is None else line.kept, initial=0))
        pieces = (data[start:stop] for start, stop in bounds)
    return zip(line.seqs, _events(row, line, pieces), strict=True)


def segment_chunks(connection: sqlite3.Connection, row: Any, after: int) -> tuple[list[Numbered], int]:
    """Chunks after number `after` of the next segment, and the segment's last number; [] and -1: no more."""
    found = connection.execute(
        "SELECT seq, at, size, timeline, coding, data, last_seq FROM segment"
        " WHERE message = ? AND last_seq > ? ORDER BY seq LIMIT 1",
        (row[0], after),
    ).fetchone()
    if found is None:
        return [], -1
    seq, at, size, timeline, coding, data, last = found
    events = chunks(row, seq, at, size, timeline, unsqueeze(coding, data))
    return [each for each in events if each[0] > after], last
