"""On demand: a table of the parsed events of all event streams, and full-text search in them.

Neither is needed to judge or to replay a recording, so neither is written while it runs.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from contract.events import Chunk, End, Event, Form, Headers, Message, ResponseHead, Side
from contract.sse import SseParser
from recordings.decoding import Decoder, decoder_for
from recordings.errors import RecordingError
from recordings.file import alive
from recordings.reader import Recording
from recordings.views import EVENTS

type EventRow = tuple[int, str, int, int, int, str, str, str]

_TABLES = (
    "DROP TABLE IF EXISTS event_text",
    "DROP TABLE IF EXISTS event",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        side TEXT NOT NULL,
        number INTEGER NOT NULL,            -- 1 for the stream's first event
        offset INTEGER NOT NULL,            -- in the stream's bytes, decoded
        at INTEGER NOT NULL,                -- µs since the start of the run, when it was complete
        event TEXT NOT NULL, data TEXT NOT NULL, last_event_id TEXT NOT NULL
    )""",
    # Written as Datasette looks for it, which then offers a search.
    """CREATE VIRTUAL TABLE event_text USING fts5(data, content="event", content_rowid="id")""",
    "DROP VIEW IF EXISTS events",
    EVENTS,
)


def index(path: Path) -> int:
    """Make the tables `event` and `event_text` of the recording at `path` anew; gives the number of events.

    Raises `RecordingError` where it is not usable, or still being written: then index a copy.
    """
    with Recording(path) as recording:
        run = recording.run
        if not run.closed and alive(run.info.pid):
            raise RecordingError(
                f"{path}: is still being written by process {run.info.pid}; index a copy of it"
            )
        try:
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
                return _fill(connection, recording)
        except sqlite3.Error as error:
            raise RecordingError(f"{path}: cannot be indexed: {error}") from error


def _fill(connection: sqlite3.Connection, recording: Recording) -> int:
    rows = connection.execute(
        "SELECT DISTINCT exchange FROM headers WHERE message = 'response' AND name LIKE 'content-type'"
        " AND value LIKE '%text/event-stream%' ORDER BY exchange"
    ).fetchall()
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _TABLES:
            connection.execute(statement)
        for (exchange,) in rows:
            connection.executemany(
                "INSERT INTO event (exchange, side, number, offset, at, event, data, last_event_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                parsed(exchange, recording),
            )
        connection.execute("INSERT INTO event_text (event_text) VALUES ('rebuild')")
        connection.execute("CREATE INDEX event_exchange ON event(exchange)")
        count = int(connection.execute("SELECT count(*) FROM event").fetchone()[0])
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return count


def parsed(exchange: int, recording: Recording) -> Iterator[EventRow]:
    """Rows of table `event` for one exchange: once if both sides are the same, else for each side."""
    sides = (Side.CLIENT, Side.SERVER)
    same = all(
        event.side == Side.BOTH
        for event in recording.exchange(exchange)
        if isinstance(event, Chunk) and event.message is Message.RESPONSE
    )
    for side in sides[:1] if same else sides:
        stream = _Stream()
        number = 0
        for event in recording.exchange(exchange):
            if isinstance(event, ResponseHead | Chunk | End) and event.side & side:
                for offset, at, name, data, last_id in stream.feed(event):
                    number += 1
                    yield (
                        exchange,
                        "both" if same else str(side.name).lower(),
                        number,
                        offset,
                        at,
                        name,
                        data,
                        last_id,
                    )


class _Stream:
    """One side of one response: decoded, as far as it was kept, and parsed."""

    def __init__(self) -> None:
        self._parser: SseParser | None = None
        self._decoder: Decoder | None = None

    def feed(self, event: Event) -> Iterator[tuple[int, int, str, str, str]]:
        if isinstance(event, ResponseHead):
            is_stream = (
                _value(event.headers, b"content-type").partition(";")[0].strip() == "text/event-stream"
            )
            self._parser = SseParser() if is_stream else None
            coding = _value(event.headers, b"content-encoding")
            self._decoder = decoder_for(coding) if coding else None
        elif isinstance(event, Chunk) and event.message is Message.RESPONSE and self._parser is not None:
            data = self._decoded(event)
            if data is None:
                self._parser = None
                return
            for each in self._parser.feed(data, event.at):
                yield each.offset, each.at, each.event, each.data, each.id

    def _decoded(self, chunk: Chunk) -> bytes | None:
        """The chunk's bytes without content-coding; None where they are lost or damaged."""
        if chunk.form is Form.LOST:
            return None
        if chunk.form is Form.DECODED or self._decoder is None:
            return chunk.data
        try:
            return self._decoder.feed(chunk.data)
        except ValueError:
            return None


def _value(headers: Headers, name: bytes) -> str:
    """The last field line called `name`, lower-cased; '' where there is none."""
    values = [value for key, value in headers if key.lower() == name]
    return values[-1].decode("latin-1").strip().lower() if values else ""
