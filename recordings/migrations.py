"""The schema of a recording, as numbered steps that are only ever appended to.

`PRAGMA user_version` counts the steps that a file has had, so the newest format this program knows
is the number of steps. A step that was once released is never changed: the next one alters what it
made. Each runs in a transaction of its own together with the new `user_version`.

`docs/recording.md` describes the tables for people who query them.
"""

from collections.abc import Callable

from sqlite_utils import Database

from recordings.compression import is_utf8
from recordings.views import VIEWS, VIEWS_OF_FORMAT_2, VIEWS_OF_FORMAT_3, VIEWS_OF_FORMAT_4, VIEWS_OF_FORMAT_5

APPLICATION_ID = 0x73747264
"""`strd`, in the file's header: `file` and our reader tell a recording by it."""

TABLES = (
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        started INTEGER NOT NULL,           -- µs since 1970, UTC; every `at` counts µs from here
        mitmproxy TEXT NOT NULL,
        streamid TEXT NOT NULL,
        python TEXT NOT NULL,
        platform TEXT NOT NULL,
        pid INTEGER NOT NULL,
        profile_name TEXT NOT NULL,
        profile_toml TEXT NOT NULL,
        options TEXT NOT NULL,              -- JSON object
        last_seq INTEGER NOT NULL DEFAULT -1,
        last_at INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0, -- every event with a lower seq is in the file
        lost_events INTEGER NOT NULL DEFAULT 0,
        lost_bytes INTEGER NOT NULL DEFAULT 0,
        closed INTEGER                      -- µs from the start; NULL: the writer has not closed the file
    )""",
    """CREATE TABLE exchange (
        id INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,               -- of its first event
        at INTEGER NOT NULL,
        kind TEXT NOT NULL DEFAULT 'http',
        method TEXT, scheme TEXT, host TEXT, port INTEGER, target TEXT,
        client TEXT, server TEXT,
        status INTEGER,
        role TEXT, stream TEXT, scope TEXT,
        outcome TEXT NOT NULL DEFAULT 'open',
        ended_at INTEGER,
        first_byte INTEGER,                 -- µs from the request's head to the response's
        events INTEGER,                     -- SSE events dispatched; NULL: not an event stream, or encoded
        largest_gap INTEGER,                -- µs between two chunks of the response
        request_size INTEGER, response_size INTEGER
    )""",
    """CREATE TABLE field (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL, value TEXT NOT NULL -- as on the wire, a character a byte (latin-1)
    )""",
    """CREATE TABLE request (
        seq INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        side TEXT NOT NULL,                 -- client, server, both
        at INTEGER NOT NULL,
        second_side TEXT,                   -- 'both' seen as two heads that are alike: the later one's
        second_seq INTEGER, second_at INTEGER, -- side, sequence number and time, and its fields and its
        second_headers TEXT, second_server TEXT, -- server where they differ (NULL: as the first one's)
        kind TEXT NOT NULL, method TEXT NOT NULL, scheme TEXT NOT NULL, host TEXT NOT NULL,
        port INTEGER NOT NULL, target TEXT NOT NULL, version TEXT NOT NULL,
        headers TEXT NOT NULL,              -- JSON array of numbers of field lines, in wire order
        client TEXT NOT NULL, server TEXT NOT NULL
    )""",
    "CREATE INDEX request_exchange ON request(exchange)",
    "CREATE INDEX request_late ON request(second_seq) WHERE second_seq > seq + 1000",
    """CREATE TABLE response (
        seq INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        side TEXT NOT NULL,
        at INTEGER NOT NULL,
        second_side TEXT, second_seq INTEGER, second_at INTEGER, second_headers TEXT,
        status INTEGER NOT NULL, reason TEXT NOT NULL, version TEXT NOT NULL,
        headers TEXT NOT NULL
    )""",
    "CREATE INDEX response_exchange ON response(exchange)",
    "CREATE INDEX response_late ON response(second_seq) WHERE second_seq > seq + 1000",
    """CREATE TABLE body (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL,                 -- SHA-256 of the bytes
        size INTEGER NOT NULL,
        coding TEXT NOT NULL,               -- '' as is, 'zstd'
        data BLOB NOT NULL
    )""",
    """CREATE TABLE message (
        seq INTEGER PRIMARY KEY,            -- of its first chunk or end
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        message TEXT NOT NULL,              -- request, response
        side TEXT NOT NULL,
        at INTEGER,                         -- of the first chunk
        last_seq INTEGER NOT NULL,          -- of the last chunk or end
        chunks INTEGER NOT NULL,
        size INTEGER NOT NULL,              -- bytes that passed
        kept INTEGER NOT NULL,              -- bytes that are stored
        folded INTEGER NOT NULL,            -- 0: the chunks are in `segment`
        body INTEGER REFERENCES body(id),    -- NULL: no bytes
        timeline BLOB,                      -- NULL: at most one chunk, of `size` bytes
        end_seq INTEGER, end_at INTEGER,
        trailers TEXT                       -- as `headers`; NULL: none
    )""",
    "CREATE INDEX message_exchange ON message(exchange)",
    "CREATE INDEX message_late ON message(last_seq) WHERE last_seq > seq + 1000",
    "CREATE INDEX message_unfolded ON message(seq) WHERE folded = 0",
    """CREATE TABLE segment (
        seq INTEGER PRIMARY KEY,            -- of its first chunk
        message INTEGER NOT NULL REFERENCES message(seq),
        at INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        chunks INTEGER NOT NULL,
        size INTEGER NOT NULL,
        kept INTEGER NOT NULL,
        timeline BLOB,
        coding TEXT NOT NULL,
        data BLOB NOT NULL
    )""",
    "CREATE INDEX segment_message ON segment(message)",
    """CREATE TABLE abort (
        seq INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        side TEXT NOT NULL,
        at INTEGER NOT NULL,
        "by" TEXT NOT NULL, manner TEXT NOT NULL, reason TEXT NOT NULL,
        answered INTEGER NOT NULL
    )""",
    "CREATE INDEX abort_exchange ON abort(exchange)",
    """CREATE TABLE gap (
        seq INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL,          -- 0: of unknown exchanges
        at INTEGER NOT NULL,
        events INTEGER NOT NULL, size INTEGER NOT NULL, because TEXT NOT NULL
    )""",
    """CREATE TABLE finding (
        id INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        code TEXT NOT NULL, name TEXT NOT NULL, severity TEXT NOT NULL, verdict TEXT NOT NULL,
        message TEXT NOT NULL,
        stream TEXT NOT NULL, scope TEXT NOT NULL, side TEXT NOT NULL, at INTEGER NOT NULL,
        evidence TEXT NOT NULL              -- JSON array of [fact, value]
    )""",
    "CREATE INDEX finding_exchange ON finding(exchange)",
    """CREATE TABLE verdict (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL, scope TEXT NOT NULL,
        issued INTEGER REFERENCES exchange(id),
        exposed INTEGER,
        echoed INTEGER REFERENCES exchange(id),
        accepted INTEGER, status INTEGER, at INTEGER NOT NULL
    )""",
    """CREATE TABLE redaction (
        id INTEGER PRIMARY KEY,
        exchange INTEGER NOT NULL REFERENCES exchange(id),
        message TEXT NOT NULL, side TEXT NOT NULL,
        place TEXT NOT NULL,                -- 'header authorization', 'body', …
        offset INTEGER NOT NULL, length INTEGER NOT NULL,
        token TEXT NOT NULL                 -- equal tokens stood for equal secrets
    )""",
    "CREATE INDEX redaction_exchange ON redaction(exchange)",
)


def first_schema(db: Database) -> None:
    """Tables of format 1."""
    for statement in (*TABLES, *VIEWS):
        db.execute(statement)


def journal_of_faults(db: Database) -> None:
    """Format 2: what faults decided and changed on purpose."""
    db.execute(
        """CREATE TABLE injection (
            seq INTEGER PRIMARY KEY,
            exchange INTEGER NOT NULL,
            at INTEGER NOT NULL,
            fault TEXT NOT NULL,            -- its name in the plan
            kind TEXT NOT NULL,
            message TEXT NOT NULL,          -- request, response
            deed TEXT NOT NULL,             -- hit, miss, or what was changed
            key TEXT NOT NULL, ordinal INTEGER NOT NULL,
            name TEXT NOT NULL,             -- of a field, or words
            before BLOB, after BLOB, offset INTEGER
        )"""
    )
    db.execute("CREATE INDEX injection_exchange ON injection(exchange)")
    for view in VIEWS_OF_FORMAT_2:
        db.execute(view)


def incidents(db: Database) -> None:
    """Format 3: what failures were put down to."""
    db.execute(
        """CREATE TABLE incident (
            id INTEGER PRIMARY KEY,
            exchange INTEGER NOT NULL REFERENCES exchange(id), -- where it showed first
            at INTEGER NOT NULL, last_at INTEGER NOT NULL, -- of the first and the last exchange
            stream TEXT NOT NULL, scope TEXT NOT NULL,
            status INTEGER,
            cause TEXT NOT NULL,
            confidence TEXT NOT NULL,       -- certain, likely, possible
            summary TEXT NOT NULL, advice TEXT NOT NULL,
            evidence TEXT NOT NULL,         -- JSON array of {"fact", "exchange", "side"}
            ruled_out TEXT NOT NULL,        -- JSON array of {"cause", "because"}
            possible TEXT NOT NULL,         -- JSON array of causes, where `cause` is inconclusive
            decides TEXT NOT NULL,          -- the capture that would decide then
            exchanges TEXT NOT NULL,        -- JSON array of numbers: all that belong to it
            injected TEXT NOT NULL          -- the fault that made it on purpose; '' where none did
        )"""
    )
    db.execute("CREATE INDEX incident_exchange ON incident(exchange)")
    for view in VIEWS_OF_FORMAT_3:
        db.execute(view)


def titles(db: Database) -> None:
    """Format 4: exchanges have a title, by which Datasette calls them, and views tell more of each row."""
    db.execute(
        """ALTER TABLE exchange ADD COLUMN title TEXT GENERATED ALWAYS AS (
            coalesce(method, '?') || ' ' || coalesce(substr(target, 1, 80), '?')
            || iif(length(target) > 80, '…', '')
            || coalesce(' → ' || status, '')
        ) VIRTUAL"""
    )
    for view in ("streams", "findings", "incidents"):
        db.execute(f"DROP VIEW {view}")
    for view in VIEWS_OF_FORMAT_4:
        db.execute(view)


def readable_bodies(db: Database) -> None:
    """Format 5: view `bodies` has text for what is stored as it is; Datasette shows no view with BLOBs.

    What is no UTF-8 is told apart by its coding, `raw`, and is no text in the view.
    """
    db.conn.create_function("is_utf8", 1, is_utf8, deterministic=True)
    db.execute("UPDATE body SET coding = 'raw' WHERE coding = '' AND NOT is_utf8(CAST(data AS BLOB))")
    db.execute("DROP VIEW bodies")
    for view in VIEWS_OF_FORMAT_5:
        db.execute(view)


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    first_schema,
    journal_of_faults,
    incidents,
    titles,
    readable_bodies,
)
"""Append only. Step n brings a file of format n to format n + 1."""


def migrate(db: Database) -> None:
    """Bring `db` (in autocommit mode) to the newest format; an empty file becomes a recording."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            step(db)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
