"""The index on demand holds the events that a browser would dispatch, and finds words in them."""

import contextlib
import dataclasses
import gzip
import os
import sqlite3
from pathlib import Path

import pytest

from contract.events import Chunk, End, Form, Message, Side
from recordings.errors import RecordingError
from recordings.index import index
from recordings.reader import Recording
from recordings.writer import Writer
from tests.support.sequences import RUN, SSE, Plain, begun, chunk, record, response, small, stream


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_events_have_their_offsets_times_and_words(tmp_path: Path) -> None:
    events = [
        *small(1),
        *begun(2),
        chunk(2, 1000, b"event: chunk\ndata: hello wor"),
        chunk(2, 2000, b"ld\n\nid: 7\ndata: again\n\n"),
        End(2, Message.RESPONSE, Side.BOTH, 3000),
    ]
    path = record(tmp_path / "r.db", events)
    assert index(path) == 2
    assert index(path) == 2
    assert rows(path, "SELECT exchange, side, number, offset, at, event, data, last_event_id FROM event") == [
        (2, "both", 1, 0, 2000, "chunk", "hello world", ""),
        (2, "both", 2, 32, 2000, "message", "again", "7"),
    ]
    found = "SELECT rowid FROM event_text WHERE event_text MATCH 'world'"
    assert rows(path, found) == [(1,)]
    with Recording(path) as recording:
        assert list(recording.events()) == events


def test_sides_that_differ_are_indexed_apart(tmp_path: Path) -> None:
    events = [
        *begun(1),
        chunk(1, 1000, b"data: a\n\ndata: b\n\n", side=Side.SERVER),
        chunk(1, 1100, b"data: a\n\n", side=Side.CLIENT),
    ]
    path = record(tmp_path / "r.db", events)
    assert index(path) == 3
    assert rows(path, "SELECT side, data FROM event") == [("client", "a"), ("server", "a"), ("server", "b")]


def test_encoded_streams_are_decoded_and_lost_bytes_end_them(tmp_path: Path) -> None:
    packed = gzip.compress(b"data: packed\n\n")
    events = [
        *begun(1)[:2],
        response(1, 5, headers=(*SSE, (b"Content-Encoding", b"gzip"))),
        chunk(1, 6, packed[:10]),
        chunk(1, 7, packed[10:]),
        *begun(2),
        chunk(2, 8, b"data: kept\n\nda"),
        Chunk(2, Message.RESPONSE, Side.BOTH, 9, b"", 20, Form.LOST),
        chunk(2, 10, b"data: unknown\n\n"),
        *begun(3)[:2],
        response(3, 5, headers=(*SSE, (b"Content-Encoding", b"gzip"))),
        chunk(3, 6, b"no gzip at all"),
    ]
    path = record(tmp_path / "r.db", events)
    index(path)
    assert rows(path, "SELECT exchange, data FROM event") == [(1, "packed"), (2, "kept")]


def test_a_recording_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    run = dataclasses.replace(RUN, pid=os.getpid())
    writer = Writer(
        tmp_path / "r.db", run, redactor=Plain(), profile=None, on_judged=lambda _: None, on_trouble=print
    )
    with pytest.raises(RecordingError, match="is still being written by process"):
        index(tmp_path / "r.db")
    writer.put(stream(1)[0])
    assert writer.close().clean
    assert index(tmp_path / "r.db") == 0
