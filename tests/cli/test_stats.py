"""`streamid stats`: what many exchanges come to."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from contract.events import Event
from recordings.reader import Recording
from tests.cli.recorded import STARTED, record, run_info
from tests.cli.streamid import streamid
from tests.contract.build import FIRST, SECOND, Talk, cut

GROUP_KEYS = [
    "exchanges", "streams", "findings", "status", "outcomes", "stream_outcomes", "request_bytes",
    "response_bytes", "first_byte", "whole", "event_rate", "largest_gap",
]  # fmt: skip
MEASURE_KEYS = ["n", "p50", "p90", "p99", "max", "exact"]


def stats(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(streamid("stats", *arguments, "--format", "json").stdout)
    return found


def slowed(events: list[Event], by: int) -> list[Event]:
    """The same with everything after the first event later."""
    return [events[0], *[replace(event, at=event.at + by) for event in events[1:]]]


@pytest.fixture
def paced(tmp_path: Path) -> Path:
    """A hundred requests for models, the nth answered after n ms; then two streams and an update."""
    talk = Talk()
    events: list[Event] = []
    for number in range(1, 101):
        start = talk.at
        events += slowed(talk.exchange("GET", f"/api/models/{number}"), number * 1000 - 2000)
        talk.at = start + 200_000
    events += [*talk.stream(FIRST, size=11), *talk.update(FIRST), *cut(talk.stream(SECOND, size=11), 12)]
    return record(tmp_path / "paced.db", events)


def test_json_has_the_documented_keys(paced: Path) -> None:
    found = stats(paced)
    assert list(found) == ["recordings", "since", "until", "by", "groups", "total"]
    assert found["recordings"] == [str(paced)]
    assert found["since"] == "2025-01-31T12:00:00.000000Z"
    assert [list(group) for group in found["groups"]] == [["group", *GROUP_KEYS]] * 3
    assert list(found["total"]) == GROUP_KEYS
    assert list(found["total"]["first_byte"]) == MEASURE_KEYS


def test_routes_are_templates_of_the_profile_or_masked_paths(paced: Path) -> None:
    assert [group["group"] for group in stats(paced)["groups"]] == [
        "GET chat.test/api/models/{}",
        "POST /api/chat/sessions/{session}/stream",
        "POST /api/chat/sessions/{session}/update-stream",
    ]


def test_percentiles_are_exact(paced: Path) -> None:
    models, streams, _ = stats(paced)["groups"]
    assert models["first_byte"] == {
        "n": 100, "p50": 50_000, "p90": 90_000, "p99": 99_000, "max": 100_000, "exact": True
    }  # fmt: skip
    with Recording(paced) as recording:
        row = next(recording.exchanges(101))
    assert row.ended_at is not None
    assert streams["whole"]["max"] == row.ended_at - row.at
    assert (streams["whole"]["n"], streams["first_byte"]["n"]) == (1, 2)
    assert streams["stream_outcomes"] == {"client-abort": 1, "complete": 1}


def test_the_numbers_are_those_of_the_exchanges(paced: Path) -> None:
    total = stats(paced)["total"]
    with Recording(paced) as recording:
        rows = list(recording.exchanges())
    assert total["exchanges"] == len(rows) == 103
    assert total["streams"] == 2
    assert total["status"] == {"200": 103}
    assert total["outcomes"] == {"client-abort": 1, "complete": 102}
    assert total["findings"] == sum(row.findings for row in rows)
    assert total["response_bytes"] == sum(row.response_size for row in rows)
    assert total["request_bytes"] == sum(row.request_size for row in rows)


def test_gaps_come_from_the_times_of_chunks(paced: Path) -> None:
    found = stats(paced, "--gaps")
    with Recording(paced) as recording:
        paces = [recording.pace(number) for number in (101, 103)]
    gaps = [after - before for pace in paces for before, after in pairwise(pace)]
    assert found["total"]["gaps"]["n"] == len(gaps) > 10
    assert found["total"]["gaps"]["max"] == max(gaps)
    assert not found["total"]["gaps"]["exact"]
    assert "gaps" not in stats(paced)["total"]
    assert "Gaps between chunks of streams, within 1 %" in streamid("stats", paced, "--gaps").stdout


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("host", ["chat.test"]),
        ("status", ["200"]),
        ("outcome", ["client-abort", "complete"]),
        ("hour", ["2025-01-31T12Z"]),
    ],
)
def test_exchanges_are_grouped_by_what_is_asked_for(by: str, names: list[str], paced: Path) -> None:
    found = stats(paced, "--by", by)
    assert found["by"] == by
    assert [group["group"] for group in found["groups"]] == names
    assert sum(group["exchanges"] for group in found["groups"]) == found["total"]["exchanges"] == 103


def test_options_that_choose_are_those_of_ls(paced: Path) -> None:
    assert stats(paced, "--role", "issue")["total"]["exchanges"] == 2
    assert stats(paced, "--match", "~m GET", "--since", "+10s")["total"]["exchanges"] == 50
    assert stats(paced, "--outcome", "client-abort")["total"]["streams"] == 1


def test_several_recordings_are_counted_together(paced: Path, tmp_path: Path) -> None:
    late = record(tmp_path / "late.db", Talk().stream(FIRST), run_info(STARTED + timedelta(hours=2)))
    found = stats(paced, late, "--by", "hour")
    assert [group["group"] for group in found["groups"]] == ["2025-01-31T12Z", "2025-01-31T14Z"]
    assert found["total"]["exchanges"] == 104


def test_text_has_a_line_per_route_with_its_percentiles_and_a_plot(paced: Path) -> None:
    out = streamid("stats", paced).stdout
    assert out.startswith("103 exchanges, 2 streams, ")
    (line,) = re.findall(r"^GET chat.test/api/models/\{\} .*50 ms.*$", out, re.MULTILINE)[:1]
    assert re.search(r" 100 +50 ms +90 ms +99 ms +100 ms  [ ▁▂▃▄▅▆▇█]+$", line)
    assert re.search(r"^all +103 ", out, re.MULTILINE)
    assert "Events a second, of complete streams" in out
    assert re.search(r"^complete +102  █{24}$", out, re.MULTILINE)


@pytest.mark.parametrize("width", [70, 80, 100, 200])
def test_text_fits_the_terminal(width: int, paced: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.rendering.glyphs.output_width", lambda: width)
    lines = streamid("stats", paced, "--gaps").stdout.splitlines()
    assert all(len(line) <= width or line.startswith(("GET ", "POST ")) for line in lines)


def test_text_is_ascii_where_the_encoding_is(paced: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cli.rendering.glyphs import ASCII

    monkeypatch.setattr("cli.rendering.glyphs.glyphs", lambda: ASCII)
    assert streamid("stats", paced, "--gaps").stdout.isascii()


def test_a_recording_without_exchanges_has_no_numbers(tmp_path: Path) -> None:
    path = record(tmp_path / "empty.db", [])
    assert streamid("stats", path).stdout.startswith("0 exchanges, 0 streams, 0 findings\n")
    found = stats(path)
    assert found["groups"] == []
    assert found["total"]["first_byte"] == {
        "n": 0, "p50": None, "p90": None, "p99": None, "max": None, "exact": True
    }  # fmt: skip


def test_nothing_that_fits_is_told(paced: Path) -> None:
    result = streamid("stats", paced, "--scope", "nowhere")
    assert result.exit_code == 0
    assert result.stderr == "note: no exchange fits these options\n"


def test_recorded_bytes_cannot_drive_the_terminal(tmp_path: Path) -> None:
    events = Talk().exchange("GET", "/a\x1b[J/\u202eb".encode().decode("latin-1"))
    path = record(tmp_path / "hostile.db", events)
    for options in ([], ["--format", "json"]):
        out = streamid("stats", path, *options).stdout
        assert {c for c in out if not c.isprintable()} <= {"\n"}
    assert "/a\\x1b[J/" in streamid("stats", path).stdout
