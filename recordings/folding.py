"""The fold: what a stream left in segments becomes one body and one timeline when it ends."""

import sqlite3
from collections.abc import Callable

from recordings.bodies import BodyRow
from recordings.compression import unsqueeze
from recordings.timeline import Timeline, joined, pack

FOLDED_AT_MOST = 16 * 1024 * 1024
"""Bytes. Larger bodies stay in segments: neither writing nor reading takes their size in memory."""

CHUNKS_AT_MOST = 100_000
"""Bodies of more chunks stay in segments, too, for the sake of their timelines."""


type NumberOf = Callable[[int, bytes], tuple[int, BodyRow | None]]

BODY = "INSERT OR IGNORE INTO body (id, hash, size, coding, data) VALUES (?, ?, ?, ?, ?)"


def single(size: int, seq: int, at: int) -> Timeline:
    """The timeline of one whole chunk, or of none, as it is stored: not at all."""
    return Timeline([seq], [at], [size])


def fold(connection: sqlite3.Connection, seq: int, number_of: NumberOf) -> None:
    """Fold the segments of the message whose row is `seq`, inside the caller's transaction."""
    segments = connection.execute(
        "SELECT timeline, seq, at, size, coding, data FROM segment WHERE message = ? ORDER BY seq", (seq,)
    ).fetchall()
    if not segments:
        return
    body = b"".join([unsqueeze(coding, data) for *_, coding, data in segments])
    timeline = pack(joined([segment[:4] for segment in segments]))
    number = None
    if body:
        number, row = number_of(seq, body)
        if row is not None:
            connection.execute(BODY, row)
    connection.execute(
        "UPDATE message SET folded = 1, body = ?, timeline = ? WHERE seq = ?", (number, timeline, seq)
    )
    connection.execute("DELETE FROM segment WHERE message = ?", (seq,))
