"""What was put into a recording comes back: every event, in its order, with its bytes, sides and times."""

import contextlib
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.events import Event, RequestHead
from recordings import sequence, tracks
from recordings.file import RecordingFile
from recordings.intake import Intake
from recordings.reader import Recording
from tests.support.sequences import RUN, begun, chunk, runs, small, stream

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Store:
    """The writer without its thread: drains are as long, and as far apart, as a test says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = RecordingFile(path, RUN)
        self.intake = Intake()

    def drain(self, events: list[Event], *, closing: bool = False) -> None:
        self.intake.store(events)
        batch = self.intake.take(closing=closing)
        batch.rows["run"].append((self.intake.last_seq, self.intake.last_at, self.intake.settled(), 0, 0))
        self.file.write(batch)

    def read(self) -> list[Event]:
        with Recording(self.path) as recording:
            return list(recording.events())

    def close(self) -> None:
        self.drain([], closing=True)
        self.file.mark_closed(RUN.started)
        assert self.file.to_single_file() == ""
        self.file.close()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=runs(), data=st.data())
def test_any_sequence_comes_back_however_it_was_drained(events: list[Event], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        store = Store(Path(folder, "r.db"))
        try:
            done = 0
            while done < len(events):
                count = data.draw(st.integers(1, 12))
                store.drain(events[done : done + count])
                done += count
                with Recording(store.path) as live:
                    settled = live.run.settled
                    assert list(live.events(until=settled)) == events[:settled]
        finally:
            store.close()
        assert store.read() == events
        with Recording(store.path) as recording:
            for number in range(1, 5):
                expected = [event for event in events if event.exchange == number]
                assert list(recording.exchange(number)) == expected
            since, until = sorted(data.draw(st.tuples(*[st.integers(0, len(events))] * 2)))
            assert list(recording.events(since, until)) == events[since:until]
            assert [seq for seq, _ in recording.numbered()] == list(range(len(events)))


@pytest.mark.parametrize("limits", [{}, {"FOLDED_AT_MOST": 500}, {"CHUNKS_AT_MOST": 50}])
def test_long_interleaved_streams_come_back_in_small_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int]
) -> None:
    monkeypatch.setattr(sequence, "LONG", 200)
    monkeypatch.setattr(sequence, "_WINDOW_ROWS", 3)
    monkeypatch.setattr(sequence, "_WINDOW_BYTES", 150)
    for name, limit in limits.items():
        monkeypatch.setattr(tracks, name, limit)
    streams = [stream(n, n, events=120) for n in range(1, 6)]
    events = [event for group in zip(*streams, strict=True) for event in group] + small(9)
    store = Store(tmp_path / "r.db")
    for first in range(0, len(events), 7):
        store.drain(events[first : first + 7])
    segments = store.file.connection.execute("SELECT count(*) FROM segment").fetchone()[0]
    assert bool(segments) == bool(limits)
    store.close()
    assert store.read() == events
    with Recording(store.path) as recording:
        for since in (1, 50, 333, 600):
            assert list(recording.events(since)) == events[since:]
        assert list(recording.exchange(3)) == streams[2]


def test_a_stream_that_reaches_far_is_found_from_its_middle(tmp_path: Path) -> None:
    events = [*begun(1), chunk(1, 2, b"first")]
    events += [event for number in range(2, 400) for event in small(number, number * 1000)]
    events += [chunk(1, 400_000, b"last"), *stream(1, 0, 1)[-1:]]
    store = Store(tmp_path / "r.db")
    for first in range(0, len(events), 500):
        store.drain(events[first : first + 500])
    store.close()
    with Recording(store.path) as recording:
        assert list(recording.events(since=2500)) == events[2500:]


def test_a_large_body_that_came_in_one_drain_stays_in_segments(tmp_path: Path) -> None:
    piece = bytes(range(256)) * 4096
    events = [*begun(1), *[chunk(1, n, piece) for n in range(17)], *stream(1, 0, 1)[-1:]]
    store = Store(tmp_path / "r.db")
    store.drain(events)
    segments = store.file.connection.execute("SELECT count(*) FROM segment").fetchone()[0]
    store.close()
    assert segments == 17
    assert store.read() == events


@pytest.mark.parametrize("drains", [1, 2])
def test_heads_that_differ_in_fields_alone_share_a_row(tmp_path: Path, drains: int) -> None:
    first, second, *rest = small(1)
    assert isinstance(second, RequestHead)
    store = Store(tmp_path / "r.db")
    events = [first, replace(second, server="127.0.0.1:3002"), *rest]
    for part in [events] if drains == 1 else [events[:1], events[1:]]:
        store.drain(part)
    store.close()
    assert store.read() == events
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        heads = connection.execute("SELECT side, second_side, server, second_server FROM request").fetchall()
        seen = connection.execute(
            "SELECT side, name, value FROM headers WHERE message = 'request' ORDER BY side, position"
        ).fetchall()
        servers = connection.execute("SELECT server FROM exchanges").fetchall()
    assert heads == [("both", "server", "", "127.0.0.1:3002")]
    assert seen == [
        ("client", "Host", "proxy"),
        ("client", "Content-Type", "application/json"),
        ("server", "Host", "service"),
        ("server", "Content-Type", "application/json"),
    ]
    assert servers == [("127.0.0.1:3002",)]


def test_field_lines_that_repeat_are_stored_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "r.db")
    store.drain([event for number in range(1, 20) for event in small(number)])
    store.close()
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        lines = connection.execute("SELECT name, value FROM field").fetchall()
    assert sorted(lines) == [("Content-Type", "application/json"), ("Host", "proxy"), ("Host", "service")]


def test_bytes_that_passed_on_both_sides_apart_are_stored_once(tmp_path: Path) -> None:
    from contract.events import Side

    pieces = [b"data: %d %s\n\n" % (n, b"x" * 500) for n in range(20)]
    events = [
        *begun(1),
        *[chunk(1, n, piece, side=Side.SERVER) for n, piece in enumerate(pieces)],
        chunk(1, 100, b"".join(pieces), side=Side.CLIENT),
    ]
    store = Store(tmp_path / "r.db")
    store.drain(events)
    store.close()
    with Recording(store.path) as recording:
        assert list(recording.events()) == events
    store = Store(tmp_path / "s.db")
    store.drain(events)
    store.drain([], closing=True)
    assert store.file.connection.execute("SELECT count(*) FROM body").fetchone()[0] == 1
    assert store.file.connection.execute("SELECT count(*) FROM segment").fetchone()[0] == 0
    store.file.close()
