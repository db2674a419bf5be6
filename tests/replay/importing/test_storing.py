"""A recording is whole, however large, or not there."""

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.events import Chunk, End, Event, Form, Message, RequestHead, ResponseHead, Side
from contract.profile import builtin
from recordings.errors import RecordingError
from recordings.reader import Recording
from recordings.redaction import Redactor
from recordings.writer import BOUND
from replay.importing.storing import store
from tests.cli.recorded import run_info

BOTH = Side.BOTH
PIECE = 4 * 1024 * 1024
NOISE = random.Random(1).randbytes(PIECE)
"""What no compression makes smaller."""
KIND = ((b"Content-Type", b"application/octet-stream"),)


def download(size: int) -> Iterator[Event]:
    yield RequestHead(1, BOTH, 0, b"GET", "http", "a", 80, b"/", b"HTTP/1.1", ())
    yield End(1, Message.REQUEST, BOTH, 0)
    yield ResponseHead(1, BOTH, 1, 200, b"", b"HTTP/1.1", KIND)
    for _ in range(size // PIECE):
        yield Chunk(1, Message.RESPONSE, BOTH, 2, NOISE, PIECE)
    yield End(1, Message.RESPONSE, BOTH, 3)


def stored(path: Path, size: int) -> list[int]:
    done: list[int] = []
    redactor, info = Redactor(b"tests", enabled=False), run_info(datetime(2025, 1, 31, tzinfo=UTC))
    store(path, info, download(size), redactor=redactor, profile=builtin("chat"), advance=done.append)
    return done


def test_more_than_the_writer_would_hold_for_the_proxy_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "large.db"
    done = stored(path, BOUND + 4 * PIECE)
    with Recording(path) as recording:
        chunks = [each for each in recording.events() if isinstance(each, Chunk)]
        assert recording.run.lost_bytes == recording.run.lost_events == 0
    assert sum(len(each.data) for each in chunks) == BOUND + 4 * PIECE
    assert {each.form for each in chunks} == {Form.WIRE}
    assert sum(done) == 4 + len(chunks)


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [50_000, 3_000_000])
def test_where_the_disk_is_full_nothing_is_left_behind(room: int, tmp_path: Path) -> None:
    with files_no_longer_than(room), pytest.raises(RecordingError, match="cannot be written"):
        stored(tmp_path / "a.db", PIECE)
    assert list(tmp_path.iterdir()) == []


def test_where_it_is_interrupted_nothing_is_left_behind(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Event]:
        yield from download(0)
        raise KeyboardInterrupt

    redactor, info = Redactor(b"tests", enabled=False), run_info(datetime(2025, 1, 31, tzinfo=UTC))
    with pytest.raises(KeyboardInterrupt):
        store(
            tmp_path / "a.db",
            info,
            interrupted(),
            redactor=redactor,
            profile=builtin("chat"),
            advance=lambda _: None,
        )
    assert list(tmp_path.iterdir()) == []
