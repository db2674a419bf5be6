"""The drawing of `streamid show`: a stream and what belongs to it, on one axis."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import recordings
from cli.main import main
from contract.events import Chunk, Deed, End, Event, Injection, Message, Side
from tests.cli.recorded import record
from tests.cli.streamid import streamid
from tests.contract.build import ALLOWS, CHUNK, DONE, FIRST, ID_HEADER, ORIGIN, PREFLIGHT, Talk, cut

SAMPLES = Path(next(iter(recordings.__path__))) / "samples"
DRAWINGS = Path(__file__).parent / "drawings"
STREAM = "/api/chat/sessions/s1/stream"


def drawing(path: Path, *arguments: object) -> list[str]:
    """The lines of the drawing alone."""
    lines = streamid("show", path, *arguments).stdout.splitlines()
    if "Overview" not in lines:
        return []
    start = lines.index("Overview") + 1
    return lines[start : lines.index("", start)]


def at_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr("cli.rendering.glyphs.output_width", lambda: width)


def kept_back() -> list[Event]:
    """A preflight, a stream that a hop kept back until its end, three minutes, a refusal and a retry."""
    talk = Talk()
    events = talk.exchange("OPTIONS", STREAM, request=PREFLIGHT, status=204, response=ALLOWS)
    head = (("Content-Type", "text/event-stream"), (ID_HEADER, FIRST))
    body = CHUNK * 60 + DONE
    stream = talk.exchange("POST", STREAM, request=ORIGIN, body=b"{}", response=head, answer=body, size=38)
    answer = [
        event for event in stream if isinstance(event, Chunk | End) and event.message is Message.RESPONSE
    ]
    begin = answer[0].at
    sent = [replace(event, side=Side.SERVER, at=begin + (event.at - begin) * 30) for event in answer]
    end = sent[-1].at
    got = [replace(event, side=Side.CLIENT, at=end + 100 * n) for n, event in enumerate(answer)]
    events += [event for event in stream if event not in answer]
    talk.at = end + 185_000_000
    refused = talk.refused(FIRST)
    talk.at += 800_000
    return [*events, *sent, *got, *refused, *talk.update(FIRST)]


@pytest.fixture
def burst(tmp_path: Path) -> Path:
    """Such a recording, made before anything was diagnosed live."""
    path = record(tmp_path / "burst.db", kept_back())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM incident")
    return path


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize(
    ("name", "exchange"),
    [("healthy", 3), ("early-reader", 3), ("echo-missing", 4), ("echo-fabricated", 4), ("echo-stale", 5)],
)
def test_the_samples_are_drawn_as_they_were(
    name: str, exchange: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, width)
    drawn = drawing(SAMPLES / f"{name}.db", exchange)
    assert max(map(len, drawn)) <= width
    assert drawn == (DRAWINGS / f"{name}-{width}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("width", [80, 200])
def test_a_burst_a_silence_and_a_retry_are_drawn_as_they_were(
    burst: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, width)
    drawn = drawing(burst, 2)
    assert max(map(len, drawn)) <= width
    assert drawn == (DRAWINGS / f"burst-{width}.txt").read_text(encoding="utf-8").splitlines()


def test_a_burst_is_one_high_bar_on_the_clients_side_and_spread_on_the_servers(burst: Path) -> None:
    _, preflight, server, client, findings, *_ = drawing(burst, 2)
    assert preflight.startswith("#1 preflight 204")
    assert server.startswith("#2 stream 200")
    assert len(re.findall("[▁▂]", server)) > 30
    assert re.search(r"client  ←─+ 1\.9 s ─+█$", client)
    assert findings.endswith("▲HT603")
    assert findings.index("▲HT603") == client.index("█")


def test_a_silence_of_minutes_is_cut_short_and_says_how_long_it_was(burst: Path) -> None:
    drawn = drawing(burst, 2)
    assert "3.1 min" in drawn[0]
    assert drawn[-1].endswith("// silence, not to scale")


def test_an_update_is_drawn_with_its_stream_and_its_retries(burst: Path) -> None:
    assert drawing(burst, 3) == drawing(burst, 4) == drawing(burst, "--stream", FIRST) == drawing(burst, 2)
    refused, finding, accepted, *_ = drawing(burst, 3)[5:]
    assert refused.startswith("#3 update 400")
    assert finding.index("▲SV301") == refused.index("←")
    assert accepted.startswith("#4 update 200")
    assert accepted.index("←", 20) > refused.index("←")


def test_what_an_encoding_cannot_have_is_drawn_in_ascii(burst: Path) -> None:
    for charset, read_as in (("ascii", "utf-8"), ("latin-1", "latin-1")):
        result = CliRunner(charset=charset).invoke(main, ["show", str(burst), "2"])
        assert result.exit_code == 0
        lines = result.stdout_bytes.decode(read_as).splitlines()
        drawn = lines[lines.index("Overview") + 1 : lines.index("", lines.index("Overview"))]
        assert all(map(str.isascii, drawn))
        assert drawn == (DRAWINGS / "burst-ascii.txt").read_text(encoding="ascii").splitlines()


def test_a_stream_without_an_end_is_drawn_to_where_it_broke(tmp_path: Path) -> None:
    path = record(tmp_path / "cut.db", cut(Talk().stream(FIRST, size=38), 8))
    lane = drawing(path, 1)[1]
    assert lane.startswith("#1 stream 200  →")
    assert lane.endswith("✗")


def test_an_update_without_an_answer_says_so(tmp_path: Path) -> None:
    talk = Talk()
    path = record(tmp_path / "none.db", [*talk.stream(FIRST), *cut(talk.update(FIRST), 3)])
    lane = next(line for line in drawing(path, 1) if line.startswith("#2"))
    assert lane.startswith("#2 update -")
    assert lane.endswith("✗")


def test_a_fault_that_struck_is_marked(tmp_path: Path) -> None:
    events: list[Event] = list(Talk().stream(FIRST))
    entry = Injection(1, events[3].at, "no-id", "strip-header", Message.RESPONSE, Deed.HIT, "", 1, "number 1")
    path = record(tmp_path / "struck.db", [*events[:4], entry, *events[4:]])
    assert any("✎no-id" in line for line in drawing(path, 1))


def test_a_cause_stands_beside_the_findings_where_it_showed(tmp_path: Path) -> None:
    path = record(tmp_path / "diagnosed.db", kept_back())
    drawn = drawing(path, 2)
    assert any("network-buffered" in line and "HT603" in line for line in drawn)
    assert any(line.endswith("◆ cause   ▁ 1 to 8 events, █ 57 to 64") for line in drawn)


def test_marks_that_fit_on_no_side_of_their_time_stand_one_below_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_width(monkeypatch, 80)
    names = [f"a-fault-with-a-long-name-{n}" for n in range(3)]
    events: list[Event] = kept_back()
    entries = [
        Injection(2, events[-30].at, name, "buffer", Message.RESPONSE, Deed.HIT, "", 1, "") for name in names
    ]
    path = record(tmp_path / "struck.db", [*events[:-30], *entries, *events[-30:]])
    drawn = drawing(path, 2)
    places = [line.index(name) for line in drawn for name in names if name in line]
    assert len(places) == 3
    assert len(set(places)) == 1


def test_what_is_no_stream_is_not_drawn(chat: Path, tmp_path: Path) -> None:
    path = record(tmp_path / "plain.db", Talk().exchange("GET", "/api/models"))
    assert drawing(path, 1) == []
    assert "Timeline" in streamid("show", path, 1).stdout


def test_many_retries_are_drawn_in_few_lanes(tmp_path: Path) -> None:
    talk = Talk()
    events = [*talk.stream(FIRST), *[event for _ in range(40) for event in talk.refused(FIRST)]]
    out = streamid("show", record(tmp_path / "many.db", events), 20).stdout
    lanes = re.findall(r"^#(\d+) ", out, re.MULTILINE)
    assert len(lanes) == 12
    assert {"1", "20", "41"} <= set(lanes)
    assert "(29 more exchanges belong to this stream)" in out


def test_a_name_of_a_fault_cannot_drive_the_terminal(tmp_path: Path) -> None:
    events: list[Event] = list(Talk().stream(FIRST))
    name = "\x1b[2J\u202e" + "x" * 300
    entry = Injection(1, events[3].at, name, "strip-header", Message.RESPONSE, Deed.HIT, "", 1, "")
    drawn = drawing(record(tmp_path / "struck.db", [*events[:4], entry, *events[4:]]), 1)
    assert any("\\x1b[2J\\u202exxx" in line and "✎" in line for line in drawn)
    assert max(map(len, drawn)) <= 100


def test_a_stream_that_is_named_is_shown_and_one_that_is_not_there_is_one_line(chat: Path) -> None:
    assert streamid("show", chat, "--stream", FIRST).stdout.startswith(f"exchange 1 of {chat}\n")
    result = streamid("show", chat, "--stream", "stream-\x1b[0m")
    assert result.exit_code == 2
    assert result.stderr == f"Error: {chat}: there is no stream 'stream-\\\\x1b[0m'; streamid ls lists them\n"
    both = streamid("show", chat, 1, "--stream", FIRST)
    assert both.exit_code == 2
    assert "name an exchange or a stream, not both" in both.stderr


def test_an_id_that_was_issued_twice_or_never_is_told(tmp_path: Path) -> None:
    talk = Talk()
    path = record(
        tmp_path / "twice.db", [*talk.stream(FIRST), *talk.stream(FIRST), *talk.refused("stream-1")]
    )
    assert (
        "the ID was issued 2 times; this is the first, then came #2"
        in streamid("show", path, "--stream", FIRST).stderr
    )
    result = streamid("show", path, "--stream", "stream-1")
    assert "no stream that issued the ID; showing exchange 3" in result.stderr
    assert result.stdout.startswith("exchange 3 of")


def test_json_has_no_drawing(chat: Path) -> None:
    assert "Overview" not in streamid("show", chat, 1, "--format", "json").stdout
