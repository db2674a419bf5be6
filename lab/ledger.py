"""Credits as kept in the accounting database: allocations, and reservations taken from them."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from lab.database import open_database, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS allocation (
    id TEXT PRIMARY KEY, user TEXT, total NUMERIC, remaining NUMERIC, expires REAL, notes TEXT, by TEXT);
CREATE INDEX IF NOT EXISTS allocation_user ON allocation (user, expires);
CREATE TABLE IF NOT EXISTS reservation (
    session TEXT PRIMARY KEY, user TEXT, model TEXT, reserved NUMERIC, used NUMERIC,
    status TEXT, started REAL);
CREATE INDEX IF NOT EXISTS reservation_user ON reservation (user, status);
CREATE TABLE IF NOT EXISTS taken (session TEXT REFERENCES reservation, allocation TEXT, credits NUMERIC);
CREATE INDEX IF NOT EXISTS taken_session ON taken (session);
"""


class CreditsShortError(Exception):
    """More was asked for than is left; the argument is what is left."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Credits given to a user until `expires` (Unix seconds)."""

    id: str
    total: float
    remaining: float
    expires: float


@dataclass(frozen=True, slots=True)
class Reservation:
    """Credits set aside for a streaming session; `status` active, completed, failed or aborted."""

    session: str
    user: str
    model: str
    reserved: float
    used: float
    status: str
    started: float


class Ledger:
    """No credit is spent twice, lost, or made up: what is reserved is gone from the balance at once."""

    def __init__(self, path: Path) -> None:
        self._database = open_database(path, SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def allocate(self, user: str, credit: float, days: float, notes: str, by: str) -> Allocation:
        """Give credits."""
        given = Allocation(str(uuid4()), credit, credit, time.time() + days * 86400)
        row = (given.id, user, credit, credit, given.expires, notes, by)
        self._database.execute("INSERT INTO allocation VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return given

    def open(self, user: str) -> list[Allocation]:
        """Allocations with something left, those that expire first coming first."""
        query = (
            "SELECT id, total, remaining, expires FROM allocation"
            " WHERE user = ? AND remaining > 0 AND expires > ? ORDER BY expires, rowid"
        )
        return [Allocation(**row) for row in self._database.execute(query, (user, time.time()))]

    def balance(self, user: str) -> float:
        """What a user can still spend."""
        return sum(allocation.remaining for allocation in self.open(user))

    def find(self, session: str, user: str) -> Reservation | None:
        """A user's own reservation."""
        query = "SELECT * FROM reservation WHERE session = ? AND user = ?"
        row: sqlite3.Row | None = self._database.execute(query, (session, user)).fetchone()
        return Reservation(**row) if row else None

    def active(self, user: str) -> list[Reservation]:
        """A user's open reservations, oldest first."""
        query = "SELECT * FROM reservation WHERE user = ? AND status = 'active' ORDER BY started, rowid"
        return [Reservation(**row) for row in self._database.execute(query, (user,))]

    def reserve(self, session: str, user: str, model: str, credit: float) -> Reservation:
        """Set credits aside; `CreditsShortError` if too few are left, `ValueError` for a known session."""
        with transaction(self._database):
            row = (session, user, model, credit, 0, "active", time.time())
            try:
                self._database.execute("INSERT INTO reservation VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError as error:
                raise ValueError(session) from error
            available = self.balance(user)
            if available < credit:
                raise CreditsShortError(available)
            self._take(session, user, credit)
        return Reservation(*row)

    def settle(self, reservation: Reservation, used: float, status: str) -> Reservation:
        """Close a reservation: charge what was used, return the rest.

        More than was reserved is charged as far as the balance has it. A closed reservation stays as it is.
        """
        if reservation.status != "active":
            return reservation
        with transaction(self._database):
            charged = min(used, reservation.reserved + self.balance(reservation.user))
            if charged > reservation.reserved:
                self._take(reservation.session, reservation.user, charged - reservation.reserved)
            else:
                self._give_back(reservation.session, reservation.reserved - charged)
            query = "UPDATE reservation SET used = ?, status = ? WHERE session = ?"
            self._database.execute(query, (charged, status, reservation.session))
        settled = self.find(reservation.session, reservation.user)
        assert settled is not None
        return settled

    def _take(self, session: str, user: str, credit: float) -> None:
        for allocation in self.open(user):
            part = min(credit, allocation.remaining)
            credit -= part
            if part > 0:
                self._move(allocation.id, -part)
                self._database.execute("INSERT INTO taken VALUES (?, ?, ?)", (session, allocation.id, part))

    def _give_back(self, session: str, credit: float) -> None:
        query = "SELECT allocation, credits FROM taken WHERE session = ? ORDER BY rowid DESC"
        for row in self._database.execute(query, (session,)).fetchall():
            part = min(credit, row["credits"])
            credit -= part
            self._move(row["allocation"], part)

    def _move(self, allocation: str, credit: float) -> None:
        query = "UPDATE allocation SET remaining = remaining + ? WHERE id = ?"
        self._database.execute(query, (credit, allocation))
