"""How verdicts and findings read: one line each, whatever a peer put into them."""

import json

import pytest

from addons import wording
from contract.events import ResponseHead, Side
from contract.findings import Finding, Severity, StreamVerdict, Verdict, finding_fields

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
    assert wording.finding_line(FINDING) == "EC204 echo-stale error, exchange #9: It is old."


def test_what_a_peer_sent_cannot_forge_a_line() -> None:
    head = ResponseHead(3, Side.SERVER, 0, 200, b"OK", b"HTTP/1.1", ((b"X-A", b"\x1b[31mred\x07\xff"),))
    assert wording.header_lines(head) == [
        "#3 server side: 200 OK",
        "#3 server side:   X-A: \\x1b[31mred\\x07ÿ",
    ]
    forged = verdict(stream="stream-1\n[12:00:00] EC204 forged")
    assert "\n" not in wording.stream_line(forged)


def test_json_lines_hold_the_keys_of_validate() -> None:
    line = json.loads(wording.as_json("finding", **finding_fields(FINDING)))
    assert line == {
        "streamid": "finding",
        "code": "EC204",
        "name": "echo-stale",
        "severity": "error",
        "verdict": "fail",
        "message": "It is old.",
        "exchange": 9,
        "stream": "stream-1",
        "side": "client",
        "at": 5,
        "evidence": {"a": "b"},
    }
