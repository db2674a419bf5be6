"""All that a recording knows of one stream: what a page about it shows."""

# ruff: noqa: S608 - all SQL here is made of constants

import contextlib
import json
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from recordings.index import parsed
from recordings.opening import connect
from recordings.reader import Recording

MOST = 1000
"""Events of a side, and rows of the rest, that a page shows."""

_THESE = "(SELECT value FROM json_each(?))"

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageEvent:
    """One event; `ms` since the head of the answer, `gap_ms` since the event before it."""

    number: int
    ms: float
    gap_ms: float
    event: str
    data: str


@dataclass(frozen=True, slots=True)
class StreamPage:
    """Rows of the views, as they are there; `events` by side: `both`, or `client` and `server`."""

    verdicts: list[Row]
    exchanges: list[Row]
    findings: list[Row]
    incidents: list[Row]
    events: dict[str, list[PageEvent]] = field(default_factory=dict)
    more: bool = False
    """There are more events than are shown."""


def stream_page(path: Path, stream: str) -> StreamPage | None:
    """What `path` has on the stream with this ID; None where nothing. Raises `RecordingError`."""
    with contextlib.closing(connect(path)) as connection:
        connection.row_factory = _as_dict

        def rows(sql: str, *values: object) -> list[Row]:
            return connection.execute(f"{sql} LIMIT {MOST}", values).fetchall()

        verdicts = rows("SELECT * FROM streams WHERE stream = ?", stream)
        numbers = {row[name] for row in verdicts for name in ("issued", "echoed")} - {None}
        numbers |= {row["id"] for row in rows("SELECT id FROM exchange WHERE stream = ?", stream)}
        if not numbers:
            return None
        these = json.dumps(sorted(numbers))
        exchanges = rows(f"SELECT * FROM exchanges WHERE exchange IN {_THESE}", these)
        findings = rows(f"SELECT * FROM findings WHERE stream = ? OR exchange IN {_THESE}", stream, these)
        incidents = rows(f"SELECT * FROM incidents WHERE stream = ? OR exchange IN {_THESE}", stream, these)
        heads = rows(f"SELECT id, at + first_byte AS head FROM exchange WHERE id IN {_THESE}", these)
    issued = verdicts[0]["issued"] if verdicts else None
    found: dict[str, list[PageEvent]] = {}
    more = False
    if issued is not None:
        head = next((row["head"] for row in heads if row["id"] == issued), None) or 0
        found, more = _events(path, issued, head)
    return StreamPage(verdicts, exchanges, findings, incidents, found, more)


def _events(path: Path, exchange: int, head: int) -> tuple[dict[str, list[PageEvent]], bool]:
    found: dict[str, list[PageEvent]] = {}
    with Recording(path) as recording:
        rows = list(islice(parsed(exchange, recording), 2 * MOST + 1))
    for _, side, number, _, at, event, data, _ in rows:
        events = found.setdefault(side, [])
        ms = (at - head) / 1000
        events.append(PageEvent(number, ms, ms - events[-1].ms if events else ms, event, data))
    more = any(len(events) > MOST for events in found.values())
    return {side: events[:MOST] for side, events in found.items()}, more


def _as_dict(cursor: Any, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
