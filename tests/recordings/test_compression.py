"""How bodies are stored, and that what is no UTF-8 is no text in a view."""

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, Message
from recordings.compression import squeeze, unsqueeze
from recordings.reader import Recording
from recordings.sequence import LONG
from tests.cli.recorded import record
from tests.contract.build import Talk


@given(st.binary(max_size=600))
def test_what_is_stored_comes_back(data: bytes) -> None:
    assert unsqueeze(*squeeze(data)) == data


@pytest.mark.parametrize(
    ("data", "coding"), [(b"plain", ""), ("“text”".encode(), ""), (b"\xff", "raw"), (b"a" * 300, "zstd")]
)
def test_the_coding_tells_what_is_text(data: bytes, coding: str) -> None:
    assert squeeze(data)[0] == coding


def test_a_view_has_text_or_nothing_so_that_every_library_can_read_it(tmp_path: Path) -> None:
    talk = Talk()
    events = [*talk.update(body=b"\xff\xfe"), *talk.update(body=b'{"a": "\xc3\xa9"}')]
    path = record(tmp_path / "r.db", events)
    with contextlib.closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT data FROM bodies WHERE message = 'request' ORDER BY exchange")
        assert [data for (data,) in found] == [None, '{"a": "é"}']


def test_large_bodies_that_cannot_be_packed_and_are_no_text_come_back(tmp_path: Path) -> None:
    data = random.Random(7).randbytes(LONG + 1000)
    talk = Talk()
    events = talk.exchange("POST", "/upload", body=data, size=100_000)
    path = record(tmp_path / "r.db", events)
    with Recording(path) as recording:
        read = b"".join(
            event.data
            for event in recording.events()
            if isinstance(event, Chunk) and event.message is Message.REQUEST
        )
    assert read == data
