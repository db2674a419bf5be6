"""Header sections survive as numbers of field lines, each of which is stored once."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Headers
from recordings import fields
from recordings.fields import FieldLines, FieldNumbers, Row

sections = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=6).map(tuple)


@contextlib.contextmanager
def stored(rows: list[Row]) -> Iterator[FieldLines]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE field (id INTEGER PRIMARY KEY, name TEXT, value TEXT)")
        connection.executemany("INSERT INTO field VALUES (?, ?, ?)", rows)
        yield FieldLines(connection)


@given(st.lists(sections, max_size=5))
def test_any_bytes_come_back_in_order(headers: list[Headers]) -> None:
    numbers, rows = FieldNumbers(), list[Row]()
    texts = [numbers.listed(section, rows) for section in headers]
    assert len(rows) == len({pair for section in headers for pair in section})
    assert [len(json.loads(text)) for text in texts] == [len(section) for section in headers]
    with stored(rows) as lines:
        assert [lines.headers(text) for text in texts] == headers


def test_other_spellings_of_the_same_json_are_understood() -> None:
    numbers, rows = FieldNumbers(), list[Row]()
    section = ((b"a", b"1"), (b"b", b"2"), (b"a", b"1"))
    assert numbers.listed(section, rows) == "[1,2,1]"
    with stored(rows) as lines:
        assert lines.headers("[1, 2,\n 1]") == section


def test_what_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with stored([(1, "a", "b")]) as lines, pytest.raises(KeyError):
        lines.headers("[1,2]")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_REMEMBERED", 10)
    numbers, rows = FieldNumbers(), list[Row]()
    sections = [((b"a", b"%d" % number), (b"b", bytes(2000))) for number in range(100)]
    texts = [numbers.listed(section, rows) for section in sections]
    assert len(rows) == 200
    assert len(numbers._numbers) <= 10
    with stored(rows) as lines:
        assert [lines.headers(text) for text in texts] == sections
        assert len(lines._pairs) <= 10 + fields._AT_ONCE


def test_what_was_not_stored_is_numbered_anew() -> None:
    numbers, rows = FieldNumbers(), list[Row]()
    section = ((b"a", b"1"),)
    assert numbers.listed(section, []) == "[1]"
    numbers.forget()
    assert numbers.listed(section, rows) == "[2]"
    assert rows == [(2, "a", "1")]
