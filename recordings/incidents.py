"""Incidents as rows of table `incident`, and back; and a recording's incidents, replaced."""
# ruff: noqa: S608 - all SQL here is made of constants

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from contract.findings import SIDE_NAMES
from contract.incidents import Confidence, Fact, Incident, RuledOut
from recordings.errors import RecordingError
from recordings.fields import storable
from recordings.opening import connect

COLUMNS = (
    "exchange, at, last_at, stream, scope, status, cause, confidence, summary, advice, evidence, ruled_out,"
    " possible, decides, exchanges, injected"
)
"""The columns of a row without its `id`, in the order of `incident_row`."""

_INSERT = f"INSERT INTO incident ({COLUMNS}) VALUES ({', '.join('?' * (COLUMNS.count(',') + 1))})"
_SIDES = {name: side for side, name in SIDE_NAMES.items()}


def incident_row(incident: Incident) -> tuple[object, ...]:
    """The values of `COLUMNS`."""
    i = incident
    evidence = [{"fact": e.fact, "exchange": e.exchange, "side": SIDE_NAMES[e.side]} for e in i.evidence]
    ruled_out = [{"cause": each.cause, "because": each.because} for each in i.ruled_out]
    values: tuple[object, ...] = (
        *(i.exchange, i.at, i.last_at, i.stream, i.scope, i.status, i.cause, i.confidence.value),
        *(i.summary, i.advice, _json(evidence), _json(ruled_out), _json(i.possible), i.decides),
        *(_json(i.exchanges), i.injected),
    )
    return tuple([storable(value) if isinstance(value, str) else value for value in values])


def incident_of(row: Sequence[Any]) -> Incident:
    """The incident of a row of `COLUMNS`. Raises ValueError or KeyError where the row is damaged."""
    exchange, at, last_at, stream, scope, status, cause, confidence, summary, advice, *rest = row
    evidence, ruled_out, possible, decides, exchanges, injected = rest
    try:
        return Incident(
            *(exchange, stream, scope, at, status, cause, Confidence(confidence), summary),
            evidence=tuple(
                [Fact(each["fact"], each["exchange"], _SIDES[each["side"]]) for each in _list(evidence)]
            ),
            ruled_out=tuple([RuledOut(each["cause"], each["because"]) for each in _list(ruled_out)]),
            advice=advice,
            possible=tuple(_list(possible)),
            decides=decides,
            exchanges=tuple(_list(exchanges)),
            last_at=last_at,
            injected=injected,
        )
    except TypeError as error:
        raise ValueError(f"an incident is no incident: {error}") from error


def replace(path: Path, incidents: Iterable[Incident]) -> int:
    """Store `incidents` in the finished recording at `path` in the place of those there; how many.

    For a diagnosis that is made afterwards. Raises `RecordingError` where the recording is not usable, or
    not closed: its writer may still add to it.
    """
    with contextlib.closing(connect(path)) as reading:
        row = reading.execute("SELECT closed FROM run").fetchone()
    if row is None or row[0] is None:
        raise RecordingError(f"{path}: its writer has not closed it; store the incidents in a copy of it")
    rows = [incident_row(each) for each in incidents]
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM incident")
            connection.executemany(_INSERT, rows)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise RecordingError(f"{path}: its incidents cannot be stored: {error}") from error
    return len(rows)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list(text: str) -> list[Any]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError(f"{text!r} is no JSON array")
    return found
