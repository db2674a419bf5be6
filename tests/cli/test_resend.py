"""`streamid resend` against small services with logs of their own: what leaves, when, and what is said."""

import itertools
import json
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h2.events
import pytest

from contract.events import Chunk, Event, Form, RequestHead, ResponseHead
from recordings.errors import RecordingError
from recordings.reader import Recording
from replay.recorded import recorded_exchanges
from tests.cli.recorded import record, run_info, writer
from tests.cli.streamid import process, streamid
from tests.replay.resending.build import JSON, SSE, exchange, in_time, sse
from tests.replay.resending.service import LAST, Asked, Part, Service, answer, chunk, stream_head
from tests.support.certificates import loopback_certificate
from tests.support.h2peer import H2Peer, H2Server, echo

TOKEN = "0b2f6c0e-5a53-4c3e-9a44-0f3e7d1c2b3a"
CART = 7
MS = 1000


def shop(numbers: Iterator[int]) -> Any:
    """A foreign service: a login gives a token, a cart has a number, and both are new each time."""
    tokens: dict[str, int] = {}

    def serve(asked: Asked) -> Iterable[Part]:
        number = next(numbers)
        if asked.path == "/login":
            good = json.loads(asked.body)["password"] == "hunter2-hunter2"
            token = f"{number:08x}-5a53-4c3e-9a44-0f3e7d1c2b3a"
            tokens[token] = number
            body = json.dumps({"token": token}).encode()
            return [answer(body, b"Set-Cookie: sid=" + token.encode()) if good else answer(b"{}", status=401)]
        if asked.field("Authorization").removeprefix("Bearer ") not in tokens:
            return [answer(b'{"error":"who are you"}', status=401)]
        if asked.line == "POST /carts":
            return [answer(json.dumps({"id": number + 100, "items": []}).encode(), status=201)]
        cart = int(asked.path.partition("?")[0].split("/")[2])
        return [answer(json.dumps({"id": cart, "items": json.loads(asked.body or b"[]")}).encode())]

    return serve


def shopping(path: Path, *, redact: bool = True) -> Path:
    """A recording of a client of that service."""
    auth = (b"authorization", f"Bearer {TOKEN}".encode())
    odd = (b"X-oDD", b"a  b")
    cookie = (b"Cookie", f"theme=dark; sid={TOKEN}".encode())
    login = b'{"user": "jo", "password": "hunter2-hunter2"}'
    token = json.dumps({"token": TOKEN}).encode()
    cart = json.dumps({"id": CART, "items": []}).encode()
    put = json.dumps({"id": CART, "items": {"cartId": CART, "count": 7}}).encode()
    events = in_time(
        exchange(
            1, 0, "POST /login", fields=[JSON], body=login, answer=token,
            answer_fields=[JSON, (b"Set-Cookie", f"sid={TOKEN}".encode())],
        ),
        exchange(2, 20 * MS, "POST /carts", fields=[odd, auth, cookie], status=201, answer=cart),
        exchange(
            3, 40 * MS, f"PUT /carts/{CART}?x=%41", fields=[auth, JSON],
            body=b'{"cartId": 7,  "count": 7}', answer=put,
        ),
    )  # fmt: skip
    info = replace(run_info(), options={"streamid_redact": "on" if redact else "off"})
    return record(path, events, info, redact=redact)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return shopping(tmp_path / "shop.db")


SECRET = ("--secret", "jo=hunter2-hunter2", "--secret", "theme=dark")


def report_of(*arguments: object, code: int) -> dict[str, Any]:
    result = streamid("resend", *arguments, "--format", "json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def differences(report: dict[str, Any]) -> dict[int, list[str]]:
    return {
        each["exchange"]: [one["where"] for one in each["differences"]]
        for each in report["exchanges"]
        if each["differences"]
    }


def test_a_foreign_service_is_logged_in_to_anew_without_configuration(recording: Path) -> None:
    with Service(shop(itertools.count(5))) as service:
        report = report_of(recording, "--to", service.url, *SECRET, code=0)
        login, create, put = service.asked
    assert report["summary"]["same"] == 3
    token = "00000005-5a53-4c3e-9a44-0f3e7d1c2b3a"
    assert json.loads(login.body) == {"user": "jo", "password": "hunter2-hunter2"}
    assert login.body.startswith(b'{"user": "jo", ')
    host = service.url.removeprefix("http://")
    assert create.head.decode() == (
        f"POST /carts HTTP/1.1\r\nHost: {host}\r\nX-oDD: a  b\r\nauthorization: Bearer {token}\r\n"
        f"Cookie: theme=dark; sid={token}\r\n\r\n"
    )
    assert put.line == "PUT /carts/106?x=%41"
    assert put.body == b'{"cartId": 106,  "count": 7}'
    assert put.field("content-length") == str(len(put.body))


def test_what_the_service_says_differently_is_named_by_field(recording: Path) -> None:
    serve = shop(itertools.count(5))

    def other(asked: Asked) -> Iterable[Part]:
        for part in serve(asked):
            assert isinstance(part, bytes)
            if asked.path.startswith("/carts/"):
                yield answer(b'{"id": 999, "items": {"cartId": 106, "count": 8}, "sum": 1}')
            else:
                yield part

    with Service(other) as service:
        report = report_of(recording, "--to", service.url, *SECRET, code=1)
        text = streamid("resend", recording, "--to", service.url, *SECRET)
        junit = streamid("resend", recording, "--to", service.url, *SECRET, "--format", "junit")
        ignored = ("--ignore", "JSON id", "--ignore", "JSON items", "--ignore", "JSON sum")
        report_of(recording, "--to", service.url, *SECRET, *ignored, code=0)
    assert differences(report)[3][-1] == "JSON sum"
    assert set(differences(report)) == {3}
    assert "JSON items.count: 7 → 8" in text.stdout
    assert "JSON sum: new (1)" in text.stdout
    (suite,) = ElementTree.fromstring(junit.stdout)
    assert [len(case.findall("failure")) for case in suite] == [0, 0, 1]


def test_what_an_answer_does_not_issue_keeps_those_from_being_sent_that_need_it(recording: Path) -> None:
    def silent(asked: Asked) -> Iterable[Part]:
        return [answer(b"{}")]

    with Service(silent) as service:
        report = report_of(recording, "--to", service.url, *SECRET, code=1)
        assert [asked.path for asked in service.asked] == ["/login"]
    assert report["exchanges"][1]["because"] == "the answer to #1 did not issue cookie sid"
    assert report["exchanges"][2]["result"] == "not sent"


def test_secrets_are_listed_and_taken_from_options_file_and_environment(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Service(shop(itertools.count(5))) as service:
        to = recording, "--to", service.url
        lacking = streamid("resend", *to)
        assert lacking.exit_code == 2
        assert 'jo (request 1: JSON password, beside user "jo")' in lacking.stderr
        assert "STREAMID_SECRET_JO" in lacking.stderr
        unknown = streamid("resend", *to, "--secret", "joe=x")
        assert unknown.exit_code == 2
        assert "it hides: jo, theme" in unknown.stderr
        assert service.asked == []
        file = tmp_path / "secrets.toml"
        file.write_text('jo = "hunter2-hunter2"\ntheme = "dark"\n')
        report_of(*to, "--secrets-file", file, code=0)
        file.write_text("jo = 1\n")
        assert streamid("resend", *to, "--secrets-file", file).exit_code == 2
        monkeypatch.setenv("STREAMID_SECRET_JO", "hunter2-hunter2")
        monkeypatch.setenv("STREAMID_SECRET_THEME", "dark")
        report_of(*to, code=0)
        monkeypatch.setenv("STREAMID_SECRET_JO", "wrong")
        wrong = streamid("resend", *to)
        assert wrong.exit_code == 1
        assert "200 → 401" in wrong.stdout
    assert all("hunter2" not in each for each in (lacking.output, wrong.output))


def test_nothing_secret_is_shown_or_recorded(recording: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    with Service(shop(itertools.count(5))) as service:
        report = report_of(recording, "--to", service.url, *SECRET, "--record", out, code=0)
    assert "5a53-4c3e" not in json.dumps(report)
    assert b"hunter2-hunter2" not in out.read_bytes()


def test_what_comes_back_is_a_recording_as_any_other(tmp_path: Path) -> None:
    recording = shopping(tmp_path / "plain.db", redact=False)
    out = tmp_path / "new" / "out.db"
    with Service(shop(itertools.count(5))) as service:
        report_of(recording, "--to", service.url, "--record", out, code=0)
        asked = list(service.asked)
    with Recording(out) as opened:
        assert opened.run.closed
        found = list(recorded_exchanges(opened.events()))
    assert [each.request_body.data for each in found] == [each.body for each in asked]
    for each, seen in zip(found, asked, strict=True):
        lines = [b"%s: %s" % pair for pair in each.request.headers]
        assert sorted(lines) == sorted(seen.head.strip().split(b"\r\n")[1:])
    assert streamid("ls", out).exit_code == 0
    again = streamid("resend", recording, "--to", service.url, "--record", out)
    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_what_was_imported_with_its_secrets_is_compared_and_told_without_them(tmp_path: Path) -> None:
    recording = record(tmp_path / "r.db", exchange(1, 0, "GET /", answer=b'{"apiKey": "abc-123-def-456"}'))
    with Service(lambda asked: [answer(b'{"apiKey": "ghi-789-jkl-012", "password": "p"}')]) as service:
        report = report_of(recording, "--to", service.url, code=1)
    assert differences(report) == {1: ["JSON password"]}
    assert report["exchanges"][0]["differences"][0]["new"] == '"(secret)"'


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
            yield answer(issue)
        yield answer(b"")

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


def test_nothing_is_sent_anywhere_that_was_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(lambda asked: [answer(b"")]) as other:
        elsewhere = b"Location: " + other.url.encode()
        fields = [JSON, (b"Location", other.url.encode())]
        recording = record(tmp_path / "r.db", exchange(1, 0, "GET /", status=302, answer_fields=fields))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url)
        with Service(lambda asked: [answer(b"", elsewhere, status=302)]) as service:
            report_of(recording, "--to", service.url, code=0)
            assert len(service.asked) == 1
        assert other.asked == []


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


def test_a_stream_of_a_model_differs_until_it_is_learned(tmp_path: Path) -> None:
    done = sse(("done", '{"tokens": 4}'))
    stream = exchange(1, 0, "GET /stream", answer=[*PIECES[:4], done], answer_fields=[SSE])
    recording = record(tmp_path / "r.db", in_time(stream, exchange(2, 20 * MS, "GET /fixed", answer=b"{}")))
    runs = itertools.count(1)

    def serve(asked: Asked, ends: bool = True) -> Iterable[Part]:
        if asked.path == "/fixed":
            yield answer(b"{}")
            return
        run = next(runs)
        yield stream_head()
        for number in range(3 + run):
            yield chunk(sse(("chunk", json.dumps({"text": f"word {run} {number}"}))))
        if ends:
            yield chunk(sse(("done", json.dumps({"tokens": 3 + run}))))
        yield LAST

    with Service(serve) as service:
        assert set(differences(report_of(recording, "--to", service.url, code=1))) == {1}
        learned = report_of(recording, "--to", service.url, "--learn", code=0)
    (fields,) = learned["learned"].values()
    assert fields == ["event chunk", "event chunk: text", "event done: tokens"]
    with Service(lambda asked: serve(asked, ends=False)) as service:
        report = report_of(recording, "--to", service.url, "--learn", code=1)
    assert differences(report) == {1: ["event 5 done"]}


def test_only_what_matches_is_sent_and_what_it_depends_on(recording: Path) -> None:
    with Service(shop(itertools.count(5))) as service:
        report = report_of(recording, "--to", service.url, *SECRET, "--only", "~m PUT", code=0)
        assert len(service.asked) == 3
        text = streamid("resend", recording, "--to", service.url, *SECRET, "--only", "~m PUT").stdout
        none = streamid("resend", recording, "--to", service.url, *SECRET, "--only", "~m PATCH")
        bad = streamid("resend", recording, "--to", service.url, *SECRET, "--only", "~m (")
    assert [each["needed_by"] for each in report["exchanges"]] == [[2, 3], [3], []]
    assert "sent as well, for what it issues (#2, #3)" in text
    assert (none.exit_code, bad.exit_code) == (2, 2)
    assert "none of the 3 requests matches" in none.stderr


def test_a_service_that_cannot_be_reached_is_a_difference(recording: Path) -> None:
    with Service(lambda asked: []) as service:
        url = service.url
    report = report_of(recording, "--to", url, *SECRET, code=1)
    assert report["exchanges"][0]["outcome"]["new"] == "no-answer"
    assert report["exchanges"][1]["because"] == "the answer to #1 did not issue cookie sid"


def test_a_proxy_gets_every_request_and_the_service_none(recording: Path) -> None:
    serve = shop(itertools.count(5))

    def through(asked: Asked) -> Iterable[Part]:
        line = asked.head.replace(b"http://service.invalid", b"", 1)
        return list(serve(asked._replace(head=line)))

    with Service(through) as proxy:
        report_of(recording, "--to", "http://service.invalid", "--proxy", proxy.url, *SECRET, code=0)
        lines = [asked.line for asked in proxy.asked]
    assert lines[0] == "POST http://service.invalid/login"
    assert lines[2] == "PUT http://service.invalid/carts/106?x=%41"


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


def without_bodies(path: Path) -> Path:
    """A recording whose bodies were not kept."""
    events: list[Event] = [
        Chunk(each.exchange, each.message, each.side, each.at, b"", each.size, Form.LOST)
        if isinstance(each, Chunk)
        else each
        for each in exchange(1, 0, "POST /", body=b"abc", answer=b"{}")
    ]
    writing = writer(path)
    for event in events:
        writing.put(event)
    writing.close()
    return path


def unusable(kind: str, recording: Path) -> Path:
    path = recording.with_name(f"{kind}.db")
    match kind:
        case "damaged":
            data = bytearray(recording.read_bytes())
            data[4096:12000] = b"\xff" * (12000 - 4096)
            path.write_bytes(data)
        case "truncated":
            path.write_bytes(recording.read_bytes()[:6000])
        case "empty":
            path.write_bytes(b"")
        case "foreign":
            with sqlite3.connect(path) as connection:
                connection.execute("CREATE TABLE exchange (id)")
            connection.close()
        case "text":
            path.write_bytes(b"text " * 1000)
        case "no-requests":
            record(path, [])
        case "no-bodies":
            without_bodies(path)
    return path


@pytest.mark.parametrize(
    "kind",
    ["damaged", "truncated", "empty", "foreign", "text", "no-requests", "no-bodies", "missing"],
)
def test_a_recording_that_cannot_be_used_is_one_line_and_nothing_changes(kind: str, recording: Path) -> None:
    path = unusable(kind, recording)
    before = path.read_bytes() if path.exists() else None
    with Service(lambda asked: [answer(b"")]) as service:
        result = streamid("resend", path, "--to", service.url, *SECRET, "--record", path.with_name("o.db"))
        assert service.asked == []
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.fullmatch(rf"Error: .*{kind}\.db.*\n", result.stderr)
    assert (path.read_bytes() if path.exists() else None) == before
    assert not path.with_name("o.db").exists()


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast", ""])
def test_an_impossible_speed_is_refused(speed: str, recording: Path) -> None:
    result = streamid("resend", recording, "--to", "http://127.0.0.1:1", *SECRET, "--speed", speed)
    assert result.exit_code == 2
    assert "is no speed" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--to", "localhost"), "--to: localhost: must be a URL"),
        (("--to", "http://x.test=http://127.0.0.1:1"), "no request of the recording went there"),
        (("--to", "http://127.0.0.1:1", "--proxy", "nonsense"), "--proxy: nonsense"),
        (("--to", "http://127.0.0.1:1", "--concurrency", "0"), "is neither 'recorded' nor a number"),
        (("--to", "http://127.0.0.1:1", "--ca", "missing.pem"), "--ca missing.pem: cannot be used"),
        (("--to", "http://127.0.0.1:1", "--profile", "none"), "no such profile file"),
        (("--to", "http://127.0.0.1:1", "--secret", "novalue"), "write NAME=VALUE"),
    ],
)
def test_options_that_cannot_be_used_are_refused(
    arguments: tuple[str, ...], why: str, recording: Path
) -> None:
    result = streamid("resend", recording, *SECRET, *arguments)
    assert result.exit_code == 2
    assert why in result.stderr


def test_each_of_several_origins_needs_a_place_to_go(tmp_path: Path) -> None:
    events = in_time(
        exchange(1, 0, "GET /a", host="a.test"), exchange(2, 20 * MS, "GET /b", host="b.test", port=81)
    )
    recording = record(tmp_path / "r.db", events)
    with Service(lambda asked: [answer(b"")]) as one, Service(lambda asked: [answer(b"")]) as two:
        alone = streamid("resend", recording, "--to", one.url)
        assert alone.exit_code == 2
        assert "http://a.test:80, http://b.test:81" in alone.stderr
        half = streamid("resend", recording, "--to", f"http://a.test={one.url}")
        assert half.exit_code == 2
        assert "http://b.test:81" in half.stderr
        assert one.asked == two.asked == []
        both = "--to", f"http://a.test={one.url}", "--to", f"http://b.test:81={two.url}"
        streamid("resend", recording, *both)
        assert [asked.path for asked in one.asked] == ["/a"]
        assert [asked.path for asked in two.asked] == ["/b"]


def by_http2(events: list[Event]) -> list[Event]:
    """The same as it would have been recorded by HTTP/2 over TLS: without Host and lengths."""
    found: list[Event] = []
    for each in events:
        if isinstance(each, RequestHead):
            fields = ((b":authority", b"service.test"), *each.headers[1:])
            fields = tuple(field for field in fields if field[0] != b"Content-Length")
            each = replace(each, version=b"HTTP/2.0", scheme="https", port=443, headers=fields)
        elif isinstance(each, ResponseHead):
            each = replace(each, version=b"HTTP/2.0", headers=())
        found.append(each)
    return found


def test_what_came_by_http2_goes_by_http2(tmp_path: Path) -> None:
    talks = [exchange(n, n, "POST /x%41?b=%20", body=b"body", answer=b"body") for n in (1, 2)]
    recording = record(tmp_path / "r.db", in_time(*map(by_http2, talks)))
    seen: list[H2Peer] = []

    def serve(peer: H2Peer) -> None:
        seen.append(peer)
        echo(peer)

    with H2Server(serve) as service:
        untrusted = report_of(recording, "--to", f"https://localhost:{service.port}", code=1)
        assert "certificate" in untrusted["exchanges"][0]["differences"][0]["new"].lower()
        to = "--to", f"https://localhost:{service.port}", "--ca", loopback_certificate()
        report_of(recording, *to, code=0)
    assert len(seen) == 1
    requests = [event for _, event in seen[0].seen if isinstance(event, h2.events.RequestReceived)]
    assert [dict(event.headers)[b":path"] for event in requests] == [b"/x%41?b=%20"] * 2
    assert dict(requests[0].headers)[b":authority"] == f"localhost:{service.port}".encode()


def test_over_plain_http_it_goes_by_http1_with_host_and_length(tmp_path: Path) -> None:
    talk = by_http2(exchange(1, 0, "POST /", body=b"body"))
    recording = record(tmp_path / "r.db", talk)
    with Service(lambda asked: [answer(b"", kind=b"text/plain")]) as service:
        streamid("resend", recording, "--to", service.url)
        (asked,) = service.asked
    assert asked.body == b"body"
    assert asked.field("host") == service.url.removeprefix("http://")
    assert b":authority" not in asked.head
