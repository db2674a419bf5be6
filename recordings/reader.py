"""Reading a recording: finished, left behind by a killed writer, or being written right now."""
# ruff: noqa: S608 - all SQL here is made of constants

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from contract.events import Event, Form, Injection
from contract.findings import Finding, Severity, StreamVerdict, Verdict
from contract.incidents import Incident
from recordings import incidents
from recordings.errors import RecordingError
from recordings.opening import connect
from recordings.rereading import MESSAGES, SIDES, Numbered, injections
from recordings.rows import ExchangeRow, Line, Redaction, Run, RunInfo
from recordings.selection import EVERY, Selection
from recordings.sequence import Sequence
from recordings.timeline import joined, unpack
from recordings.views import URL

_EPOCH = datetime.fromtimestamp(0, UTC)

_EXCHANGES = f"""SELECT x.id, x.seq, x.at, x.kind, coalesce(x.method, ''), coalesce({URL}, ''), x.status,
    x.role, x.stream, x.scope, x.outcome, (SELECT count(*) FROM finding f WHERE f.exchange = x.id),
    x.ended_at, x.first_byte, x.events, x.largest_gap,
    coalesce(x.request_size, 0), coalesce(x.response_size, 0)
    FROM exchange x"""


_LINES = """SELECT r.seq, r.exchange, r.at, r.method, r.scheme, r.host, r.port, r.target, x.status, x.role,
    x.stream, x.scope, x.ended_at FROM request r JOIN exchange x ON x.id = r.exchange"""


class Recording:
    """A recording, opened for reading. Use it as a context manager.

    Raises `RecordingError`, naming the file, where it is missing, no recording, of a newer format or
    damaged. Sequence numbers count the run's events from 0.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._connection = connect(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def run(self) -> Run:
        """The run, as it stands now."""
        row = self._one(
            "SELECT started, mitmproxy, streamid, python, platform, pid, profile_name, profile_toml, options,"
            " last_seq, last_at, settled, lost_events, lost_bytes, closed FROM run"
        )
        started = _EPOCH + timedelta(microseconds=row[0])
        mitmproxy, streamid, python, platform, pid, profile_name, profile_toml, options = row[1:9]
        info = RunInfo(
            *(started, mitmproxy, streamid, python, platform, pid, profile_name, profile_toml),
            json.loads(options),
        )
        last_seq, last_at, settled, lost_events, lost_bytes, closed = row[9:15]
        return Run(info, last_seq, last_at, settled, lost_events, lost_bytes, closed is not None, closed)

    def events(self, since: int | None = None, until: int | None = None) -> Iterator[Event]:
        """The events with `since` <= sequence number < `until`, in order; of a live one those until now.

        Below `run.settled` none is missing; to follow a live recording, read on from there.
        """
        for some in self._lists(since, until):
            for _, event in some:
                yield event

    def batches(self) -> Iterator[list[Event]]:
        """All events in order, some at a time: the fastest way through a recording."""
        for some in self._lists(None, None):
            yield [event for _, event in some]

    def numbered(self, since: int | None = None, until: int | None = None) -> Iterator[Numbered]:
        """The same as (sequence number, event)."""
        for some in self._lists(since, until):
            yield from some

    def exchange(self, number: int) -> Iterator[Event]:
        """The events of one exchange, in order; none where there is no such exchange."""
        for some in self._guarded(Sequence(self._connection).of_exchange(number)):
            for _, event in some:
                yield event

    def heads(self, first: int, last: int) -> list[Event]:
        """The heads alone of the exchanges `first` to `last`, in order: much faster than all events."""
        with self._translated():
            return [event for _, event in Sequence(self._connection).heads(first, last)]

    def _lists(self, since: int | None, until: int | None) -> Iterator[list[Numbered]]:
        last = int(self._one("SELECT last_seq FROM run")[0]) + 1
        until = last if until is None else min(until, last)
        return self._guarded(Sequence(self._connection).read(max(since or 0, 0), until))

    def _guarded(self, lists: Iterator[list[Numbered]]) -> Iterator[list[Numbered]]:
        """The same with what is wrong with the file as `RecordingError`, but no error of the caller's."""
        while True:
            with self._translated():
                some = next(lists, None)
            if some is None:
                return
            yield some

    def exchanges(self, number: int | None = None, chosen: Selection = EVERY) -> Iterator[ExchangeRow]:
        """A line for each chosen exchange in the order of their numbers, or for one alone."""
        if number is not None:
            for row in self._all(f"{_EXCHANGES} WHERE x.id = ?", number):
                yield ExchangeRow(*row)
            return
        where, values = chosen.where()
        after = -1
        while rows := self._all(
            f"{_EXCHANGES} WHERE x.id > ? AND {where} ORDER BY x.id LIMIT 500", after, *values
        ):
            for row in rows:
                yield ExchangeRow(*row)
            after = rows[-1][0]

    def numbers(self, chosen: Selection) -> list[int]:
        """The numbers of the chosen exchanges, in order."""
        where, values = chosen.where()
        return [row[0] for row in self._all(f"SELECT x.id FROM exchange x WHERE {where} ORDER BY 1", *values)]

    def codes(self, exchanges: list[int]) -> dict[int, list[tuple[str, Severity, Verdict]]]:
        """Codes, severities and verdicts of what was found, by exchange and in order; for a few hundred."""
        found: dict[int, list[tuple[str, Severity, Verdict]]] = {}
        for number, code, severity, verdict in self._all(
            "SELECT exchange, code, severity, verdict FROM finding"
            f" WHERE exchange IN ({', '.join('?' * len(exchanges))}) ORDER BY id",
            *exchanges,
        ):
            found.setdefault(number, []).append((code, Severity(severity), Verdict(verdict)))
        return found

    def pace(self, exchange: int) -> list[int]:
        """When the chunks of an exchange's answer left for the client, in order (µs since the start)."""
        rows = self._all(
            "SELECT seq, at, chunks, folded, timeline FROM message"
            " WHERE exchange = ? AND message = 'response' AND side <> 'server' AND chunks ORDER BY seq",
            exchange,
        )
        times: list[int] = []
        for seq, at, chunks, folded, packed in rows:
            parts = [(packed, seq, at, 0)]
            if not folded:
                parts = self._all(
                    "SELECT timeline, seq, at, size FROM segment WHERE message = ? ORDER BY seq", seq
                )
            with self._translated():
                times += joined(parts).ats if chunks > 1 and parts else [at]
        return sorted(times)

    def lines(self) -> Iterator[Line]:
        """A line for each request head, in order: the fastest way to know what is there.

        Where a proxy changed the request line, the exchange has two, and the service got the later one.
        """
        after = -1
        while rows := self._all(
            f"{_LINES} WHERE r.seq > ? AND r.kind IN ('http', 'websocket') ORDER BY r.seq LIMIT 5000", after
        ):
            yield from map(Line._make, [row[1:] for row in rows])
            after = rows[-1][0]

    def request_bodies(self) -> dict[int, bytes]:
        """By exchange the first eight bytes of the SHA-256 of its request's body, where there is one."""
        return dict(
            self._all(
                "SELECT m.exchange, substr(b.hash, 1, 8) FROM message m JOIN body b ON b.id = m.body"
                " WHERE m.message = 'request' ORDER BY m.seq"
            )
        )

    def origins(self) -> list[tuple[str, str, int]]:
        """Scheme, host and port of where HTTP requests went, in the order of the first request to each.

        What was only asked to speak another protocol (101) does not count.
        """
        return [
            (scheme, host, port)
            for scheme, host, port, _ in self._all(
                "SELECT r.scheme, r.host, r.port, min(r.seq) FROM request r WHERE r.kind = 'http'"
                " AND r.exchange NOT IN (SELECT id FROM exchange WHERE status = 101)"
                " GROUP BY 1, 2, 3 ORDER BY 4"
            )
        ]

    def secure_origins(self) -> dict[tuple[str, int], set[str]]:
        """Host and port of services that were asked by TLS, each with the HTTP versions spoken."""
        found: dict[tuple[str, int], set[str]] = {}
        for host, port, version in self._all(
            "SELECT DISTINCT host, port, version FROM request"
            " WHERE scheme = 'https' AND kind = 'http' AND side <> 'client'"
        ):
            found.setdefault((host, port), set()).add(version)
        return found

    def answered_early(self) -> set[int]:
        """The exchanges whose answer began before their request was complete, or whose request never was."""
        return {
            row[0]
            for row in self._all(
                "SELECT x.id FROM exchange x JOIN message m ON m.exchange = x.id AND m.message = 'request'"
                " WHERE x.first_byte IS NOT NULL AND (m.end_at IS NULL OR m.end_at > x.at + x.first_byte)"
            )
        }

    def is_indexed(self) -> bool:
        """Whether `recordings.index` has made its tables, with their view."""
        return bool(self._all("SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = 'events'"))

    def with_lost_answers(self) -> set[int]:
        """The exchanges of whose answers' bodies bytes were not kept."""
        suspects = self._all(
            # Fewer bytes than passed: not kept, or stored without a content-coding that had made it longer.
            "SELECT exchange, seq, at, timeline FROM message"
            " WHERE message = 'response' AND kept < size AND folded"
        )
        with self._translated():
            found = {row[0] for row in suspects if Form.LOST in (unpack(row[3], *row[1:3]).forms or ())}
        found |= {
            row[0]
            for row in self._all(
                "SELECT exchange FROM message WHERE message = 'response' AND kept < size AND NOT folded"
                # What was running when the writer could not follow may lack whole chunks.
                " UNION SELECT m.exchange FROM gap g JOIN exchange x ON x.seq < g.seq"
                " JOIN message m ON m.exchange = x.id AND m.message = 'response'"
                " WHERE m.last_seq > g.seq AND (g.exchange = 0 OR g.exchange = x.id)"
            )
        }
        return found

    def findings(self, exchange: int | None = None, *, after: int = 0) -> Iterator[Finding]:
        """What the live checker found, in its order, or of one exchange alone; without the first `after`."""
        columns = "code, name, severity, verdict, message, exchange, stream, scope, side, at, evidence"
        for row in self._rows(f"SELECT id, {columns} FROM finding", exchange, after):
            code, name, severity, verdict, message, number, stream, scope, side, at, evidence = row[1:]
            yield Finding(
                *(code, name, Severity(severity), Verdict(verdict), message, number, stream, scope),
                *(SIDES[side], at, tuple((fact, value) for fact, value in json.loads(evidence))),
            )

    def verdicts(self, *, after: int = 0) -> Iterator[StreamVerdict]:
        """What the live checker said of streams, in its order; the last one of a stream holds.

        The first `after` of them are left out.
        """
        columns = "stream, scope, issued, exposed, echoed, accepted, status, at"
        for row in self._rows(f"SELECT id, {columns} FROM verdict", None, after):
            stream, scope, issued, exposed, echoed, accepted, status, at = row[1:]
            yield StreamVerdict(
                *(stream, scope, issued, _bool(exposed), echoed, _bool(accepted), status, at),
            )

    def incidents(self, exchange: int | None = None, *, after: int = 0) -> Iterator[Incident]:
        """What was diagnosed, in the order in which it was concluded; without the first `after`.

        With `exchange`, those that showed in that exchange.
        """
        for row in self._rows(f"SELECT id, {incidents.COLUMNS} FROM incident", exchange, after):
            with self._translated():
                incident = incidents.incident_of(row[1:])
            yield incident

    def redactions(self, exchange: int | None = None) -> Iterator[Redaction]:
        """Where secrets were replaced."""
        columns = "exchange, message, side, place, offset, length, token"
        for row in self._rows(f"SELECT id, {columns} FROM redaction", exchange):
            _, number, message, side, *rest = row
            yield Redaction(number, MESSAGES[message], SIDES[side], *rest)

    def with_redacted_answers(self) -> set[int]:
        """The exchanges whose answers had a secret replaced."""
        return {
            row[0] for row in self._all("SELECT DISTINCT exchange FROM redaction WHERE message = 'response'")
        }

    def injections(self, exchange: int | None = None) -> Iterator[Injection]:
        """The journal of faults in its order, of one exchange or of all."""
        narrowed, values = ("", ()) if exchange is None else (" AND exchange = ?", (exchange,))
        after = -1
        while rows := self._all(
            f"SELECT * FROM injection WHERE seq > ?{narrowed} ORDER BY seq LIMIT 500", after, *values
        ):
            for seq, event in injections(rows):
                assert isinstance(event, Injection)
                yield event
                after = seq

    def _rows(self, select: str, exchange: int | None, after: int = 0) -> Iterator[Any]:
        """Rows that begin with their `id`, a few at a time: no transaction stays open between them.

        Rows are only ever added, so an `id` is also how many there are up to it.
        """
        narrowed = "" if exchange is None else " AND exchange = ?"
        values = () if exchange is None else (exchange,)
        while rows := self._all(f"{select} WHERE id > ?{narrowed} ORDER BY id LIMIT 500", after, *values):
            yield from rows
            after = rows[-1][0]

    def _all(self, sql: str, *values: object) -> list[Any]:
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def _one(self, sql: str) -> Any:
        rows = self._all(sql)
        if not rows:
            raise RecordingError(f"{self.path}: is damaged: it says nothing of its run")
        return rows[0]

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, KeyError, IndexError) as error:
            raise RecordingError(f"{self.path}: is damaged: {error}") from error


def _bool(value: int | None) -> bool | None:
    return None if value is None else bool(value)
