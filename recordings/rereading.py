"""Rows back to events: what `recordings.sequence` puts in order."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise, repeat
from typing import Any

import zstandard

from contract.event_making import chunk, end, numbered_chunks, request_head, response_head
from contract.events import (
    Abort,
    Breaker,
    Deed,
    Event,
    Form,
    Gap,
    Headers,
    Injection,
    Kind,
    Manner,
    Message,
    Side,
)
from recordings.compression import ZSTD, unsqueeze
from recordings.fields import FieldLines
from recordings.folding import single
from recordings.timeline import Timeline, unpack

type Numbered = tuple[int, Event]

SIDES = {"client": Side.CLIENT, "server": Side.SERVER, "both": Side.BOTH}
_OTHER = {"client": Side.SERVER, "server": Side.CLIENT}
MESSAGES = {message.value: message for message in Message}
_KINDS = {kind.value: kind for kind in Kind}

REQUEST = (
    "seq, exchange, side, at, second_side, second_seq, second_at, second_headers, second_server,"
    " kind, method, scheme, host, port, target, version, headers, client, server"
)
RESPONSE = (
    "seq, exchange, side, at, second_side, second_seq, second_at, second_headers,"
    " status, reason, version, headers"
)
MESSAGE = (
    "m.seq, m.exchange, m.message, m.side, m.at, m.chunks, m.size, m.folded, m.timeline,"
    " m.end_seq, m.end_at, m.trailers"
)


@lru_cache(maxsize=1024)
def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def requests(rows: list[Any], lines: FieldLines) -> list[Numbered]:
    """The events of rows of `REQUEST`."""
    events: list[Numbered] = []
    for seq, exchange, side, at, other, second, later, fields, address, *rest in rows:
        kind, method, scheme, host, port, target, version, headers, client, server = rest
        line = _bytes(method), scheme, host, port, target.encode("latin-1"), _bytes(version)
        first, of = lines.headers(headers), _KINDS[kind]
        if other is None:
            events.append((seq, request_head(exchange, SIDES[side], at, *line, first, of, client, server)))
            continue
        events.append((seq, request_head(exchange, _OTHER[other], at, *line, first, of, client, server)))
        headers = first if fields is None else lines.headers(fields)
        server = server if address is None else address
        events.append(
            (second, request_head(exchange, SIDES[other], later, *line, headers, of, client, server))
        )
    return events


def responses(rows: list[Any], lines: FieldLines) -> list[Numbered]:
    """The events of rows of `RESPONSE`."""
    events: list[Numbered] = []
    for seq, exchange, side, at, other, second, later, fields, status, reason, version, headers in rows:
        line, first = (status, _bytes(reason), _bytes(version)), lines.headers(headers)
        if other is None:
            events.append((seq, response_head(exchange, SIDES[side], at, *line, first)))
            continue
        events.append((seq, response_head(exchange, _OTHER[other], at, *line, first)))
        last = first if fields is None else lines.headers(fields)
        events.append((second, response_head(exchange, SIDES[other], later, *line, last)))
    return events


def aborts(rows: list[Any]) -> list[Numbered]:
    """The events of whole rows of table `abort`."""
    return [
        (seq, Abort(exchange, SIDES[side], at, Breaker(by), Manner(manner), reason, answered))
        for seq, exchange, side, at, by, manner, reason, answered in rows
    ]


def gaps(rows: list[Any]) -> list[Numbered]:
    """The events of whole rows of table `gap`."""
    return [(seq, Gap(*rest)) for seq, *rest in rows]


def injections(rows: list[Any]) -> list[Numbered]:
    """The events of whole rows of table `injection`."""
    return [
        (seq, Injection(exchange, at, fault, kind, Message(message), Deed(deed), *rest))
        for seq, exchange, at, fault, kind, message, deed, *rest in rows
    ]


def ending(row: Any, lines: FieldLines) -> Numbered:
    """The end in a row of `MESSAGE` that has one."""
    _, exchange, message, side, *_ = row
    end_seq, end_at, trailers = row[9:12]
    headers: Headers = () if trailers is None else lines.headers(trailers)
    return end_seq, end(exchange, MESSAGES[message], SIDES[side], end_at, headers)


def chunks(row: Any, seq: int, at: int, size: int, packed: bytes | None, body: bytes) -> list[Numbered]:
    """Chunks of the message in `row`: those of `packed`, or a single one, with the bytes of `body`."""
    exchange, message, side = row[1], MESSAGES[row[2]], SIDES[row[3]]
    if packed is None:
        return [(seq, chunk(exchange, message, side, at, body, size, Form.WIRE))]
    line = unpack(packed, seq, at)
    stop = 0
    pieces = [body[stop : (stop := stop + size)] for size in _kept(line)]
    return numbered_chunks(line.seqs, exchange, message, side, line.ats, pieces, line.sizes, _forms(line))


def _kept(line: Timeline) -> Sequence[int]:
    return line.sizes if line.kept is None else line.kept


def _forms(line: Timeline) -> Iterable[Form]:
    return repeat(Form.WIRE) if line.forms is None else line.forms


def long_chunks(row: Any, coding: str, data: bytes) -> Iterator[Numbered]:
    """The same for a whole, large body, which is unpacked only as far as it is read."""
    line = single(row[6], row[0], row[4]) if row[8] is None else unpack(row[8], row[0], row[4])
    if coding == ZSTD:
        read = zstandard.ZstdDecompressor().stream_reader(data).read
        pieces = (read(size) for size in _kept(line))
    else:
        bounds = pairwise(accumulate(_kept(line), initial=0))
        pieces = (data[start:stop] for start, stop in bounds)
    of = row[1], MESSAGES[row[2]], SIDES[row[3]]
    for seq, at, piece, size, form in zip(
        line.seqs, line.ats, pieces, line.sizes, _forms(line), strict=False
    ):
        yield seq, chunk(*of, at, piece, size, form)


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
