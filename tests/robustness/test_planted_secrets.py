"""Secrets planted in real traffic are found nowhere afterwards, by a search for their bytes."""

import contextlib
import json
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from contract.events import Chunk, End, Event, Message, RequestHead, ResponseHead, Side
from recordings.decoding import DECODERS
from recordings.reader import Recording
from tests.cli.streamid import streamid as command
from tests.fidelity.stage import Arrival, Route, Script, Stage, client
from tests.fidelity.wire import chunk, response
from tests.robustness.plants import EQUAL, LAST, PLANTS, SAME, SECRETS, event, flushed, forms, s, secret
from tests.support.proxy import CHECKOUT, Proxy
from tests.support.sockets import Peer, RawServer

OPTIONS = {"ssl_insecure": "true", "streamid_log_headers": "true"}
KEY = "a passphrase for these tests, 42"
SOUGHT = re.compile(b"|".join(re.escape(form) for each in SECRETS for form in sorted(forms(each))))
TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
TIMELINES = bytes((0x04, 0x05, 0x06, 0x07, 0x0C, 0x0D, 0x0E, 0x0F))
"""What stands before zstd in packed timelines."""
OTHER_KINDS = 2
"""Plants that are no plain HTTP: a tunnel of bytes, and a WebSocket."""


class Planted:
    """All plants played through one proxy: what the ends got, and all that was left behind."""

    def __init__(self, stage: Stage, proxy: Proxy) -> None:
        self.proxy = proxy
        self.arrivals = {str(plant.script): stage.play(plant.script, proxy) for plant in PLANTS}
        self.files: dict[str, bytes] = {}
        self._until_stored()
        self.keep("while it runs")

    @property
    def path(self) -> Path:
        return self.proxy.recording

    def keep(self, when: str) -> None:
        """Keep the bytes of all files of the recording, and of the log."""
        for path in (*sorted(self.path.parent.glob(f"{self.path.name}*")), self.proxy.log_path):
            self.files[f"{path.name}, {when}"] = path.read_bytes()

    def _until_stored(self) -> None:
        """The last plant's answer is long over when it is in the file; wait until it is there."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with Recording(self.path) as recording:
                rows = [row for row in recording.exchanges() if row.kind == "http"]
            if rows and rows[-1].outcome == "complete" and len(rows) == len(PLANTS) - OTHER_KINDS:
                return
            time.sleep(0.05)
        raise AssertionError("not stored in time")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@contextlib.contextmanager
def run(
    stage: Stage, folder: Path, how: signal.Signals = signal.SIGTERM, **options: str
) -> Iterator[Planted]:
    with Proxy(*stage.modes(), options=OPTIONS | options, folder=folder) as proxy:
        planted = Planted(stage, proxy)
        proxy.stop(how)
        planted.keep("afterwards")
        yield planted


@pytest.fixture(scope="module")
def text(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with run(stage, tmp_path_factory.mktemp("text"), streamid_redact_key=KEY) as planted:
        yield planted


@pytest.fixture(scope="module")
def killed(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """With JSON logs, and the same key."""
    options = {"streamid_log": "json", "streamid_redact_key": KEY}
    with run(stage, tmp_path_factory.mktemp("json"), signal.SIGKILL, **options) as planted:
        yield planted


@pytest.fixture(scope="module")
def own_key(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """With the key of a file that is made on first use."""
    with run(stage, tmp_path_factory.mktemp("key")) as planted:
        yield planted


@pytest.fixture(scope="module")
def unredacted(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with run(stage, tmp_path_factory.mktemp("off"), streamid_redact="off") as planted:
        yield planted


@pytest.fixture(scope="module", params=["text", "killed"])
def planted(request: pytest.FixtureRequest) -> Planted:
    found: Planted = request.getfixturevalue(request.param)
    return found


# Where to look


def found_in(data: bytes) -> list[bytes]:
    """The secrets that are in some bytes, in any form."""
    return sorted(set(SOUGHT.findall(data)))


def cells(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, as it is and unpacked."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
        for (table,) in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [each[0] for each in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{table}.{name}", raw
                    if isinstance(value, bytes):
                        yield (
                            f"{table}.{name}, unpacked",
                            decoded(raw.lstrip(b"\x04\x05\x06\x07\x0c\x0d\x0e\x0f"), "zstd"),
                        )


def bodies(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every body on each side as it was recorded, and what any content-coding makes of it."""
    with Recording(path) as recording:
        gathered: dict[tuple[int, Message, Side], bytes] = {}
        for each in recording.events():
            if isinstance(each, Chunk):
                for side in (Side.CLIENT, Side.SERVER):
                    if side in each.side:
                        key = (each.exchange, each.message, side)
                        gathered[key] = gathered.get(key, b"") + each.data
    for (exchange, message, side), body in gathered.items():
        where = f"{message} #{exchange} on the {side.name} side"
        yield where, body
        for coding in DECODERS:
            yield f"{where}, decoded as {coding}", decoded(body, coding)


def decoded(body: bytes, coding: str) -> bytes:
    """As much of `body` as can be decoded."""
    found = b""
    decoder = DECODERS[coding]()
    with contextlib.suppress(ValueError):
        for at in range(len(body)):
            found += decoder.feed(body[at : at + 1])
    return found


def outputs(path: Path, copy: Path) -> Iterator[tuple[str, bytes]]:
    """What every command prints, and what it writes."""
    for line in (
        ("ls", path),
        ("ls", path, "--format", "json"),
        ("validate", path),
        ("validate", path, "--format", "json"),
        ("tail", path),
        ("export", path, "--to", copy),
        ("index", copy),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, line)], cwd=CHECKOUT, capture_output=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        yield f"streamid {line[0]}", done.stdout + done.stderr
    yield "the copy", copy.read_bytes()
    with Recording(path) as recording:
        numbers = [row.exchange for row in recording.exchanges()]
    for number in numbers:
        for form in ("text", "json"):
            yield f"streamid show {number}", command("show", path, number, "--format", form).output.encode()


def assert_free(places: Iterable[tuple[str, bytes]]) -> int:
    """No secret is in any of these; how many there were."""
    count = 0
    leaks = []
    for where, data in places:
        count += 1
        leaks += [(where, leak) for leak in found_in(data)]
    assert leaks == []
    return count


# What holds


def test_every_plant_is_there_and_the_search_finds_it(unredacted: Planted) -> None:
    whole = b"\n".join(data for _, data in bodies(unredacted.path))
    whole += b"\n".join(data for _, data in cells(unredacted.path))
    found = set(found_in(whole))
    missing = [
        plant.script.name for plant in PLANTS if not all(forms(each) & found for each in plant.secrets)
    ]
    assert missing == []
    assert len(SECRETS) > 40


def test_no_secret_is_in_any_file(planted: Planted) -> None:
    assert any(name.startswith("recording.db-wal") for name in planted.files)
    assert any(name.startswith("recording.db-shm") for name in planted.files)
    assert assert_free(planted.files.items()) >= 6


def test_no_secret_is_in_any_value_or_body(planted: Planted) -> None:
    assert assert_free(cells(planted.path)) > 1000
    assert assert_free(bodies(planted.path)) > 50


def test_no_secret_is_in_what_commands_print_and_write(planted: Planted, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert assert_free(outputs(planted.path, copy)) > 100
    assert_free(cells(copy))
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute("SELECT count(*) FROM event_text WHERE event_text MATCH 'redacted*'")
        assert rows.fetchone()[0] > 5


def test_the_log_says_what_it_has_to_say_of_them(text: Planted, killed: Planted) -> None:
    with Recording(text.path) as recording:
        about = [each for each in recording.findings() if "redacted~" in each.message + each.stream]
    assert {each.code for each in about} >= {"EC202", "ID103"}
    assert about[0].message in text.proxy.log()
    assert "X-Api-Key" not in text.proxy.log()
    assert "X-Streaming-Session-Id: redacted~" in text.proxy.log()
    said = [json.loads(line) for line in killed.proxy.log().splitlines() if line.startswith("{")]
    kinds = {each["streamid"] for each in said}
    assert kinds == {"run", "exchange", "finding", "stream", "headers"}


def redacted(planted: Planted) -> list[tuple[str, int, str]]:
    """Place, length and token of each secret that was replaced, in order."""
    with Recording(planted.path) as recording:
        return [(each.where, each.length, each.token) for each in recording.redactions()]


def test_equal_secrets_have_one_token_everywhere_and_others_another(text: Planted) -> None:
    with Recording(text.path) as recording:
        last = [row.exchange for row in recording.exchanges()][-len(EQUAL) :]
        same = [each for number in last for each in recording.redactions(number)]
        others = [each for each in recording.redactions() if each.exchange < last[0]]
    assert {each.exchange for each in same} == set(last)
    assert len({each.token for each in same}) == 1
    assert {each.token for each in same}.isdisjoint(each.token for each in others)
    whole = {each.token for each in others if each.length == len(SAME)}
    assert len(whole) > 30


def test_the_same_key_gives_the_same_tokens_and_another_key_others(
    text: Planted, killed: Planted, own_key: Planted
) -> None:
    assert redacted(text) == redacted(killed)
    mine, theirs = redacted(text), redacted(own_key)
    assert [each[:2] for each in mine] == [each[:2] for each in theirs]
    long = {token for _, length, token in mine if length > 1}
    assert long.isdisjoint(token for _, _, token in theirs)


def test_the_key_is_in_a_file_of_the_users_and_nowhere_else(text: Planted, own_key: Planted) -> None:
    file = own_key.proxy.folder / "config" / "streamid" / "redact.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text().strip()
    for planted, secret_key in ((own_key, key), (text, KEY)):
        for where, data in (*planted.files.items(), *cells(planted.path)):
            assert secret_key.encode() not in data, where
            assert planted is text or bytes.fromhex(key) not in data, where
    assert not (text.proxy.folder / "config" / "streamid").exists()


def test_files_of_a_recording_are_the_owners_alone(killed: Planted) -> None:
    for path in killed.path.parent.glob("recording.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


# Without redaction


EXACT = [
    number
    for number, plant in enumerate(PLANTS)
    if plant.script.route is Route.PLAIN and not plant.script.redrawn
]


def written(events: list[Event], side: Side, message: Message) -> bytes:
    """One message of an exchange as HTTP/1.1 writes it, on one side."""
    data = b""
    chunked = False
    for each in events:
        match each:
            case RequestHead() if message is Message.REQUEST and side in each.side:
                line = b" ".join((each.method, each.target, each.version))
                fields = each.headers
            case ResponseHead() if message is Message.RESPONSE and side in each.side:
                line = b" ".join((each.version, b"%d" % each.status, each.reason))
                fields = each.headers
            case Chunk() if each.message is message and side in each.side:
                data += chunk(each.data) if chunked else each.data
                continue
            case End() if each.message is message and side in each.side:
                data += LAST if chunked else b""
                continue
            case _:
                continue
        chunked = any(name.lower() == b"transfer-encoding" for name, _ in fields)
        data += response(*(name + b": " + value for name, value in fields), line=line)
    return data


def got(arrivals: list[Arrival], end: str) -> bytes:
    return b"".join(arrival.data for arrival in arrivals if arrival.end.startswith(end))


def test_without_redaction_every_byte_is_recorded(unredacted: Planted) -> None:
    assert redacted(unredacted) == []
    with Recording(unredacted.path) as recording:
        plain = [
            row.exchange
            for row in recording.exchanges()
            if row.url.startswith("http://") and row.kind == "http"
        ]
        recorded = [list(recording.exchange(number)) for number in plain]
    asked = [each for each in recorded if b"token=" + s("to a forward proxy") not in each[0].target]  # type: ignore[union-attr]
    assert len(asked) == len(EXACT)
    for number, events in zip(EXACT, asked, strict=True):
        arrivals = unredacted.arrivals[str(PLANTS[number].script)]
        assert written(events, Side.SERVER, Message.REQUEST) == got(arrivals, "server")
        if "reason" not in PLANTS[number].script.name:
            assert written(events, Side.CLIENT, Message.RESPONSE) == got(arrivals, "client")


def test_halves_that_a_killed_proxy_held_are_nowhere(tmp_path: Path) -> None:
    half = event(secret("held"), "token")[:-30]
    starts = [half, b"data: ok\n\n" + half, half[:40]]
    codings = [b"", b"gzip", b"zstd"]

    def answer(peer: Peer) -> None:
        number = int(peer.receive_until(b"\r\n\r\n")[5:6])
        fields = [b"Content-Encoding: " + codings[number // 3]] if number // 3 else []
        peer.send(response(b"Content-Type: text/event-stream", *fields, b"Transfer-Encoding: chunked"))
        part = starts[number % 3]
        for each in flushed(codings[number // 3].decode(), [part])[:1] if fields else [part]:
            peer.send(chunk(each))
        peer.receive_all()

    with RawServer(answer) as service, Proxy(f"reverse:{service.url}", folder=tmp_path) as proxy:
        with contextlib.ExitStack() as clients:
            for number in range(9):
                peer = clients.enter_context(Peer.connect(proxy.port))
                peer.send(b"GET /%d HTTP/1.1\r\nHost: a\r\nX-Api-Key: %s\r\n\r\n" % (number, s("sent")))
                peer.receive_until(b"event-stream")
            time.sleep(1)
            proxy.stop(signal.SIGKILL)
        sought = {form for name in ("held", "sent") for form in forms(secret(name))}
        places = [(str(path), path.read_bytes()) for path in tmp_path.glob("recording.db*")]
        places += [*cells(proxy.recording), *bodies(proxy.recording)]
        assert [where for where, data in places for form in sought if form in data] == []
        with Recording(proxy.recording) as recording:
            assert [row.outcome for row in recording.exchanges()] == ["open"] * 9


def test_mitmproxys_own_words_are_beyond_reach(stage: Stage) -> None:
    """What it says of a request that it cannot read quotes the request; the recording has none of it."""
    line = b"GET /?token=" + s("quoted") + b" HTTP/x\r\n\r\n"
    with Proxy(*stage.modes(), options=OPTIONS) as proxy:
        stage.play(Script("a bad version", Route.PLAIN, (client(line),)), proxy)
        proxy.stop()
        assert secret("quoted") in proxy.log()
        for path in proxy.folder.glob("recording.db*"):
            assert s("quoted") not in path.read_bytes()
