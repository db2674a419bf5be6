"""What cannot be played is refused in one line, and nothing is changed on the disk."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from recordings.writer import Writer
from tests.cli.streamid import streamid
from tests.playback.exchanges import CHUNKED, ORIGIN, answered, asked, lost
from tests.support.proxy import Proxy, ProxyError
from tests.support.sequences import RUN, Plain, record
from tests.support.serving import Serving

WORDS = " ".join(f"word {number}" for number in range(2000)).encode()
EVENTS = [
    *asked(1, 0, "/a"),
    *answered(1, 100, b"an answer"),
    *asked(2, 1000, "/b"),
    *answered(2, 1100, WORDS),
]


def recorded(path: Path) -> bytes:
    return record(path, EVENTS).read_bytes()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    whole = recorded(path)
    path.write_bytes(whole[: len(whole) // 2])


def damaged(path: Path) -> None:
    whole = recorded(path)
    path.write_bytes(whole[:2048] + bytes(byte ^ 0x5A for byte in whole[2048:]))


def text(path: Path) -> None:
    path.write_text("just text, and no database\n" * 200)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE exchange (id INTEGER)")


def without_exchanges(path: Path) -> None:
    record(path, [])


def only_upgrades(path: Path) -> None:
    head, *_, end = answered(1, 100, status=101, fields=((b"Upgrade", b"websocket"),))
    record(path, [*asked(1, 0, "/socket"), head, end])


def without_bodies(path: Path) -> None:
    record(path, [*lost(EVENTS[:6]), *lost(EVENTS[6:])])


def newer(path: Path) -> None:
    recorded(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


FILES: dict[Callable[[Path], None], str] = {
    empty: "is not a recording",
    truncated: "is damaged: database disk image is malformed",
    damaged: "is ",
    text: "is not a recording",
    foreign: "is not a recording",
    without_exchanges: "holds no HTTP exchange",
    only_upgrades: "holds no HTTP exchange",
    without_bodies: "holds no answer that was kept whole",
    newer: "is of format 99, and this program knows formats up to",
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("make", FILES, ids=lambda make: make.__name__)
def test_a_file_that_cannot_be_played_is_one_line_and_exit_code_2(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "x.db")
    before = contents(tmp_path)
    result = streamid("serve", tmp_path / "x.db")
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path}/x.db: {FILES[make]}")
    assert contents(tmp_path) == before


def test_a_good_recording_does_not_make_up_for_a_damaged_one(tmp_path: Path) -> None:
    recorded(tmp_path / "good.db")
    truncated(tmp_path / "bad.db")
    result = streamid("serve", tmp_path / "good.db", tmp_path / "bad.db")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "bad.db: is damaged" in result.stderr


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "1e9", "0.0001", "fast", ""])
def test_a_speed_that_is_none_is_refused(speed: str, tmp_path: Path) -> None:
    recorded(tmp_path / "x.db")
    before = contents(tmp_path)
    result = streamid("serve", tmp_path / "x.db", f"--speed={speed}")
    assert result.exit_code == 2
    said = f"Error: --speed: '{speed}' is no speed; give 0.001 to 1000, or max"
    assert result.stderr.splitlines()[-1] == said
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "miss", ["500", "404=x", "upstream=", "upstream=here", "upstream=http://h:0", "upstream=http://h/p"]
)
def test_a_way_to_answer_misses_that_is_none_is_refused(miss: str, tmp_path: Path) -> None:
    recorded(tmp_path / "x.db")
    result = streamid("serve", tmp_path / "x.db", "--on-miss", miss)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("Error: --on-miss: ")


def test_a_missing_file_and_a_name_with_a_comma_are_refused(tmp_path: Path) -> None:
    recorded(tmp_path / "a,b.db")
    for name, said in (("none.db", "there is no such file"), ("a,b.db", "cannot have a comma")):
        result = streamid("serve", tmp_path / name)
        assert result.exit_code == 2
        (line,) = result.stderr.splitlines()
        assert said in line


@pytest.mark.parametrize("make", [truncated, without_bodies], ids=lambda make: make.__name__)
def test_mitmdump_says_the_same_in_one_line(make: Callable[[Path], None], tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    make(folder / "x.db")
    before = contents(folder)
    options = {"streamid_playback": str(folder / "x.db")}
    proxy = Proxy(f"reverse:{ORIGIN}", options=options, folder=tmp_path / "run")
    with pytest.raises(ProxyError, match="ended with code 1"), proxy:
        proxy.wait_for("  recording  ")
    (line,) = [line for line in proxy.log().splitlines() if "streamid: " in line]
    assert line.endswith(f"streamid: {folder}/x.db: {FILES[make]}")
    assert "Traceback" not in proxy.log()
    assert not proxy.recording.exists()
    assert contents(folder) == before


def test_a_body_that_is_damaged_is_said_in_the_log_and_all_else_is_played(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    whole = recorded(path)
    with closing(sqlite3.connect(path)) as connection:
        (stored,) = connection.execute("SELECT data FROM body ORDER BY size DESC").fetchone()
    at = whole.index(stored[:300])
    path.write_bytes(whole[: at + 20] + bytes(200) + whole[at + 220 :])
    before = path.read_bytes()
    with Serving(path, arguments=("--on-miss", "nearest")) as playback:
        url = playback.url(ORIGIN)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/b", trust_env=False)
        assert httpx.get(f"{url}/a", trust_env=False).text == "an answer"
    (line,) = [line for line in playback.text.splitlines() if "is damaged" in line]
    assert f"streamid: playback: {path}: is damaged" in line
    assert "Traceback" not in playback.text
    assert path.read_bytes() == before


def test_a_recording_that_is_being_written_is_played_as_far_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    writer = Writer(
        path, RUN, redactor=Plain(), profile=None, on_judged=lambda _: None, on_trouble=lambda _: None
    )
    running = [*asked(3, 2000, "/c"), *answered(3, 2100, b"so far", b"and on", fields=(CHUNKED,))]
    try:
        for event in [*EVENTS, *running[:-1]]:
            writer.put(event)
        while _requests(path) < 3:
            time.sleep(0.02)
        with Serving(path) as playback:
            url = playback.url(ORIGIN)
            assert httpx.get(f"{url}/a", trust_env=False).text == "an answer"
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                httpx.get(f"{url}/c", trust_env=False)
            writer.put(running[-1])
            assert httpx.get(f"{url}/a", trust_env=False).text == "an answer"
    finally:
        assert writer.close().clean


def _requests(path: Path) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM request").fetchone()[0])
