"""The JSON log: one object a line with the keys of docs/live.md, whatever passes."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from addons import json_lines, settings, summary
from addons.tally import Tally
from contract.events import Deed, Injection, Message, ResponseHead, Side
from contract.findings import Finding, Severity, StreamVerdict, Verdict, finding_fields
from contract.incidents import Confidence, Incident, incident_fields
from recordings.drained import Ended, RequestLine
from tests.support.lab import logged_in, running_lab
from tests.support.proxy import CHECKOUT, Proxy

PAGE = (CHECKOUT / "docs" / "live.md").read_text(encoding="utf-8")
_SECTION = PAGE[PAGE.index("## JSON lines") : PAGE.index("## Metrics")]
STARTED = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)
FINDING = Finding(
    *("EC204", "echo-stale", Severity.ERROR, Verdict.FAIL, "It is old.", 9, "stream-1", "s", Side.CLIENT, 5),
    (("a", "b"),),
)


def documented() -> dict[str, list[str]]:
    """The keys of each kind of line, as the page lists them."""
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (`[^|]+`) \|$", _SECTION, re.MULTILINE)
    return {kind: re.findall(r"`(\w+)`", keys) for kind, keys in rows}


def explained() -> set[str]:
    """The keys that the page explains."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \|$", _SECTION, re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


INCIDENT = Incident(9, "stream-1", "s", 5, 400, "server-race", Confidence.CERTAIN, "It is stored late.")
STRUCK = Injection(4, 9, "late", "delay", Message.RESPONSE, Deed.HIT, "s", 2)


def every_kind() -> dict[str, dict[str, Any]]:
    """The fields of one line of each kind."""
    defaults = {name: option.default for name, option in settings.OPTIONS.items()}
    parsed = settings.parse(defaults, STARTED)
    ended = Ended(
        *(4, 0, 10, "http", "POST", "http", "localhost", 3002, "/a?b", "127.0.0.1:1", None, 200),
        *("issue", None, None, "complete", 500, 100, 3, 20, 5, 60, True),
    )
    return {
        json_lines.RUN: json_lines.run_fields("0.1.0", "12.2.3", STARTED, ["here"], parsed, ""),
        json_lines.FINDING: json_lines.finding_line_fields(FINDING, RequestLine("POST", "/a")),
        json_lines.STREAM: json_lines.stream_fields(
            StreamVerdict("stream-1", "s", 4, True, None, None, None, 7)
        ),
        json_lines.INCIDENT: incident_fields(INCIDENT),
        json_lines.HEADERS: json_lines.header_fields(
            ResponseHead(3, Side.SERVER, 0, 200, b"OK", b"HTTP/1.1", ((b"X-A", b"\x1b[31m\xff"),))
        ),
        json_lines.EXCHANGE: json_lines.exchange_fields(ended),
        json_lines.FAULT: json_lines.fault_fields(STRUCK),
        json_lines.TROUBLE: json_lines.trouble_fields("The disk is full."),
        json_lines.SUMMARY: summary.fields(summary.summary(Tally(), 0, (0, 0), None)),
    }


def test_the_page_lists_every_kind_with_its_keys_in_their_order() -> None:
    assert documented() == {kind: list(fields) for kind, fields in every_kind().items()}


def test_the_page_explains_every_key_and_no_other() -> None:
    assert explained() == {key for fields in every_kind().values() for key in fields}


def test_a_finding_has_the_keys_of_validate_and_its_request() -> None:
    fields = every_kind()[json_lines.FINDING]
    assert fields == finding_fields(FINDING) | {"scope": "s", "method": "POST", "target": "/a"}
    unknown = json_lines.finding_line_fields(FINDING, None)
    assert (unknown["method"], unknown["target"]) == (None, None)


def test_an_exchange_has_its_url_and_its_times() -> None:
    fields = every_kind()[json_lines.EXCHANGE]
    assert fields["url"] == "http://localhost:3002/a?b"
    assert (fields["duration"], fields["stream"], fields["scope"]) == (490, "", "")


def test_what_a_peer_sent_cannot_end_a_line_or_reach_the_terminal() -> None:
    hostile = "\u2028\x85\x9b31m\n\ud800é"
    line = json_lines.line("trouble", json_lines.trouble_fields(hostile))
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"streamid": "trouble", "message": hostile}


def test_headers_keep_every_byte() -> None:
    assert every_kind()[json_lines.HEADERS]["headers"] == [["X-A", "\x1b[31m\xff"]]


def test_a_run_is_logged_from_its_start_to_its_summary_and_nothing_is_thinned() -> None:
    options = {"streamid_log": "json", "streamid_log_headers": "true"}
    with running_lab() as lab, Proxy(f"reverse:{lab.chat_url}", options=options) as proxy:
        with logged_in(lab, chat_url=f"http://127.0.0.1:{proxy.port}") as client:
            session = client.new_session()
            with client.stream(session) as answer:
                streaming_id = answer.headers["X-Streaming-Session-Id"]
                assert answer.content
            statuses = [client.update(session, "stream-1700000000").status_code for _ in range(12)]
        proxy.stop()
        text = proxy.log()
    assert statuses == [400] * 12
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    by_kind = {kind: [line for line in lines if line["streamid"] == kind] for kind in documented()}
    for kind, keys in documented().items():
        assert all(list(line) == ["streamid", *keys] for line in by_kind[kind]), kind
    assert [line["streamid"] for line in (lines[0], lines[-1])] == ["run", "summary"]
    assert by_kind["stream"][0]["stream"] == streaming_id
    assert ["X-Streaming-Session-Id", streaming_id] in by_kind["headers"][0]["headers"]
    assert [line["exchange"] for line in by_kind["exchange"]] == list(range(1, 15))
    made_up = [line for line in by_kind["finding"] if line["code"] == "EC203"]
    assert len(made_up) == 12
    assert {line["target"] for line in made_up} == {f"/api/chat/sessions/{session}/update-stream"}
    (said,) = by_kind["summary"]
    counts = {(each["code"], each["verdict"]): each["count"] for each in said["findings"]}
    assert counts["EC203", "fail"] == 12
    assert sum(counts.values()) == len(by_kind["finding"])
    assert (said["exchanges"], said["streams"], said["issued"]) == (14, {"complete": 1}, 1)
