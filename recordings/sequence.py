"""The events of a recording in their order, in memory that does not grow with the recording.

Rows are read in windows of sequence numbers, each in one short transaction, so that a live
recording's writer is never held up. What a row holds beyond its window waits. Long bodies, and
those that are still in segments, are unpacked only as far as the order has come.
"""
# ruff: noqa: S608 - all SQL here is made of constants

import contextlib
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any

from recordings import rereading
from recordings.compression import unsqueeze
from recordings.fields import FieldLines
from recordings.rereading import MESSAGE, REQUEST, RESPONSE, Numbered

LONG = 1024 * 1024
"""Bytes of a body above which it is not unpacked at once."""

_WINDOW_ROWS, _WINDOW_BYTES, _WINDOW_SPAN = 512, 4 * 1024 * 1024, 1024
"""Where a window ends at the latest: what comes of it is to fit into the cache of a processor."""
_AT_ONCE = 256
_FAR = 1000
"""As in the partial indexes: what reaches further than this many numbers is found by them."""


class _Long:
    """An iterator of numbered events that can be read up to a bound."""

    def __init__(self, events: Iterator[Numbered]) -> None:
        self._events = events
        self._next = next(events, None)

    def upto(self, bound: int) -> Iterator[Numbered]:
        while self._next is not None and self._next[0] < bound:
            yield self._next
            self._next = next(self._events, None)

    def skip(self, bound: int) -> None:
        for _ in self.upto(bound):
            pass

    @property
    def over(self) -> bool:
        return self._next is None


class Sequence:
    """What of a recording is loaded and not given out yet."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lines = FieldLines(connection)
        self._waiting: list[Numbered] = []
        self._long: list[_Long] = []

    def read(self, since: int, until: int) -> Iterator[list[Numbered]]:
        """Events with `since` <= number < `until`, some at a time."""
        if since > 0:
            self._load_reaching(since)
        low = since
        while low < until:
            with _transaction(self._connection):
                high = self._window(low, until)
                self._load("seq >= ? AND seq < ?", (low, high))
            yield from self._release(high)
            low = high

    def of_exchange(self, exchange: int) -> Iterator[list[Numbered]]:
        """All events of one exchange."""
        with _transaction(self._connection):
            self._load("exchange = ?", (exchange,))
        yield from self._release(1 << 62)

    def heads(self, first: int, last: int) -> list[Numbered]:
        """The heads of both messages of the exchanges `first` to `last`, in order."""
        which = ("exchange BETWEEN ? AND ?", (first, last))
        heads: list[Numbered] = []
        with _transaction(self._connection):
            for columns, table, read in (
                (REQUEST, "request", rereading.requests),
                (RESPONSE, "response", rereading.responses),
            ):
                rows = self._query(f"SELECT {columns} FROM {table} WHERE {which[0]}", which[1])
                heads += read(rows, self._lines)
        return sorted(heads, key=_number)

    def _window(self, low: int, until: int) -> int:
        """Where the window that begins at `low` ends."""
        until = min(until, low + _WINDOW_SPAN)
        rows = self._connection.execute(
            "SELECT seq, kept FROM message WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?",
            (low, until, _WINDOW_ROWS),
        ).fetchall()
        size = 0
        for seq, kept in rows:
            size += kept if kept <= LONG else 0
            if size > _WINDOW_BYTES and seq > low:
                return int(seq)
        return int(rows[-1][0]) if len(rows) == _WINDOW_ROWS else until

    def _load(self, where: str, of: tuple[int, ...]) -> None:
        """Take up what the rows of all tables that fulfil `where` hold."""
        query, waiting, lines = self._query, self._waiting, self._lines
        waiting += rereading.requests(query(f"SELECT {REQUEST} FROM request WHERE {where}", of), lines)
        waiting += rereading.responses(query(f"SELECT {RESPONSE} FROM response WHERE {where}", of), lines)
        waiting += rereading.aborts(query(f"SELECT * FROM abort WHERE {where}", of))
        waiting += rereading.gaps(query(f"SELECT * FROM gap WHERE {where}", of))
        waiting += rereading.injections(query(f"SELECT * FROM injection WHERE {where}", of))
        self._load_messages(where, of)

    def _query(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        return self._connection.execute(sql, values).fetchall()

    def _load_messages(self, where: str, of: tuple[int, ...]) -> None:
        rows = self._query(
            f"SELECT {MESSAGE}, b.coding, iif(m.kept > {LONG}, NULL, b.data), m.body"
            f" FROM message m LEFT JOIN body b ON b.id = m.body WHERE {where}",
            of,
        )
        waiting = self._waiting
        for row in rows:
            if row[9] is not None:
                waiting.append(rereading.ending(row, self._lines))
            if not row[7]:
                self._add_long(self._unfolded(row))
            elif row[5]:
                if row[13] is None and row[14] is not None:
                    self._add_long(self._folded(row, row[14]))
                else:
                    body = b"" if row[13] is None else unsqueeze(row[12], row[13])
                    waiting += rereading.chunks(row, row[0], row[4], row[6], row[8], body)

    def _add_long(self, events: Iterator[Numbered]) -> None:
        long = _Long(events)
        if not long.over:
            self._long.append(long)

    def _folded(self, row: Any, body: int) -> Iterator[Numbered]:
        (found,) = self._query("SELECT coding, data FROM body WHERE id = ?", (body,))
        return rereading.long_chunks(row, *found)

    def _unfolded(self, row: Any) -> Iterator[Numbered]:
        after = row[0] - 1
        while True:
            events, last = rereading.segment_chunks(self._connection, row, after)
            if last < 0:
                break
            yield from events
            after = last
        # The writer may have folded it while we were reading.
        now = self._query(f"SELECT {MESSAGE}, m.body FROM message m WHERE seq = ? AND folded", (row[0],))
        for row in now:
            whole = rereading.long_chunks(row, "", b"") if row[12] is None else self._folded(row, row[12])
            yield from (each for each in whole if each[0] > after)

    def _load_reaching(self, since: int) -> None:
        """Take up what began before `since` and reaches beyond it."""
        near = (since - _FAR, since, since)
        for reaches, table in (
            ("last_seq", "message"),
            ("second_seq", "request"),
            ("second_seq", "response"),
        ):
            for where, of in (
                (f"seq >= ? AND seq < ? AND {reaches} >= ? AND {reaches} <= seq + {_FAR}", near),
                (f"seq < ? AND {reaches} >= ? AND {reaches} > seq + {_FAR}", near[1:]),
            ):
                self._load_table(table, where, of)
        self._waiting = [each for each in self._waiting if each[0] >= since]
        for long in self._long:
            long.skip(since)

    def _load_table(self, table: str, where: str, of: tuple[int, ...]) -> None:
        if table == "message":
            self._load_messages(where, of)
        elif table == "request":
            self._waiting += rereading.requests(
                self._query(f"SELECT {REQUEST} FROM request WHERE {where}", of), self._lines
            )
        else:
            self._waiting += rereading.responses(
                self._query(f"SELECT {RESPONSE} FROM response WHERE {where}", of), self._lines
            )

    def _release(self, bound: int) -> Iterator[list[Numbered]]:
        """Give out, in order, what is loaded and numbered below `bound`."""
        self._waiting.sort()
        cut = bisect_left(self._waiting, bound, key=_number)
        ready, self._waiting = self._waiting[:cut], self._waiting[cut:]
        if not self._long:
            yield ready
            return
        merged = merge(ready, *(long.upto(bound) for long in self._long))
        while some := list(islice(merged, _AT_ONCE)):
            yield some
        self._long = [long for long in self._long if not long.over]


def _number(event: Numbered) -> int:
    return event[0]


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One consistent view of the file for a few queries."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
