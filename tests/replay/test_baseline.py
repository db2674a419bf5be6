import json
import os
from pathlib import Path

import pytest

from contract.events import Side
from contract.findings import Finding, Severity, Verdict
from replay.baseline import BaselineError, Defect, defect, read, route, without_values, write

URL = "http://h/api/chat/sessions/main/update-stream?at=3"
ENTRY = '{"version": 1, "findings": [{"code": "E", "side": "both", "where": "", "message": "", "count": 1}]}'
MESSAGE = "The client invented the ID '{}'; issued was '{}'."


def finding(message: str, **changed: object) -> Finding:
    values = {"code": "EC203", "stream": "stream-1-ab", "scope": "main", "side": Side.CLIENT} | changed
    return Finding(
        name="echo-fabricated",
        severity=Severity.ERROR,
        verdict=Verdict.FAIL,
        message=message,
        exchange=4,
        at=1,
        **values,  # type: ignore[arg-type]
    )


def test_the_same_defect_in_another_run_is_the_same() -> None:
    one = defect(finding(MESSAGE.format("stream-1-ab", "stream-17-cd")), "POST", URL)
    other = finding(MESSAGE.format("stream-9-ff", "stream-8-00"), stream="stream-9-ff", scope="x7")
    assert defect(other, "POST", "https://other:8443/api/chat/sessions/x7/update-stream") == one
    assert one == (
        "EC203",
        "client",
        "POST /api/chat/sessions/{scope}/update-stream",
        "The client invented the ID #; issued was #.",
    )
    assert len(one.fingerprint()) == 32


def test_another_code_side_route_or_wording_is_another_defect() -> None:
    one = defect(finding("It failed."), "POST", URL)
    others = {
        defect(finding("It failed.", code="EC202"), "POST", URL),
        defect(finding("It failed.", side=Side.SERVER), "POST", URL),
        defect(finding("It failed."), "PUT", URL),
        defect(finding("It failed."), "POST", URL.replace("update-stream", "stream")),
        defect(finding("It succeeded."), "POST", URL),
    }
    assert one not in others
    assert len({each.fingerprint() for each in (one, *others)}) == 6


@pytest.mark.parametrize(
    ("message", "known", "left"),
    [
        ("It was refused with 400 after 12.5 ms.", (), "It was refused with # after # ms."),
        ("At 2025-01-31T12:00:00Z, at 12:00:01.", (), "At #:#:#, at #:#:#."),
        ("Issued were 'a-1', 'b-2' and 'c-3'.", (), "Issued were #."),
        ("Sent by ~F8q_zHA-Nbd, by 'Bearer ~abcd'.", (), "Sent by #, by #."),
        ("The ID 'plain' is not 'other'.", ("plain",), "The ID # is not 'other'."),
        ("explained plainly", ("plain", ""), "explained plainly"),
        ("Exposed is 'X-Request-Id'.", (), "Exposed is 'X-Request-Id'."),
        ("odd (chars) +", ("(chars)",), "odd # +"),
        ("", (), ""),
    ],
)
def test_values_are_left_out_of_messages(message: str, known: tuple[str, ...], left: str) -> None:
    assert without_values(message, *known) == left


def test_a_message_without_end_takes_no_time() -> None:
    assert without_values("a" * 500_000 + "'" * 1000) == "a" * 500_000 + "'" * 1000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:80/a/main/s-1/17/v2/x?y=1", "/a/{scope}/{stream}/{n}/v2/x"),
        ("/a/550e8400-e29b", "/a/{n}"),
        ("http://h", "/"),
        ("*", "/*"),
        ("h:443", "/{n}"),
    ],
)
def test_a_route_has_names_for_what_differs(url: str, expected: str) -> None:
    assert route(url, "s-1", "main") == expected


def test_what_is_written_is_read_again_and_sorted(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    defects = {
        Defect("ID101", "both", "POST /b", "\ud800 \x1b"): 2,
        Defect("EC203", "client", "POST /a", "x"): 1,
    }
    write(file, defects)
    assert read(file) == defects
    first = file.read_bytes()
    assert first.isascii()
    write(file, dict(reversed(defects.items())))
    assert file.read_bytes() == first
    assert [each["code"] for each in json.loads(first)["findings"]] == ["EC203", "ID101"]
    assert first.count(b"\n") > 10
    assert os.listdir(tmp_path) == ["known.json"]


def test_a_link_stays_a_link_and_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(real)
    write(link, {})
    assert link.is_symlink()
    assert read(real) == {}
    with pytest.raises(BaselineError, match=r"^.*nowhere/x\.json: cannot write: No such file or directory$"):
        write(tmp_path / "nowhere" / "x.json", {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(BaselineError, match="cannot write"):
        write(tmp_path / "folder", {})
    assert sorted(os.listdir(tmp_path)) == ["folder", "link.json", "real.json"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: not JSON: Expecting value"),
        ('{"version": 1,\n "findings": [}', ":2: not JSON: Expecting value"),
        ("[" * 100_000, ": is nested too deeply"),
        ("[]", ": the file: Input should be a valid dictionary or instance of _Baseline"),
        ('{"version": 2, "findings": []}', ": version: Input should be 1"),
        ('{"version": 1}', ": findings: Field required"),
        (
            ENTRY.replace("both", "left"),
            ": findings[0].side: Input should be 'client', 'server' or 'both'",
        ),
        (
            ENTRY.replace("1}", "0}"),
            ": findings[0].count: Input should be greater than or equal to 1",
        ),
    ],
)
def test_a_broken_file_is_one_line_with_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(text)
    with pytest.raises(BaselineError) as caught:
        read(file)
    assert str(caught.value) == f"{file}{said}"


def test_a_file_that_is_missing_or_no_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"none\.json: cannot read: No such file or directory"):
        read(tmp_path / "none.json")
    (tmp_path / "b").write_bytes(b"\xff\xfe")
    with pytest.raises(BaselineError, match="b: is no text in UTF-8"):
        read(tmp_path / "b")
