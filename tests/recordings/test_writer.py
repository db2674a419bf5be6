"""The writer's thread: never in the way, nothing lost unsaid, and one clean file at the end."""

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.events import Abort, Breaker, Chunk, Event, Form, Gap, Manner, Message, Side
from contract.findings import ExchangeFacts, Finding, Output, Role, Severity, StreamVerdict, Verdict
from recordings import writer as module
from recordings.errors import RecordingError, RecordingExists
from recordings.file import RecordingFile
from recordings.reader import Recording
from recordings.rows import ExchangeRow, Redaction
from recordings.writer import Writer
from tests.support.sequences import RUN, Plain, begun, chunk, request, response, small, stream


class Run:
    """A writer, and what it said."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.troubles: list[str] = []
        self.judged: list[Output] = []
        self.path = path
        self.redactor = options.pop("redactor", Plain())
        self.writer = Writer(
            path,
            options.pop("run", RUN),
            redactor=self.redactor,
            profile=options.pop("profile", None),
            on_judged=self.judged.extend,
            on_trouble=self.troubles.append,
            **options,
        )

    @property
    def file(self) -> RecordingFile:
        assert isinstance(self.writer._file, RecordingFile)
        return self.writer._file

    def put(self, events: list[Event]) -> None:
        for event in events:
            self.writer.put(event)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def begin(**options: Any) -> Run:
        runs.append(Run(options.pop("path", tmp_path / "r.db"), **options))
        return runs[-1]

    yield begin
    for run in runs:
        run.writer.close(1.0)


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def read(path: Path) -> list[Event]:
    with Recording(path) as recording:
        return list(recording.events())


def test_a_closed_recording_is_one_file_that_only_its_owner_can_read(
    tmp_path: Path, start: Callable[..., Run]
) -> None:
    events = [*small(1), *stream(2), *begun(3), chunk(3, 1000, b"data: 1\n\n")]
    before = os.umask(0)
    try:
        run = start(path=tmp_path / "new" / "r.db")
        run.put(events)
        until((tmp_path / "new" / "r.db-wal").exists)
        for path in (tmp_path / "new").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    finally:
        os.umask(before)
    closing = run.writer.close()
    assert closing.clean
    assert (closing.lost_events, closing.lost_bytes) == (0, 0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["r.db"]
    assert read(run.path) == events
    with Recording(run.path) as recording:
        assert recording.run.closed
        assert recording.run.state() == ""
        assert recording.run.info == RUN
    assert run.troubles == []


def test_a_umask_that_takes_everything_away_is_overruled(tmp_path: Path, start: Callable[..., Run]) -> None:
    before = os.umask(0o777)
    try:
        run = start()
        assert stat.S_IMODE((tmp_path / "r.db").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert run.writer.close().clean


def test_closing_twice_gives_the_same(start: Callable[..., Run]) -> None:
    run = start()
    run.put(small(1))
    assert run.writer.close() == run.writer.close()


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (stream(1)[-1:], "complete"),
        ([Abort(1, Side.BOTH, 5000, Breaker.CLIENT, Manner.CLOSED, "gone")], "client-abort"),
        ([Abort(1, Side.BOTH, 5000, Breaker.SERVER, Manner.CLOSED, "cut")], "truncated"),
        ([Abort(1, Side.BOTH, 5000, Breaker.SERVER, Manner.RESET, "RST")], "server-abort"),
        ([Abort(1, Side.BOTH, 5000, Breaker.PROXY, Manner.SHUTDOWN, "stop")], "proxy"),
        ([], "open"),
    ],
)
@pytest.mark.parametrize("paced", [False, True])
def test_an_exchange_is_summed_up(
    start: Callable[..., Run], end: list[Event], outcome: str, paced: bool
) -> None:
    run = start()
    run.put([*begun(1), chunk(1, 2000, b"event: chunk\ndata: 1\n\nda"), chunk(1, 4500, b"ta: 2\n\n")])
    if paced:
        time.sleep(0.35)
    run.put(end)
    run.writer.close()
    with Recording(run.path) as recording:
        (row,) = recording.exchanges()
    assert (row.outcome, row.status, row.method) == (outcome, 200, "POST")
    assert (row.first_byte, row.largest_gap, row.events) == (900, 2500, 2)
    assert (row.request_size, row.response_size) == (0, 31)
    assert row.url == "http://localhost:3002/api/chat/sessions/s/stream"
    assert row.ended_at == (end[0].at if end else None)


def test_events_are_not_counted_where_a_chunk_left_later_than_it_came(start: Callable[..., Run]) -> None:
    run = start()
    run.put([*begun(1), chunk(1, 2000, b"data: 1\n\n")])
    until(lambda: [row.events for row in exchanges(run.path)] == [1])
    late = Chunk(1, Message.RESPONSE, Side.CLIENT, 3000, b"data: 2\n\n", 9)
    run.put([late, *stream(1)[-1:]])
    run.writer.close()
    (row,) = exchanges(run.path)
    assert (row.events, row.response_size, row.outcome) == (None, 18, "complete")


def exchanges(path: Path) -> list[ExchangeRow]:
    with Recording(path) as recording:
        return list(recording.exchanges())


def test_an_open_stream_is_in_the_recording_while_it_runs(start: Callable[..., Run]) -> None:
    run = start()
    run.put(begun(1))
    run.put([chunk(1, 1000, b"data: 1\n\n")])
    begin = time.monotonic()
    until(lambda: len(read(run.path)) == 4)
    assert time.monotonic() - begin < 1.0
    with Recording(run.path) as recording:
        assert not recording.run.closed
        (row,) = recording.exchanges()
        assert row.outcome == "open"


def test_the_first_event_is_in_the_file_before_the_first_drain_is_long_gone(
    start: Callable[..., Run],
) -> None:
    run = start()
    run.put([request(1, 0)])
    until(lambda: read(run.path) == [request(1, 0)], 2.0)


def test_an_existing_file_is_never_written_over(tmp_path: Path, start: Callable[..., Run]) -> None:
    (tmp_path / "other").write_text("precious")
    with pytest.raises(RecordingExists, match="other: exists already"):
        start(path=tmp_path / "other")
    assert (tmp_path / "other").read_text() == "precious"
    start().writer.close()
    with pytest.raises(RecordingExists, match="a finished recording"):
        start()


def test_a_second_writer_is_told_who_has_the_file(tmp_path: Path, start: Callable[..., Run]) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.support.sequences import *\n"
        "import dataclasses, os; from recordings.writer import Writer\n"
        "run = dataclasses.replace(RUN, pid=os.getpid())\n"
        "w = Writer(Path(sys.argv[1]), run, redactor=Plain(), profile=None,"
        " on_judged=print, on_trouble=print)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    path = tmp_path / "r.db"
    with child(program, path) as process:
        with pytest.raises(RecordingExists, match=rf"is being written by another process \({process.pid}\)"):
            start()
        process.kill()
        process.wait()
        with pytest.raises(RecordingExists, match=f"left behind by process {process.pid}, which is gone"):
            start()


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(
    tmp_path: Path, start: Callable[..., Run]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match=r"file/r\.db: its folder cannot be made"):
        start(path=tmp_path / "file" / "r.db")


@contextlib.contextmanager
def child(program: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": "."},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_a_killed_writer_leaves_what_passed_up_to_300_ms_before(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tests.support.sequences import *\n"
        "from recordings.writer import Writer\n"
        "w = Writer(Path(sys.argv[1]), RUN, redactor=Plain(), profile=None,"
        " on_judged=print, on_trouble=print)\n"
        "begin = time.monotonic()\n"
        "for n in range(1, 51):\n"
        "    for event in begun(n): w.put(event)\n"
        "print('ready', flush=True)\n"
        "with open(sys.argv[1] + '.log', 'w') as log:\n"
        "    for i in range(10**6):\n"
        "        n = i % 50 + 1\n"
        "        w.put(chunk(n, i, b'data: %d\\n\\n' % i))\n"
        "        print(i, time.monotonic(), file=log, flush=True)\n"
        "        time.sleep(0.0005)\n"
    )
    path = tmp_path / "r.db"
    with child(program, path) as process:
        time.sleep(1.3)
        process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        process.wait()
    seen = {
        int(number): float(at)
        for number, at in map(str.split, path.with_suffix(".db.log").read_text().splitlines()[:-1])
    }
    with Recording(path) as recording:
        run = recording.run
        assert not run.closed
        assert run.state().startswith("the writer did not close this recording; the last event was at 2025-")
        assert {row.outcome for row in recording.exchanges()} == {"open"}
        kept = {event.at for event in recording.events() if isinstance(event, Chunk)}
        for number in range(1, 51):
            ats = [event.at for event in recording.exchange(number) if isinstance(event, Chunk)]
            assert ats == list(range(number - 1, ats[-1] + 1, 50)), "chunks are missing in the middle"
    expected = {number for number, at in seen.items() if at < killed - 0.3}
    assert len(expected) > 200
    assert expected <= kept


@pytest.fixture
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD", 0.02)
    monkeypatch.setattr(module, "_FIRST_RETRY", 0.02)
    monkeypatch.setattr(module, "_LAST_RETRY", 0.05)


class Judge:
    """A checker that counts what it was fed, and finds something in every response."""

    def __init__(self) -> None:
        self.fed: list[Event] = []

    def feed(self, event: Event) -> list[Output]:
        self.fed.append(event)
        if not isinstance(event, Gap) and type(event) is type(response(1, 0)):
            return [finding(event.exchange, event.at)]
        return []

    def feed_all(self, events: list[Event], out: list[Output]) -> None:
        for event in events:
            out += self.feed(event)

    def advance(self, at: int) -> list[Output]:
        return []

    def end(self) -> list[Output]:
        return [StreamVerdict("stream-1", "s", 1, True, None, None, None, 9)]


def finding(exchange: int, at: int) -> Finding:
    return Finding(
        *(
            "ID101",
            "id-missing",
            Severity.ERROR,
            Verdict.FAIL,
            "no “ID” \ud800"[:-1],
            exchange,
            "stream-1",
            "s",
        ),
        *(Side.CLIENT, at, (("header", "x"), ("value", "é\n"))),
    )


def test_a_locked_database_delays_but_neither_loses_nor_doubles(
    start: Callable[..., Run], fast_retries: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge()
    monkeypatch.setattr(module, "Explainer", lambda *_, **__: judge)
    run = start(profile=object())
    with contextlib.closing(sqlite3.connect(run.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run.put(small(1))
        until(lambda: run.troubles)
        run.put([*begun(2), chunk(2, 2000, b"data: 1\n\n")])
        time.sleep(0.3)
        assert run.judged == [], "a finding was handed out before it was stored"
        other.execute("ROLLBACK")
    until(lambda: len(run.troubles) == 2)
    assert "cannot be written (database is locked)" in run.troubles[0]
    assert "is written again; nothing that waited was lost" in run.troubles[1]
    closing = run.writer.close()
    expected = [*small(1), *begun(2), chunk(2, 2000, b"data: 1\n\n")]
    assert closing.clean
    assert read(run.path) == expected
    assert judge.fed == expected
    findings = [finding(1, 500), finding(1, 505), finding(2, 900)]
    verdict = StreamVerdict("stream-1", "s", 1, True, None, None, None, 9)
    assert run.judged == [*findings, verdict]
    with Recording(run.path) as recording:
        assert list(recording.findings()) == findings
        assert list(recording.findings(2)) == findings[2:]
        assert list(recording.verdicts()) == [verdict]
        assert [row.findings for row in recording.exchanges()] == [2, 1]


def test_a_full_disk_is_reported_once_and_survived(start: Callable[..., Run], fast_retries: None) -> None:
    run = start()
    run.put(small(1))
    until(lambda: len(read(run.path)) == 8)
    connection = run.file.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    streams = [event for number in range(2, 60) for event in stream(number, events=30)]
    run.put(streams)
    until(lambda: run.troubles)
    time.sleep(0.2)
    assert len(run.troubles) == 1
    assert "is full" in run.troubles[0]
    connection.execute("PRAGMA max_page_count = 1000000")
    closing = run.writer.close()
    assert closing.clean
    assert read(run.path) == [*small(1), *streams]


def test_closing_gives_up_in_time_and_says_what_was_lost(
    start: Callable[..., Run], fast_retries: None
) -> None:
    run = start()
    until(lambda: run.file.wal_size() >= 0)
    with contextlib.closing(sqlite3.connect(run.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run.put(small(1))
        begin = time.monotonic()
        closing = run.writer.close(0.5)
        assert time.monotonic() - begin < 2.0
        other.execute("ROLLBACK")
    assert not closing.clean
    assert closing.lost_events == 8
    assert closing.lost_bytes == sum(event.size for event in small(1) if isinstance(event, Chunk))


def test_once_given_up_a_recording_gets_nothing_more(start: Callable[..., Run], fast_retries: None) -> None:
    run = start()
    other = sqlite3.connect(run.path, isolation_level=None, check_same_thread=False)
    with contextlib.closing(other):
        other.execute("BEGIN IMMEDIATE")
        run.put(small(1))
        until(lambda: run.troubles)
        run.put(small(2))
        # So late that the first batch is given up before the lock is gone, and the second was not tried yet.
        original = run.writer._give_up

        def unlocked(events: list[Event]) -> None:
            original(events)
            if other.in_transaction:
                other.execute("ROLLBACK")

        run.writer._give_up = unlocked  # type: ignore[method-assign]
        closing = run.writer.close(0.3)
    assert not closing.clean
    assert closing.lost_events == 16
    assert read(run.path) == []


def test_folds_are_repeated_whole_after_a_failure(start: Callable[..., Run], fast_retries: None) -> None:
    run = start()
    piece = b"data: " + b"word " * 50 + b"\n\n"
    events = [*begun(1), *[chunk(1, 1000 + n, piece) for n in range(40)]]
    run.put(events)
    until(lambda: read(run.path) == events)
    with contextlib.closing(sqlite3.connect(run.path, isolation_level=None)) as other:
        original = run.file.write
        failed: list[bool] = []

        def fails_at_commit(batch: Any) -> None:
            connection = run.file.connection
            connection.execute("BEGIN IMMEDIATE")
            batch.apply(connection)
            connection.execute("ROLLBACK")
            failed.append(True)
            run.file.write = original  # type: ignore[method-assign]
            raise sqlite3.OperationalError("disk I/O error")

        run.file.write = fails_at_commit  # type: ignore[method-assign]
        run.put(stream(1)[-1:])
        until(lambda: len(run.troubles) == 2)
        assert failed
        assert other.execute("SELECT count(*) FROM segment").fetchone()[0] == 0
    run.writer.close()
    assert read(run.path) == [*events, *stream(1)[-1:]]


def test_a_reader_that_holds_a_transaction_does_not_let_the_log_grow(
    start: Callable[..., Run], fast_retries: None
) -> None:
    limit = 512 * 1024
    run = start(wal_limit=limit)
    run.put(small(1))
    until(lambda: len(read(run.path)) == 8)
    with contextlib.closing(sqlite3.connect(run.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM exchange").fetchone()
        number = 1
        deadline = time.monotonic() + 20
        while not any("only their lengths" in text for text in run.troubles):
            number += 1
            run.put([*begun(number), chunk(number, 5, os.urandom(60_000)), *stream(number)[-1:]])
            time.sleep(0.03)
            assert time.monotonic() < deadline
        for number in range(1000, 3000):
            run.put([*begun(number), chunk(number, 5, b"x" * 1000), *stream(number)[-1:]])
        until(lambda: any("holds a read transaction" in text for text in run.troubles))
        time.sleep(0.3)
        size = run.file.wal_size()
        other.execute("ROLLBACK")
    assert size < 4 * limit
    until(lambda: any("bodies are kept again" in text for text in run.troubles))
    run.put(stream(9000))
    closing = run.writer.close()
    assert closing.clean
    assert closing.lost_bytes > 0
    events = read(run.path)
    assert events[-len(stream(9000)) :] == stream(9000)
    lost = [event for event in events if isinstance(event, Chunk) and event.form is Form.LOST]
    assert sum(event.size for event in lost) == closing.lost_bytes
    with Recording(run.path) as recording:
        assert recording.run.lost_bytes == closing.lost_bytes
        assert "bytes of bodies were not kept" in recording.run.state()


def test_more_than_the_queue_holds_is_counted_and_said(start: Callable[..., Run], fast_retries: None) -> None:
    run = start(bound=100_000)
    with contextlib.closing(sqlite3.connect(run.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run.put(begun(1))
        sent = [chunk(1, 1000 + n, b"x" * 1000) for n in range(2000)]
        run.put(sent)
        other.execute("ROLLBACK")
    until(lambda: read(run.path))
    until(lambda: run.writer._backlog._put == run.writer._backlog._safe)
    run.put(stream(2))
    closing = run.writer.close()
    events = read(run.path)
    chunks = [event for event in events if isinstance(event, Chunk) and event.exchange == 1]
    (gap,) = [event for event in events if isinstance(event, Gap)]
    assert chunks[0].form is Form.WIRE
    assert chunks[-1].form is Form.LOST
    assert len(chunks) + gap.events == len(sent)
    assert sum(event.size for event in chunks) + gap.size == 2_000_000
    lost = sum(event.size for event in chunks if event.form is Form.LOST) + gap.size
    assert (closing.lost_events, closing.lost_bytes) == (gap.events, lost)
    assert events[-len(stream(2)) :] == stream(2)
    assert events[-len(stream(2)) - 1] == gap
    assert any("cannot keep up" in text for text in run.troubles)
    with Recording(run.path) as recording:
        assert (recording.run.lost_events, recording.run.lost_bytes) == (gap.events, lost)


def test_what_cannot_be_redacted_is_not_kept(start: Callable[..., Run]) -> None:
    class Failing(Plain):
        def feed(self, event: Event) -> list[Event]:
            if isinstance(event, Chunk):
                raise ZeroDivisionError("a bug")
            return [event]

    run = start(redactor=Failing())
    run.put(small(1))
    closing = run.writer.close()
    assert closing.lost_events == 2
    assert len(run.troubles) == 1
    events = read(run.path)
    assert len(events) == 8
    assert [event.because for event in events if isinstance(event, Gap)] == ["it could not be redacted"] * 2


def test_a_failing_checker_or_listener_does_not_end_the_recording(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Judge):
        def feed(self, event: Event) -> list[Output]:
            raise ZeroDivisionError("a bug")

    monkeypatch.setattr(module, "Explainer", lambda *_, **__: Failing())
    run = start(profile=object())
    run.put(small(1))
    assert run.writer.close().clean
    assert run.troubles == [f"{run.path}: judging stopped, recording goes on: ZeroDivisionError('a bug')"]
    assert read(run.path) == small(1)


def test_what_is_held_back_to_the_end_is_stored_and_judged_at_the_end(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Holding(Plain):
        held: list[Event]

        def feed(self, event: Event) -> list[Event]:
            self.held = [*getattr(self, "held", []), event]
            return []

        def flush(self) -> list[Event]:
            self.notes.append(Redaction(1, small(1)[2].message, Side.BOTH, "body", 3, 7, "xxxxxxx"))  # type: ignore[union-attr]
            return self.held

    judge = Judge()
    monkeypatch.setattr(module, "Explainer", lambda *_, **__: judge)
    run = start(profile=object(), redactor=Holding())
    run.put(small(1))
    run.writer.close()
    assert read(run.path) == small(1) == judge.fed
    with Recording(run.path) as recording:
        (note,) = recording.redactions()
        assert list(recording.redactions(2)) == []
    assert (note.where, note.offset, note.length, note.token) == ("body", 3, 7, "xxxxxxx")


def test_facts_reach_the_exchange_before_and_after_its_end(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Judge):
        def feed(self, event: Event) -> list[Output]:
            super().feed(event)
            return [ExchangeFacts(1, Role.ISSUE, "stream-1", "s")] if len(self.fed) == 5 else []

        def end(self) -> list[Output]:
            return [ExchangeFacts(2, Role.ECHO, "stream-1", "s")]

    monkeypatch.setattr(module, "Explainer", lambda *_, **__: Late())
    run = start(profile=object())
    run.put([*small(1), *small(2)])
    until(lambda: len(read(run.path)) == 16)
    run.writer.close()
    with Recording(run.path) as recording:
        rows = list(recording.exchanges())
    assert [(row.role, row.stream, row.scope) for row in rows] == [
        ("issue", "stream-1", "s"),
        ("echo", "stream-1", "s"),
    ]


def test_the_thread_ends(start: Callable[..., Run]) -> None:
    before = threading.active_count()
    run = start()
    assert threading.active_count() == before + 1
    run.writer.close()
    assert threading.active_count() == before


def test_a_reader_that_stays_keeps_its_files_and_holds_nobody_up(start: Callable[..., Run]) -> None:
    run = start()
    run.put(small(1))
    until(lambda: len(read(run.path)) == 8)
    with Recording(run.path) as recording:
        begin = time.monotonic()
        closing = run.writer.close()
        assert time.monotonic() - begin < 4.0
        assert recording.run.closed
        assert list(recording.events()) == small(1)
    assert not closing.clean
    assert any("another program has the recording open" in text for text in run.troubles)
    assert read(run.path) == small(1)


def test_an_event_that_is_none_ends_nothing(start: Callable[..., Run]) -> None:
    run = start()
    run.writer.put("nonsense")  # type: ignore[arg-type]
    run.put(small(1))
    closing = run.writer.close()
    assert closing.clean
    assert closing.lost_events == 1
    assert read(run.path) == small(1)
    assert len(run.troubles) == 1
