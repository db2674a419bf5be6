"""`streamid resend` against small services with logs of their own: what leaves, what is said."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import h2.events
import pytest

from contract.events import Event, RequestHead, ResponseHead
from recordings.reader import Recording
from replay.recorded import recorded_exchanges
from tests.cli.recorded import record
from tests.cli.shop import MS, SECRET, differences, report_of, shop, shopping
from tests.cli.streamid import streamid
from tests.replay.resending.build import JSON, SSE, exchange, in_time, sse
from tests.replay.resending.service import LAST, Asked, Part, Service, answer, chunk, stream_head
from tests.support.certificates import loopback_certificate
from tests.support.h2peer import H2Peer, H2Server, echo


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return shopping(tmp_path / "shop.db")


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


PIECES = [sse(("chunk", json.dumps({"text": text}))) for text in "abcdefgh"]


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
