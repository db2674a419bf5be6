"""The page on the recording tells the truth: its queries run, and its tables and views are all there are."""

import contextlib
import re
import sqlite3
from pathlib import Path

import pytest

from contract.events import Abort, Breaker, Manner, Message, Side
from contract.profile import builtin
from recordings.rows import Redaction
from recordings.writer import Writer
from tests.support.sequences import RUN, Plain, begun, chunk, small, stream

PAGE = Path(__file__).parents[2] / "docs" / "recording.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that has something of everything."""
    path = tmp_path_factory.mktemp("documentation") / "r.db"
    redactor = Plain([Redaction(1, Message.REQUEST, Side.BOTH, "header authorization", 7, 9, "xxxxxxxxx")])
    writer = Writer(
        path, RUN, redactor=redactor, profile=builtin("chat"), on_judged=lambda _: None, on_trouble=print
    )
    events = [
        *small(1),
        *stream(2),
        *begun(3),
        chunk(3, 2000, b"data: 1\n\n"),
        chunk(3, 9_000_000, b"data: 2\n\n"),
    ]
    for event in [*events, Abort(3, Side.BOTH, 9_100_000, Breaker.CLIENT, Manner.CLOSED, "gone")]:
        writer.put(event)
    assert writer.close().clean
    return path


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_there_are_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("number", range(10))
def test_each_query_gives_something(path: Path, number: int) -> None:
    assert rows(path, QUERIES[number])


def test_the_queries_give_what_they_promise(path: Path) -> None:
    (unfinished,) = rows(path, QUERIES[1])
    assert unfinished[0] == 3
    assert unfinished[1] == "2025-01-31T23:59:59.123456Z"
    assert unfinished[3:] == ("client-abort", 2, "client", "closed", "gone")
    assert rows(path, QUERIES[5]) == [("X-Streaming-Session-Id", 2)]
    assert rows(path, QUERIES[6]) == [(1, "Host", "proxy", "service")]
    assert rows(path, QUERIES[7])[0][3] == 8998.0
    assert rows(path, QUERIES[8]) == [(1, "hello")]
    assert rows(path, QUERIES[9]) == [("xxxxxxxxx", "header authorization", 1, "1")]


@pytest.mark.parametrize("kind", ["table", "view"])
def test_all_tables_and_views_are_described(path: Path, kind: str) -> None:
    text = PAGE.read_text()
    for (name,) in rows(path, f"SELECT name FROM sqlite_master WHERE type = '{kind}'"):
        assert f"`{name}`" in text
    for name in re.findall(r"^\| `(\w+)` \|(?= \w+.* \| `)", text, re.MULTILINE):
        assert rows(path, f"SELECT count(*) FROM {name}")


def test_the_views_columns_are_those_of_the_page(path: Path) -> None:
    for name, columns in re.findall(r"^\| `(\w+)` \|[^|]*\| (`.*) \|$", PAGE.read_text(), re.MULTILINE):
        for column in re.findall(r"`(\w+)`", columns):
            rows(path, f'SELECT {name}."{column}" FROM {name}')
