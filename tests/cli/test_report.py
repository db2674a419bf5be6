import json
import re
import stat
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from contract.events import Event
from postmortem.report.building import STREAMS
from postmortem.report.comparing import VALUE_SHOWN
from postmortem.report.details import BODY_SHOWN, DATA_SHOWN, EVENTS_SHOWN
from postmortem.report.html import FINDINGS_SHOWN, INCIDENTS_SHOWN
from tests.cli.recorded import record
from tests.cli.streamid import ROOT, streamid
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk
from tests.postmortem.two_taps import taken_apart
from tests.support.reports import ATTACKS, hostile, large

SAMPLES = ROOT / "recordings" / "samples"
FABRICATED = SAMPLES / "echo-fabricated.db"


class Attributes(HTMLParser):
    """All attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all += [(name, value or "") for name, value in attrs]

    @property
    def found(self) -> Counter[str]:
        return Counter(name for name, _ in self.all)


def test_the_page_is_one_file_for_its_owner_and_says_the_verdict(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = streamid("report", FABRICATED, "-o", page)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"note: {page}: written, {page.stat().st_size:,} bytes\n"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text(encoding="utf-8")
    assert "1 incident in 4 exchanges: client-fabricated-id." in text
    assert "What EC203 means" in text
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_without_a_name_the_page_is_report_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert streamid("report", FABRICATED).exit_code == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_nothing_in_the_page_leads_out_of_it(tmp_path: Path) -> None:
    page = streamid("report", SAMPLES, "-o", "-").stdout
    attributes = Attributes()
    attributes.feed(page)
    assert attributes.found["href"] > 50
    for name, value in attributes.all:
        assert name not in ("src", "srcset", "action", "style", "data", "xlink:href", "ping")
        assert not name.startswith("on")
        assert name != "href" or value.startswith("#") or value == "data:,"
    assert "url(" not in page
    assert "@import" not in page


def test_a_page_is_written_anew_and_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real.html", tmp_path / "link.html"
    real.write_text("an old one")
    link.symlink_to(real)
    result = streamid("report", FABRICATED, "-o", link)
    assert "written anew" in result.stderr
    assert link.is_symlink()
    assert "client-fabricated-id" in real.read_text(encoding="utf-8")


def test_no_recording_is_written_over(tmp_path: Path) -> None:
    for number, named in enumerate(("itself", "another")):
        recording = record(tmp_path / f"{named}.db", Talk().stream(FIRST))
        before = recording.read_bytes()
        result = streamid("report", recording if number == 0 else FABRICATED, "-o", recording)
        assert result.exit_code == 2
        assert result.stderr == (
            f"Error: {recording}: is a recording, or another database, and is not written over\n"
        )
        assert recording.read_bytes() == before


def test_what_cannot_be_written_is_said_in_one_line_before_anything_is_read(tmp_path: Path) -> None:
    folder, missing = tmp_path / "folder", tmp_path / "missing" / "report.html"
    folder.mkdir()
    for target, why in (
        (folder, "is a folder; name the file to write"),
        (missing, f"cannot write: there is no folder {missing.parent}"),
        (Path("/dev/null"), "is no regular file; -o - writes to standard output"),
    ):
        result = streamid("report", FABRICATED, "-o", target)
        assert result.exit_code == 2
        assert result.stderr == f"Error: {target}: {why}\n"


def test_what_fails_while_it_is_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "report.html"
    page.write_text("the one before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cli.written_file.os.fsync", full)
    result = streamid("report", FABRICATED, "-o", page)
    assert result.exit_code == 2
    assert result.stderr == f"Error: {page}: cannot write: No space left on device\n"
    assert page.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [page]


def test_the_ticket_has_the_incident_its_evidence_and_what_to_change() -> None:
    result = streamid("report", FABRICATED, "--format", "markdown")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[2] == (
        "`1 incident in 4 exchanges: client-fabricated-id. The client sends an ID of its own making.`"
    )
    assert "### `client-fabricated-id`" in lines
    for begins in (
        "**certain**: `The client sent 'stream-1795413900'",
        "- Where: exchange 4",
        "- Evidence:",
        "  - exchange 3, client:",
        "- Ruled out:",
        "  - `client-stale-id`:",
        "- **What to change**: `",
        "| EC203 echo-fabricated | 1 | exchange 4 |",
    ):
        assert any(line.startswith(begins) for line in lines), begins


def test_in_a_ticket_what_was_recorded_is_nothing_but_code(tmp_path: Path) -> None:
    ticket = streamid("report", hostile(tmp_path / "<b> | `x` @all.db"), "--format", "markdown").stdout
    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", ticket)
    assert "<" not in outside
    assert "@all" in ticket
    assert "@all" not in outside
    assert all(line.count("|") - line.count("\\|") in (0, 4, 6) for line in ticket.splitlines())
    assert not any(
        character in ticket for attack in ATTACKS for character in attack if not character.isprintable()
    )


def test_a_ticket_of_many_incidents_counts_them_and_stays_short(tmp_path: Path) -> None:
    ticket = streamid("report", large(tmp_path / "large.db", 1200), "--format", "markdown").stdout
    assert "40 incidents of 2 causes in 1,200 exchanges" in ticket
    assert "… and 17 more of this cause." in ticket
    assert len(ticket) < 20_000


def test_json_has_all_that_the_page_says() -> None:
    result = streamid("report", FABRICATED, SAMPLES / "healthy.db", "--format", "json")
    report = json.loads(result.stdout)
    assert report["verdict"].startswith("1 incident in 9 exchanges: client-fabricated-id.")
    assert report["causes"] == [
        {
            "cause": "client-fabricated-id",
            "count": 1,
            "scopes": ["126ad840-e70b-43c6-bbb4-6a344cb1b65f"],
        }
    ]
    healthy, fabricated = report["recordings"]
    assert [each["exchange"] for each in healthy["exchanges"]] == [1, 2, 3, 4, 5]
    assert (healthy["incidents"], healthy["findings"]) == ([], [])
    assert fabricated["exchanges"][3]["findings"] == ["EC202", "EC203", "SV304"]
    assert fabricated["exchanges"][3]["causes"] == ["client-fabricated-id"]
    (story,) = fabricated["streams"]
    assert [each["exchange"] for each in story["exchanges"]] == [3, 4]
    events = story["exchanges"][0]["events"]
    assert events["sent"] == events["got"] == 25
    assert [event["number"] for event in events["shown"]] == [1, 2, 3, 4, 5, 21, 22, 23, 24, 25]
    assert events["shown"][-1]["event"] == "done"


def test_a_header_that_a_hop_dropped_or_renamed_is_marked(tmp_path: Path) -> None:
    talk = Talk()
    events: list[Event] = [
        *talk.stream(FIRST, server=((ID_HEADER, FIRST), ("X-Gone", "gone"))),
        *talk.stream(SECOND, name="X-Other-Id", server=((ID_HEADER, SECOND),)),
    ]
    recording = record(tmp_path / "hop.db", events)
    (section,) = json.loads(streamid("report", recording, "--format", "json").stdout)["recordings"]
    marked = {
        (header["name"], header["entered"], header["left"], header["mark"])
        for story in section["streams"]
        for exchange in story["exchanges"]
        for header in exchange["response"]["headers"]
        if header["mark"] != "same"
    }
    assert marked == {
        ("X-Gone", "gone", None, "dropped"),
        (ID_HEADER, SECOND, f"X-Other-Id: {SECOND}", "renamed"),
    }


def test_of_many_streams_those_that_matter_are_shown_unless_all_are_asked_for(tmp_path: Path) -> None:
    recording = large(tmp_path / "large.db", 180)
    for options, shown in (((), 3), (("--all-streams",), 60)):
        page = streamid("report", recording, "-o", "-", *options).stdout
        assert page.count('<article class="story"') == shown
        assert ("57 streams without incident or finding are not shown in full" in page) is (not options)


def test_a_recording_of_nothing_gives_a_report_that_says_so(tmp_path: Path) -> None:
    empty = record(tmp_path / "empty.db", [])
    page = streamid("report", empty, "-o", "-").stdout
    assert "Nothing to judge: there is no exchange in the recording." in page
    assert "Nothing to judge" in streamid("report", empty, "--format", "markdown").stdout
    assert json.loads(streamid("report", empty, "--format", "json").stdout)["exchanges"] == 0


def test_what_is_no_recording_is_unusable(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    other.write_text("no recording")
    result = streamid("report", other, "-o", tmp_path / "report.html")
    assert result.exit_code == 2
    assert not (tmp_path / "report.html").exists()


def test_secrets_stay_what_they_were_redacted_to(tmp_path: Path) -> None:
    talk = Talk(token="Bearer a-secret-token")
    events = [*talk.stream(FIRST), *talk.refused("stream-1732312345678-ffffffff")]
    recording = record(tmp_path / "redacted.db", events, redact=True)
    for form in ("html", "markdown", "json"):
        printed = streamid("report", recording, "--format", form, "-o", "-").stdout
        assert "a-secret-token" not in printed
        assert form == "markdown" or "Bearer ~" in printed


DOCUMENT = ROOT / "docs" / "report.md"


def test_the_ticket_in_the_document_is_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (shown,) = re.findall(r"^````console\n\$ streamid (.*?)\n(.*?)^````$", DOCUMENT.read_text(), re.M | re.S)
    assert streamid(*shown[0].split()).stdout == shown[1]


def test_the_pictures_in_the_document_are_there_and_small() -> None:
    named = re.findall(r"images/[a-z-]+\.png", DOCUMENT.read_text())
    assert len(named) == 3
    for name in named:
        picture = (ROOT / "docs" / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 150_000


def test_the_limits_in_the_document_are_those_of_the_code() -> None:
    text = " ".join(DOCUMENT.read_text().split())
    assert f"at most {STREAMS} of each recording" in text
    assert (
        f"incidents beyond {INCIDENTS_SHOWN} of one cause, and findings beyond {FINDINGS_SHOWN} of one rule"
        in text
    )
    assert (
        f"data is cut at {DATA_SHOWN} characters, headers at {VALUE_SHOWN}, bodies at {BODY_SHOWN:,}." in text
    )
    assert EVENTS_SHOWN == 5


def test_of_two_taps_the_incidents_are_those_of_the_whole_way(tmp_path: Path) -> None:
    t = Talk()
    before, behind = taken_apart(t.stream(None, server=((ID_HEADER, FIRST),)) + t.refused(None))
    a, b = record(tmp_path / "a.db", before), record(tmp_path / "b.db", behind)
    found = data(a, b, "--hop", f"client-side={a},server-side={b}")
    causes = [[each["cause"] for each in one["incidents"]] for one in found["recordings"]]
    assert sorted(causes) == [[], ["network-stripped"]]
    alone = data(a, "--hop", f"client-side={a}")["recordings"][0]["incidents"]
    assert [each["cause"] for each in alone] == ["inconclusive"]
    missing = streamid("report", a, "--hop", f"client-side={a},server-side={b}", "-o", "-")
    assert missing.exit_code == 2
    assert "is not among the recordings to read" in missing.output


def data(*arguments: object) -> Any:
    return json.loads(streamid("report", *arguments, "--format", "json").stdout)
