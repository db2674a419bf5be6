"""Incidents come back from a recording as they were concluded, by whichever way they got there."""

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.events import Event, Side
from contract.findings import SIDE_NAMES, Output
from contract.incidents import Confidence, Fact, Incident, RuledOut, incident_fields
from contract.profile import builtin
from recordings import incidents, writer
from recordings.errors import RecordingError
from recordings.export import copy_live
from recordings.incidents import incident_of, incident_row
from recordings.reader import Recording
from recordings.writer import Writer
from tests.support.sequences import RUN, Plain, record, small

STALE = Incident(
    exchange=3,
    stream="stream-1-0000abcd",
    scope="chat s1",
    at=2_000_000,
    status=400,
    cause="client-stale-id",
    confidence=Confidence.CERTAIN,
    summary="The client sent the ID of the stream before.",
    evidence=(Fact("sent “stream-0”", 3, Side.CLIENT), Fact("issued <b>stream-1</b>", 2, Side.BOTH)),
    ruled_out=(RuledOut("server-not-stored", "the service had accepted this ID in exchange 1"),),
    advice="Keep the ID of the newest answer.",
    exchanges=(2, 3),
    last_at=2_500_000,
)
OPEN = Incident(
    *(1, "", "", 1_000, None, "inconclusive", Confidence.POSSIBLE, "No answer arrived."),
    possible=("server-truncated", "network-truncated"),
    decides="a recording behind the hop",
    exchanges=(1,),
    last_at=1_000,
    injected="cut",
)

texts = st.text(max_size=20)
numbers = st.integers(1, 2**40)
made = st.builds(
    Incident,
    *(numbers, texts, texts, numbers, st.none() | st.integers(0, 999), texts, st.sampled_from(Confidence)),
    summary=texts,
    evidence=st.lists(st.builds(Fact, texts, numbers, st.sampled_from([*SIDE_NAMES])), max_size=3).map(tuple),
    ruled_out=st.lists(st.builds(RuledOut, texts, texts), max_size=3).map(tuple),
    advice=texts,
    possible=st.lists(texts, max_size=3).map(tuple),
    decides=texts,
    exchanges=st.lists(numbers, max_size=4).map(tuple),
    last_at=numbers,
    injected=texts,
)


class Diagnosing:
    """A checker that concludes the two incidents when the run is over."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def feed_all(self, events: Iterable[Event], out: list[Output]) -> None:
        pass

    def advance(self, at: int) -> list[Output]:
        return []

    def end(self) -> list[Output]:
        return [STALE, OPEN]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording whose writer was given two incidents by the checker."""
    monkeypatch.setattr(writer, "Explainer", Diagnosing)
    judged: list[Output] = []
    writing = Writer(
        tmp_path / "r.db",
        RUN,
        redactor=Plain(),
        profile=builtin("chat"),
        on_judged=judged.extend,
        on_trouble=print,
    )
    for event in (*small(1), *small(2, 5_000), *small(3, 9_000)):
        writing.put(event)
    assert writing.close().clean
    assert judged == [STALE, OPEN]
    return tmp_path / "r.db"


def rows(path: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@given(made)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_incident_survives_being_a_row(incident: Incident) -> None:
    assert incident_of(incident_row(incident)) == incident


def test_what_the_checker_concludes_is_in_the_recording(path: Path) -> None:
    with Recording(path) as recording:
        assert list(recording.incidents()) == [STALE, OPEN]
        assert list(recording.incidents(1)) == [OPEN]
        assert list(recording.incidents(after=1)) == [OPEN]
        assert list(recording.incidents(2)) == []
        assert incident_fields(next(recording.incidents()))["evidence"][0]["side"] == "client"


def test_the_view_has_times_in_utc_and_json_that_sqlite_can_read(path: Path) -> None:
    assert rows(path, "SELECT exchange, at, last_at, cause, confidence, injected FROM incidents") == [
        (3, "2025-02-01T00:00:01.123456Z", "2025-02-01T00:00:01.623456Z", "client-stale-id", "certain", ""),
        (1, *["2025-01-31T23:59:59.124456Z"] * 2, "inconclusive", "possible", "cut"),
    ]
    facts = "SELECT e.value ->> 'fact', e.value ->> 'side' FROM incidents i, json_each(i.evidence) e"
    assert rows(path, facts) == [("sent “stream-0”", "client"), ("issued <b>stream-1</b>", "both")]


def test_a_copy_has_them_too(path: Path, tmp_path: Path) -> None:
    copy_live(path, tmp_path / "c.db")
    with Recording(tmp_path / "c.db") as copy:
        assert list(copy.incidents()) == [STALE, OPEN]


def test_a_later_diagnosis_takes_the_place_of_the_first(path: Path) -> None:
    assert incidents.replace(path, iter([OPEN])) == 1
    with Recording(path) as recording:
        assert list(recording.incidents()) == [OPEN]


def test_nothing_is_replaced_while_the_writer_may_add_to_it(tmp_path: Path) -> None:
    path = record(tmp_path / "r.db", small(1))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE run SET closed = NULL")
    with pytest.raises(RecordingError, match=r"r\.db: its writer has not closed it"):
        incidents.replace(path, [OPEN])


@pytest.mark.parametrize(
    "damage", ["evidence = '[1]'", "evidence = '{'", "possible = '1'", "confidence = ''"]
)
def test_a_damaged_one_is_one_sentence(path: Path, damage: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE incident SET {damage}")
    with Recording(path) as recording, pytest.raises(RecordingError, match=r"r\.db: is damaged: "):
        list(recording.incidents())
