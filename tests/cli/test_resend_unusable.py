"""What `streamid resend` cannot use: one line, exit code 2, nothing sent and nothing changed."""

import re
import sqlite3
from pathlib import Path

import pytest

from contract.events import Chunk, Event, Form
from tests.cli.recorded import record, writer
from tests.cli.shop import MS, SECRET, shopping
from tests.cli.streamid import streamid
from tests.replay.resending.build import exchange, in_time
from tests.replay.resending.service import Service, answer


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return shopping(tmp_path / "shop.db")


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
