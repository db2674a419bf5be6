"""`streamid datasette`: recordings in a browser, with links, queries and a page for each stream."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cli import datasette as command
from contract.events import Deed, Injection, Message
from recordings import incidents
from recordings.browsing import described
from recordings.index import index
from tests.cli.recorded import record, writer
from tests.cli.streamid import finished, process, streamid
from tests.contract.build import FIRST, ID_HEADER, SECOND, Talk
from tests.recordings.test_incidents import OPEN, STALE

HOSTILE = "stream-<script>alert(1)</script>\"'../%2e&\xfc"
"""No ID: markup, a path, an escape."""
EVENT = b"event: <b>x\ndata: <img src=x onerror=alert(1)>\n\n"


def looked_at(path: Path) -> Path:
    """A stream, another that lost a field on its way, a hostile one, an update that is refused; indexed."""
    talk = Talk()
    first, second = (
        talk.stream(FIRST, size=11),
        talk.stream(SECOND, server=((ID_HEADER, SECOND), ("Keep-Alive", "9"))),
    )
    struck = Injection(2, second[0].at, "no-keep", "strip-header", Message.RESPONSE, Deed.HIT, "", 1, "")
    hostile = talk.stream(HOSTILE, answer=EVENT)
    record(path, [*first, *second, struck, *hostile, *talk.update(FIRST, status=400)])
    index(path)
    found = replace(STALE, exchange=4, exchanges=(1, 4), stream=FIRST, advice="<u>Keep</u> the newest.")
    incidents.replace(path, [found, replace(OPEN, exchange=2)])
    return path


class Served:
    """A running `streamid datasette`."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self.running = running
        assert running.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(running.stdout.readline())
            assert lines[-1], running.communicate()
        self.lines = lines
        self.url = lines[0].rpartition(": http")[2].rpartition("/")[0].join(("http", ""))

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        asked = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self, path: str) -> str:
        status, text = self.get(path)
        assert status == 200, text
        return text

    def rows(self, path: str) -> list[dict[str, Any]]:
        together = "&" if "?" in path else "?"
        rows: list[dict[str, Any]] = json.loads(self.page(f"{path}{together}_shape=array"))
        return rows


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "other").mkdir()
    paths = looked_at(folder / "a day.db"), record(folder / "other" / "a day.db", Talk().stream(FIRST))
    before = [path.read_bytes() for path in paths]
    with process("datasette", *paths, "--port", 0) as running:
        try:
            yield Served(running)
        finally:
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=20)
    assert (running.returncode, out.strip(), err) == (0, "", "")
    assert [path.read_bytes() for path in paths] == before, "a finished recording was changed"
    assert sorted(each.name for each in folder.iterdir()) == ["a day.db", "other"]


NAME = "a+day"


def test_it_says_where_each_recording_is(served: Served) -> None:
    first, second, last = served.lines
    assert re.fullmatch(rf".*/a day\.db: http://127\.0\.0\.1:\d+/{re.escape(NAME)}\n", first)
    assert second.endswith(f"/{NAME}-2\n")
    assert last == "Ctrl-C stops it.\n"
    assert "Recorded from 2025-01-31 12:00:00 UTC, profile chat." in served.page(f"/{NAME}-2")


def queries() -> dict[str, Any]:
    found: dict[str, Any] = described("", "", indexed=True)["queries"]
    return found


PARAMETERS = {"exchanges_of_a_scope": "?scope=s1", "search_events": "?words=alert"}


@pytest.mark.parametrize("name", [name for name in queries() if name != "unfinished"])
def test_each_query_gives_rows_and_is_named_on_the_first_page(name: str, served: Served) -> None:
    assert served.rows(f"/{NAME}/{name}.json{PARAMETERS.get(name, '')}")
    assert queries()[name]["title"] in served.page(f"/{NAME}")


def test_the_queries_give_what_their_titles_promise(served: Served) -> None:
    (refused,) = served.rows(f"/{NAME}/refused_updates.json")
    assert (refused["exchange"], refused["status"], refused["stream"]) == (4, 400, FIRST)
    changed = served.rows(f"/{NAME}/headers_that_differ.json")
    assert [
        (row["exchange"], row["client_name"], row["server_name"], row["server_value"]) for row in changed
    ] == [(2, None, "Keep-Alive", "9")]
    causes = served.rows(f"/{NAME}/incidents_by_cause.json")
    assert {row["cause"] for row in causes} == {"client-stale-id", "inconclusive"}
    assert served.rows(f"/{NAME}/unfinished.json") == []
    assert served.rows(f"/{NAME}/search_events.json?words=") == []


def test_every_column_that_is_described_is_there_and_nothing_but_views_is_shown(served: Served) -> None:
    tables: dict[str, Any] = described("", "", indexed=True)["tables"]
    shown = json.loads(served.page(f"/{NAME}.json"))
    assert not [table["name"] for table in shown["tables"] if not table["hidden"]]
    assert {view["name"] for view in shown["views"]} == {
        name for name, table in tables.items() if "hidden" not in table
    }
    for view in shown["views"]:
        table = json.loads(served.page(f"/{NAME}/{view['name']}.json?_size=1"))
        assert set(tables[view["name"]]["columns"]) <= set(table["columns"])
        assert tables[view["name"]]["title"] in served.page(f"/{NAME}/{view['name']}")


def test_streams_and_exchanges_are_links_and_urls_of_services_are_none(served: Served) -> None:
    streams = served.page(f"/{NAME}/streams")
    assert f'<a href="/{NAME}/-/stream/{FIRST}">{FIRST}</a>' in streams
    assert f'<a href="/{NAME}/exchange/1">1</a>' in streams
    exchanges = served.page(f"/{NAME}/exchanges")
    assert "http://chat.test/api" in exchanges
    assert 'href="http://chat.test' not in exchanges
    assert f'href="/{NAME}/headers?exchange=4"' in served.page(f"/{NAME}/exchange/4")


def test_the_page_of_a_stream_has_its_story(served: Served) -> None:
    page = unescape(re.sub("<[^>]+>", " ", served.page(f"/{NAME}/-/stream/{FIRST}")))
    text = " ".join(page.split())
    assert (
        f"{FIRST} refused (400): issued by exchange 1 , readable by scripts, sent back in exchange 4 ."
        in text
    )
    assert "client-stale-id (certain), exchange 4 : The client sent the ID of the stream before." in text
    assert "2 events 0 to " in text
    assert re.search(r"1 \d\.\d \d\.\d chunk \{\"text\": \"Hello\"\}", text)


def test_a_stream_that_is_none_is_not_found(served: Served) -> None:
    for path in (f"/{NAME}/-/stream/none", f"/none/-/stream/{FIRST}"):
        status, text = served.get(path)
        assert status == 404
        assert "There is no stream" in text


def test_what_was_recorded_is_text_on_every_page(served: Served) -> None:
    (row,) = [row for row in served.rows(f"/{NAME}/streams.json") if "script" in row["stream"]]
    assert row["stream"] == HOSTILE
    page = served.page(f"/{NAME}/streams")
    (link,) = re.findall(rf'href="(/{re.escape(NAME)}/-/stream/[^"]*script[^"]*)"', page)
    own = served.page(link)
    assert "&lt;script&gt;alert(1)" in own
    assert "&lt;img src=x onerror=alert(1)&gt;" in own
    views = [
        f"/{NAME}/{view}" for view in ("streams", "exchanges", "events", "incidents", "findings", "headers")
    ]
    for text in (own, *map(served.page, views)):
        assert "<script>alert(1)" not in text
        assert "<img src=x" not in text
        assert "<u>Keep" not in text


def test_only_who_asks_by_the_name_of_this_machine_is_answered(served: Served) -> None:
    port = served.url.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
        assert served.get("/", Host=host)[0] == 200, host
    for host in (f"evil.test:{port}", "127.0.0.1.evil.test", "[::2]", ""):
        assert served.get("/", Host=host)[0] in (400, 403), host


def test_a_recording_that_is_written_shows_what_comes(tmp_path: Path) -> None:
    talk = Talk()
    writing = writer(tmp_path / "live.db")
    for event in talk.stream(FIRST):
        writing.put(event)
    with process("datasette", tmp_path / "live.db", "--port", 0) as running:
        try:
            live = Served(running)
            assert "The writer did not close this recording" in live.page("/live")
            for event in talk.stream(SECOND):
                writing.put(event)
            assert writing.close().clean
            assert [row["stream"] for row in live.rows("/live/streams.json")] == [FIRST, SECOND]
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=20)
    assert running.returncode == 0


def test_without_datasette_it_says_what_to_install(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    result = streamid("datasette", chat)
    assert result.exit_code == 2
    assert "pip install 'streamid-proxy[datasette]'" in result.stderr


def test_a_port_that_is_taken_and_a_file_that_is_none_are_one_line(chat: Path, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        code, out, err = finished("datasette", chat, "--port", port)
    assert (code, out) == (2, "")
    assert err.startswith(f"Error: cannot listen on 127.0.0.1:{port}: Address already in use")
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("CREATE TABLE run (id)")
    result = streamid("datasette", tmp_path / "x.db")
    assert result.exit_code == 2
    assert "x.db: is not a recording" in result.stderr
