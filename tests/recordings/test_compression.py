"""How bodies are stored, and that what is no UTF-8 is no text in a view."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.compression import squeeze, unsqueeze
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
