"""Chat sessions, their messages and their streaming session IDs, in the chat service's own database."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from lab.database import open_database, transaction
from lab.web import timestamp

SCHEMA = """
CREATE TABLE IF NOT EXISTS session (
    id TEXT PRIMARY KEY, user TEXT, title TEXT, model TEXT, source TEXT, created TEXT, updated TEXT,
    streaming_id TEXT);
CREATE INDEX IF NOT EXISTS session_user ON session (user);
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, session TEXT REFERENCES session ON DELETE CASCADE,
    role TEXT, content TEXT, timestamp TEXT);
CREATE INDEX IF NOT EXISTS message_session ON message (session);
"""

COLUMNS = "id, user, title, model, source, created, updated"


@dataclass(frozen=True, slots=True)
class Session:
    """A chat session; times as the API shows them."""

    id: str
    user: str
    title: str
    model: str
    source: str
    created: str
    updated: str


class Store:
    """Everything that the chat service keeps."""

    def __init__(self, path: Path) -> None:
        self._database = open_database(path, SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def create(self, user: str, title: str, model: str, source: str) -> Session:
        """Make a session."""
        now = timestamp()
        session = Session(str(uuid4()), user, title, model, source, now, now)
        row = (session.id, user, title, model, source, now, now)
        self._database.execute(f"INSERT INTO session ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - a constant
        return session

    def find(self, session: str, user: str) -> Session | None:
        """A user's own session."""
        query = f"SELECT {COLUMNS} FROM session WHERE id = ? AND user = ?"  # noqa: S608 - a constant
        row = self._database.execute(query, (session, user)).fetchone()
        return Session(**row) if row else None

    def page(self, user: str, page: int, limit: int) -> tuple[list[Session], int]:
        """One page of a user's sessions, the newest first, and how many there are in all."""
        query = f"SELECT {COLUMNS} FROM session WHERE user = ? ORDER BY rowid DESC LIMIT ? OFFSET ?"  # noqa: S608 - a constant
        rows = self._database.execute(query, (user, limit, (page - 1) * limit))
        sessions = [Session(**row) for row in rows]
        total = self._database.execute("SELECT count(*) FROM session WHERE user = ?", (user,)).fetchone()[0]
        return sessions, total

    def delete(self, session: str) -> None:
        """Remove a session, its messages and its streaming session ID."""
        self._database.execute("DELETE FROM session WHERE id = ?", (session,))

    def add_message(self, session: str, role: str, content: str) -> str:
        """Append a message; the answer is its time."""
        now = timestamp()
        with transaction(self._database) as database:
            query = "INSERT INTO message (session, role, content, timestamp) VALUES (?, ?, ?, ?)"
            database.execute(query, (session, role, content, now))
            database.execute("UPDATE session SET updated = ? WHERE id = ?", (now, session))
        return now

    def messages(self, session: str) -> list[dict[str, str]]:
        """A session's messages, oldest first: role, content, timestamp."""
        query = "SELECT role, content, timestamp FROM message WHERE session = ? ORDER BY id"
        return [dict(row) for row in self._database.execute(query, (session,))]

    def keep_streaming_id(self, session: str, streaming_id: str) -> None:
        """Store the ID of the newest stream in a session."""
        self._database.execute("UPDATE session SET streaming_id = ? WHERE id = ?", (streaming_id, session))

    def streaming_id(self, session: str) -> str | None:
        """The stored ID; None where no stream was started yet."""
        row = self._database.execute("SELECT streaming_id FROM session WHERE id = ?", (session,)).fetchone()
        return row["streaming_id"] if row else None
