"""How verdicts and findings read: one line each, whatever a peer put into them."""

from dataclasses import replace

import pytest

from addons import wording
from contract.events import ResponseHead, Side
from contract.findings import Finding, Severity, StreamVerdict, Verdict
from recordings.drained import RequestLine

FINDING = Finding(
    "EC204",
    "echo-stale",
    Severity.ERROR,
    Verdict.FAIL,
    "It is old.",
    9,
    "stream-1",
    "s",
    Side.CLIENT,
    5,
    (("a", "b"),),
)


def verdict(**changed: object) -> StreamVerdict:
    values: dict[str, object] = {
        "stream": "stream-1-ab",
        "scope": "s",
        "issued": 4,
        "exposed": True,
        "echoed": 5,
        "accepted": True,
        "status": 200,
        "at": 7,
    }
    return StreamVerdict(**(values | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({}, "stream-1-ab: issued (#4), readable by scripts, echoed (#5), accepted (200)"),
        (
            {"accepted": False, "status": 400},
            "stream-1-ab: issued (#4), readable by scripts, echoed (#5), REFUSED (400)",
        ),
        ({"echoed": None, "exposed": False}, "stream-1-ab: issued (#4), NOT readable by scripts"),
        (
            {"issued": None, "exposed": None},
            "stream-1-ab: issue not seen, exposure not to be told, echoed (#5), accepted (200)",
        ),
        (
            {"accepted": None, "status": None},
            "stream-1-ab: issued (#4), readable by scripts, echoed (#5), answer undecided",
        ),
    ],
)
def test_a_verdict_is_one_line(changed: dict[str, object], line: str) -> None:
    assert wording.stream_line(verdict(**changed)) == line


def test_a_finding_is_one_line_with_code_severity_and_exchange() -> None:
    line = "EC204 echo-stale error, exchange #9: It is old. (stream stream-1)"
    assert wording.finding_line(FINDING) == line


def test_a_finding_names_the_request_that_it_is_about_and_the_stream_once() -> None:
    request = RequestLine("POST", "/api/chat/sessions/s/update-stream")
    about = "(POST /api/chat/sessions/s/update-stream, stream stream-1)"
    assert wording.finding_line(FINDING, request).endswith(f"It is old. {about}")
    named = replace(FINDING, message="The ID 'stream-1' is old.")
    assert wording.finding_line(named, request).endswith("is old. (POST /api/chat/sessions/s/update-stream)")
    assert wording.repeated_line(7, named, request) == (
        "EC204 echo-stale error: 7 more like these, the last in exchange #9"
        " (POST /api/chat/sessions/s/update-stream)"
    )


def test_a_long_or_forged_target_stays_one_short_line() -> None:
    line = wording.finding_line(FINDING, RequestLine("GET", "/\x1b[2J\n" + "a" * 9000))
    assert line.isprintable()
    assert len(line) < 300
    assert "…" in line


def test_what_a_peer_sent_cannot_forge_a_line() -> None:
    head = ResponseHead(3, Side.SERVER, 0, 200, b"OK", b"HTTP/1.1", ((b"X-A", b"\x1b[31mred\x07\xff"),))
    assert wording.header_lines(head) == [
        "#3 server side: 200 OK",
        "#3 server side:   X-A: \\x1b[31mred\\x07ÿ",
    ]
    forged = verdict(stream="stream-1\n[12:00:00] EC204 forged")
    assert "\n" not in wording.stream_line(forged)
