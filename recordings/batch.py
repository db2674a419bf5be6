"""Rows on their way to the file: what one drain of the queue adds, written in one transaction.

A batch only collects. `apply` can be called again after a rollback and does the same.
"""

import functools
import itertools
import sqlite3

from contract.events import Headers
from recordings.bodies import Bodies, BodyRow
from recordings.fields import FieldNumbers
from recordings.folding import BODY, fold
from recordings.incidents import COLUMNS as INCIDENT_COLUMNS

type Row = list[object] | tuple[object, ...]

_AT_ONCE = (64, 8)
"""Rows of one statement. At every step of a statement the thread gives up the interpreter, and beside a
busy event loop it gets it back a millisecond later: a step for each row would be a thousand rows a second."""
_LARGE = ("body", "segment")
"""Rows of up to 64 KiB and more, which SQLite copies for as long as a statement lasts: fewer at once."""


def _insert(table: str, columns: str, *, rest: str = "") -> str:
    count = columns.count(",") + 1
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * count)}){rest}"  # noqa: S608 - constants


_LEARNED = (
    *("method", "scheme", "host", "port", "target", "client", "server", "status", "role", "stream", "scope"),
    *("ended_at", "first_byte", "largest_gap", "request_size", "response_size"),
)

STATEMENTS = {
    "exchange": _insert(
        "exchange",
        "id, seq, at, kind, method, scheme, host, port, target, client, server, status, role, stream, scope,"
        " outcome, ended_at, first_byte, events, largest_gap, request_size, response_size",
        # What an earlier row knows is never unlearned: late events of a finished exchange start with nothing.
        rest=" ON CONFLICT(id) DO UPDATE SET kind = iif(excluded.method IS NULL, kind, excluded.kind), "
        # But how many events there are may turn out not to be told after all.
        "events = iif(excluded.method IS NULL, events, excluded.events), "
        + ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in _LEARNED)
        + ", outcome = iif(excluded.outcome = 'open', outcome, excluded.outcome)",
    ),
    "field": _insert("field", "id, name, value"),
    "facts": "UPDATE exchange SET role = ?, stream = ?, scope = ? WHERE id = ?",
    "request": _insert(
        "request",
        "seq, exchange, side, at, second_side, second_seq, second_at, second_headers, second_server,"
        " kind, method, scheme, host, port, target, version, headers, client, server",
    ),
    "response": _insert(
        "response",
        "seq, exchange, side, at, second_side, second_seq, second_at, second_headers,"
        " status, reason, version, headers",
    ),
    "second_request": "UPDATE request SET side = 'both', second_side = ?, second_seq = ?, second_at = ?,"
    " second_headers = ?, second_server = ? WHERE seq = ?",
    "second_response": "UPDATE response SET side = 'both', second_side = ?, second_seq = ?, second_at = ?,"
    " second_headers = ? WHERE seq = ?",
    "body": BODY,
    "message": _insert(
        "message",
        "seq, exchange, message, side, at, last_seq, chunks, size, kept, folded, body, timeline,"
        " end_seq, end_at, trailers",
        rest=" ON CONFLICT(seq) DO UPDATE SET last_seq = excluded.last_seq, chunks = excluded.chunks,"
        " size = excluded.size, kept = excluded.kept, end_seq = excluded.end_seq, end_at = excluded.end_at,"
        " trailers = excluded.trailers",
    ),
    "segment": _insert("segment", "seq, message, at, last_seq, chunks, size, kept, timeline, coding, data"),
    "abort": _insert("abort", 'seq, exchange, side, at, "by", manner, reason, answered'),
    "gap": _insert("gap", "seq, exchange, at, events, size, because"),
    "injection": _insert(
        "injection",
        "seq, exchange, at, fault, kind, message, deed, key, ordinal, name, before, after, offset",
    ),
    "finding": _insert(
        "finding",
        "exchange, code, name, severity, verdict, message, stream, scope, side, at, evidence",
    ),
    "verdict": _insert("verdict", "stream, scope, issued, exposed, echoed, accepted, status, at"),
    "incident": _insert("incident", INCIDENT_COLUMNS),
    "redaction": _insert("redaction", "exchange, message, side, place, offset, length, token"),
    "run": "UPDATE run SET last_seq = ?, last_at = ?, settled = ?, lost_events = ?, lost_bytes = ?",
}


class Batch:
    """The rows of one transaction, by statement, and the messages to fold in it.

    `bodies` and `fields` remember what batches before it have stored.
    """

    __slots__ = ("_made", "bodies", "fields", "folds", "rows")

    def __init__(self, bodies: Bodies, fields: FieldNumbers) -> None:
        self.bodies = bodies
        self.fields = fields
        self._made: dict[int, tuple[int, BodyRow | None]] = {}
        self.rows: dict[str, list[Row]] = {name: [] for name in STATEMENTS}
        self.folds: list[int] = []

    def __bool__(self) -> bool:
        return any(self.rows.values()) or bool(self.folds)

    def body(self, data: bytes) -> int | None:
        """The number of a body of these bytes, stored with the rest where it is new; None for no bytes."""
        if not data:
            return None
        number, row = self.bodies.number(data)
        if row is not None:
            self.rows["body"].append(row)
        return number

    def headers(self, headers: Headers) -> str:
        """The numbers of these field lines, which are stored with the rest where they are new."""
        return self.fields.listed(headers, self.rows["field"])

    def apply(self, connection: sqlite3.Connection) -> None:
        """Execute it all within the transaction that is open on `connection`."""
        for name, statement in STATEMENTS.items():
            rows = self.rows[name]
            if rows:
                _execute(connection, name, statement, rows)
        for seq in self.folds:
            fold(connection, seq, self._folded)

    def _folded(self, message: int, body: bytes) -> tuple[int, BodyRow | None]:
        """As `Bodies.number`, and the same again when the batch is applied again."""
        if message not in self._made:
            self._made[message] = self.bodies.number(body)
        return self._made[message]


def _execute(connection: sqlite3.Connection, name: str, statement: str, rows: list[Row]) -> None:
    """Execute `statement` for all `rows`, in order, in as few steps as can be."""
    done = 0
    if statement.startswith("INSERT"):
        for size in _AT_ONCE[1:] if name in _LARGE else _AT_ONCE:
            while len(rows) - done >= size:
                values = list(itertools.chain.from_iterable(rows[done : done + size]))
                connection.execute(_of_several(name, size), values)
                done += size
    connection.executemany(statement, rows[done:] if done else rows)


@functools.cache
def _of_several(name: str, count: int) -> str:
    """The statement `name` for so many rows at once."""
    into, _, values = STATEMENTS[name].partition(" VALUES (")
    row, _, rest = values.partition(")")
    return f"{into} VALUES {', '.join([f'({row})'] * count)}{rest}"
