"""When `streamid resend` sends: at the recorded times, after what it depends on, until its client leaves."""

import itertools
import json
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from recordings.errors import RecordingError
from recordings.reader import Recording
from replay.recorded import recorded_exchanges
from tests.cli.recorded import record
from tests.cli.shop import MS, TOKEN, report_of
from tests.cli.streamid import process, streamid
from tests.replay.resending.build import JSON, SSE, exchange, in_time, sse
from tests.replay.resending.service import Asked, Part, Service, answer, chunk, stream_head


def test_a_slow_answer_delays_only_what_depends_on_it(tmp_path: Path) -> None:
    issue = json.dumps({"id": TOKEN}).encode()
    events = in_time(
        exchange(1, 0, "POST /slow", answer=issue),
        exchange(2, 100 * MS, "GET /other"),
        exchange(3, 150 * MS, f"GET /things/{TOKEN}"),
        exchange(4, 200 * MS, "GET /last"),
    )
    recording = record(tmp_path / "r.db", events)

    def serve(asked: Asked) -> Iterable[Part]:
        if asked.path == "/slow":
            yield 1.0
        yield answer(issue if asked.path == "/slow" else b"")

    with Service(serve) as service:
        streamid("resend", recording, "--to", service.url)
        times = {asked.path: asked.at for asked in service.asked}
        fast = len(service.asked)
        streamid("resend", recording, "--to", service.url, "--speed", "10")
        start = service.asked[fast].at
        quick = {asked.path: asked.at - start for asked in service.asked[fast:]}
    start = times["/slow"]
    assert 0.09 < times["/other"] - start < 0.9
    assert 0.19 < times["/last"] - start < 0.95
    assert times[f"/things/{TOKEN}"] - start > 1.0
    assert quick["/last"] < 0.19


def test_what_follows_a_request_that_is_not_sent_still_comes_after_what_it_would_have_followed(
    tmp_path: Path,
) -> None:
    issued = "stream-1732312345678-1a2b3c4d"
    path = f"/sessions/{TOKEN}"
    events = in_time(
        exchange(1, 0, "POST /sessions", answer=json.dumps({"id": TOKEN}).encode()),
        exchange(2, 20 * MS, f"POST {path}/run", answer_fields=[JSON, (b"X-Id", issued.encode())]),
        exchange(3, 40 * MS, f"POST {path}/save?id={issued}"),
        exchange(4, 60 * MS, f"DELETE {path}"),
    )
    recording = record(tmp_path / "r.db", events)
    ended: list[float] = []

    def serve(asked: Asked) -> Iterable[Part]:
        if asked.path == f"{path}/run":
            yield 0.5
            ended.append(time.monotonic())
        yield answer(json.dumps({"id": TOKEN}).encode() if asked.path == "/sessions" else b"")

    with Service(serve) as service:
        report = report_of(recording, "--to", service.url, code=1)
        lines = [asked.line for asked in service.asked]
        deleted = service.asked[-1].at
    assert report["exchanges"][2]["because"] == "the answer to #2 did not issue header x-id"
    assert lines == ["POST /sessions", f"POST {path}/run", f"DELETE {path}"]
    assert deleted > ended[0]


def test_at_most_so_many_requests_at_once(tmp_path: Path) -> None:
    recording = record(tmp_path / "r.db", in_time(*(exchange(n, n, "GET /") for n in range(1, 7))))
    running, most, expected, changed = 0, 0, 0, threading.Condition()

    def serve(asked: Asked) -> Iterable[Part]:
        nonlocal running, most
        with changed:
            running += 1
            most = max(most, running)
            changed.notify_all()
            changed.wait_for(lambda: most >= expected, timeout=10)
        yield 0.02  # so that one more would be seen
        with changed:
            running -= 1
        yield answer(b"")

    with Service(serve) as service:
        for concurrency, expected in (("2", 2), ("recorded", 6)):
            most = 0
            streamid("resend", recording, "--to", service.url, "--concurrency", concurrency)
            assert most == expected


PIECES = [sse(("chunk", json.dumps({"text": text}))) for text in "abcdefgh"]


def test_a_client_that_left_a_stream_leaves_it_again_after_as_many_events(tmp_path: Path) -> None:
    left = exchange(1, 0, "GET /stream", answer=PIECES[:3], answer_fields=[SSE], left=True)
    recording = record(tmp_path / "r.db", left)
    sent: list[int] = []

    def serve(asked: Asked) -> Iterable[Part]:
        yield stream_head()
        for number in itertools.count():
            sent.append(number)
            yield chunk(sse(("chunk", json.dumps({"text": "abcdefgh"[number % 8]}))))
            yield 0.03

    with Service(serve) as service:
        report = report_of(recording, "--to", service.url, code=0)
        assert service.left == ["/stream"]
    assert report["exchanges"][0]["outcome"] == {"recorded": "client-abort", "new": "client-abort"}
    assert len(sent) <= 5


def test_a_client_that_left_before_any_answer_leaves_again_at_that_time(tmp_path: Path) -> None:
    events = [
        each
        for each in exchange(1, 0, "GET /", takes=80 * MS, left=True)
        if type(each).__name__ != "ResponseHead"
    ]
    recording = record(tmp_path / "r.db", events)
    with Service(lambda asked: [3.0]) as service:
        report_of(recording, "--to", service.url, code=0)
    assert service.left == ["/"]


def test_a_value_issued_by_an_event_is_sent_back_while_the_stream_goes_on(tmp_path: Path) -> None:
    """As in MCP's first transport: the stream says where to post, and brings the answer to what is posted."""

    def endpoint(session: str) -> bytes:
        return sse(("endpoint", f"/messages?session={session}"))

    message = sse(("message", '{"jsonrpc":"2.0","id":1,"result":{}}'))
    events = in_time(
        exchange(
            1, 0, "GET /sse", answer=[endpoint(TOKEN), message], answer_fields=[SSE], takes=90 * MS, left=True
        ),
        exchange(2, 60 * MS, f"POST /messages?session={TOKEN}", status=202),
    )
    recording = record(tmp_path / "r.db", events)
    session, posted = "11111111-2222-4333-8444-555555555555", threading.Event()

    def serve(asked: Asked) -> Iterable[Part]:
        if asked.path != "/sse":
            assert asked.path == f"/messages?session={session}"
            yield answer(b"", status=202)
            posted.set()
            return
        yield stream_head() + chunk(endpoint(session))
        assert posted.wait(10)
        yield chunk(message)
        yield 10.0

    with Service(serve) as service:
        report = report_of(recording, "--to", service.url, code=0)
        assert service.left == ["/sse"]
    assert report["summary"]["same"] == 2


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def bodies_of(path: Path) -> list[bytes]:
    """The bodies of a recording that is being written; none where it is only being made."""
    try:
        with Recording(path) as recording:
            return [each.response_body.data for each in recorded_exchanges(recording.events())]
    except RecordingError:
        return []


def test_ctrl_c_leaves_a_report_and_a_closed_recording(tmp_path: Path) -> None:
    events = in_time(
        exchange(1, 0, "GET /first"),
        exchange(2, 20 * MS, "GET /stream", answer=PIECES, answer_fields=[SSE]),
        exchange(3, 3_600_000 * MS, "GET /last"),
    )
    recording, out = record(tmp_path / "r.db", events), tmp_path / "out.db"

    def serve(asked: Asked) -> Iterable[Part]:
        if asked.path == "/first":
            yield answer(b"")
            return
        yield stream_head() + chunk(PIECES[0])
        yield 20.0

    with Service(serve) as service:
        arguments = "--to", service.url, "--record", out, "--format", "json"
        with process("resend", recording, *arguments) as running:
            wait_until(lambda: out.exists() and PIECES[0] in bodies_of(out))
            running.send_signal(signal.SIGINT)
            printed, said = running.communicate(timeout=30)
        assert service.left == ["/stream"]
    assert running.returncode == 130
    assert "interrupted" in said
    report = json.loads(printed)
    assert [each["result"] for each in report["exchanges"]] == ["same", "interrupted", "interrupted"]
    with Recording(out) as opened:
        assert opened.run.closed
        found = list(recorded_exchanges(opened.events()))
    assert [each.response_body.data for each in found] == [b"", PIECES[0]]
    assert found[1].abort is not None
    assert found[1].abort.reason == "resend was interrupted"
