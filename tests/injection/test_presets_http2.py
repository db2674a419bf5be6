"""Presets over HTTP/2 in TLS: what the client gets by its frames, and what is found of it."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h2.events
import pytest

from contract.findings import Finding
from contract.profile import builtin
from faults.presets import ID_HEADER, PRESETS, preset
from recordings.reader import Recording
from tests.injection.bench import EVENTS, FIELDS
from tests.injection.lab_bench import errors
from tests.matrix.cell import settled
from tests.support.h2peer import H2Peer, H2Server
from tests.support.proxy import Proxy

BODY = b"".join(EVENTS)
NAME = b"x-streaming-session-id"
CALLS = {
    name: name
    for name in (
        "cdn-cache",
        "expose-replaced",
        "gateway-own-id",
        "lower-casing-hop",
        "mid-event-cut",
        "nginx-buffering",
        "strip-streaming-id",
    )
}
PAUSES = {"nginx-buffering": 0.18}
"""Seconds between two events, where they have to take their time."""
WHOLE = "without"
"""A case that no fault is for."""

type Pairs = list[tuple[bytes, bytes]]


@dataclass
class Got:
    """A response by its frames; times are seconds after the request."""

    fields: Pairs = field(default_factory=list)
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    ended: float = 0.0
    reset: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.pieces)

    def value(self, name: bytes) -> bytes | None:
        return dict(self.fields).get(name)


@dataclass
class Bench:
    """One proxy with a plan of all presets; `asked` counts what reached the service, by case."""

    proxy: Proxy
    asked: Counter[str]
    issued: dict[str, list[bytes]]

    def ask(self, client: H2Peer, case: str) -> Got:
        """Stream once, and read to the end."""
        path = b"/api/chat/sessions/%s/stream" % case.encode()
        begin = time.monotonic()
        number = client.request(b"POST", path, [(b"origin", b"http://page.test")], b"{}")
        got = Got()
        while not (got.ended or got.reset):
            events = client.receive()
            assert events, "the connection is gone"
            for event in events:
                _take(got, event, number, time.monotonic() - begin)
        return got

    def found(self, case: str) -> list[Finding]:
        """The findings about a case's exchanges."""
        settled(self.proxy.recording, 0)
        with Recording(self.proxy.recording) as recording:
            return [each for each in recording.findings() if each.scope == case]


def _take(got: Got, event: h2.events.Event, number: int, at: float) -> None:
    match event:
        case h2.events.ResponseReceived(stream_id=stream) if stream == number:
            got.fields = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
        case h2.events.DataReceived(stream_id=stream, data=data) if stream == number and data:
            got.pieces.append((at, bytes(data)))
        case h2.events.StreamEnded(stream_id=stream) if stream == number:
            got.ended = at
        case h2.events.StreamReset(stream_id=stream) if stream == number:
            got.reset = True


def plan() -> str:
    """All presets, each for its own case."""
    tables = []
    for name, call in CALLS.items():
        called = preset(call)
        header = builtin("chat").issue[0].id.header or ""
        for table in called.preset.toml({**called.values, ID_HEADER: header}).split("[[fault]]")[1:]:
            lines = [line for line in table.strip().splitlines() if not line.startswith("match")]
            given = next((line for line in table.splitlines() if line.startswith("match")), "")
            mine = f'~u "/sessions/{name}/"'
            own = given.partition(" = ")[2][1:-1]
            match = f"({own}) & {mine}" if own else mine
            tables.append("\n".join(["[[fault]]", *lines, f"match = '''{match}'''"]))
    return "\n\n".join(tables)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("http2")
    (folder / "plan.toml").write_text(plan(), "utf-8")
    asked, issued, numbers = Counter[str](), dict[str, list[bytes]](), itertools.count()

    def answer(peer: H2Peer) -> None:
        while events := peer.receive():
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    case = dict(event.headers or ())[b":path"].split(b"/")[4].decode()
                    asked[case] += 1
                    new = b"stream-1700000000000-%08x" % next(numbers)
                    issued.setdefault(case, []).append(new)
                    stream(peer, event.stream_id or 0, new, PAUSES.get(case, 0.005))

    options = {"streamid_faults": str(folder / "plan.toml"), "ssl_insecure": "true"}
    with (
        H2Server(answer) as server,
        Proxy(f"reverse:{server.url}", options=options, folder=folder) as proxy,
    ):
        yield Bench(proxy, asked, issued)


def stream(peer: H2Peer, number: int, new: bytes, pause: float) -> None:
    """The service's answer, an event a frame."""
    lines = [line.partition(b": ") for line in FIELDS]
    fields = [(name.lower(), new if name.lower() == NAME else value) for name, _, value in lines]
    peer.headers(number, [(b":status", b"200"), *fields])
    for event in EVENTS:
        time.sleep(pause)
        peer.data(number, event, end=event is EVENTS[-1])


@pytest.fixture
def client(bench: Bench) -> Iterator[H2Peer]:
    with H2Peer.connect(bench.proxy.port) as peer:
        yield peer


def assert_found(bench: Bench, case: str) -> None:
    told, about = errors(bench.found(case)), PRESETS[case]
    assert set(about.breaks) <= told <= {*about.breaks, *about.follows}


def test_without_a_fault_all_is_as_it_was(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, WHOLE)
    assert (got.body, got.value(NAME)) == (BODY, bench.issued[WHOLE][-1])
    assert not errors(bench.found(WHOLE))


def test_strip_streaming_id(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "strip-streaming-id")
    assert (got.body, got.value(NAME)) == (BODY, None)
    assert len(got.fields) == len(FIELDS)  # the status is one of them
    assert_found(bench, "strip-streaming-id")


def test_gateway_own_id(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "gateway-own-id")
    own = got.value(NAME)
    assert own is not None
    assert own not in bench.issued["gateway-own-id"]
    assert len(own) == len(bench.issued["gateway-own-id"][0])
    assert got.body == BODY
    assert_found(bench, "gateway-own-id")


def test_expose_replaced(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "expose-replaced")
    assert got.value(b"access-control-expose-headers") == b"X-Request-Id"
    assert got.value(NAME) == bench.issued["expose-replaced"][-1]
    assert got.body == BODY
    assert_found(bench, "expose-replaced")


def test_lower_casing_hop_changes_nothing_where_names_have_no_capitals(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "lower-casing-hop")
    assert (got.body, got.value(NAME)) == (BODY, bench.issued["lower-casing-hop"][-1])
    assert_found(bench, "lower-casing-hop")


def test_nginx_buffering(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "nginx-buffering")
    assert got.body == BODY
    first, last = got.pieces[0][0], got.pieces[-1][0]
    assert first >= len(EVENTS) * PAUSES["nginx-buffering"] - 0.005
    assert last - first < 0.1
    assert_found(bench, "nginx-buffering")


def test_cdn_cache(bench: Bench, client: H2Peer) -> None:
    first, second = (bench.ask(client, "cdn-cache") for _ in range(2))
    assert bench.asked["cdn-cache"] == 1
    assert first.value(b"age") is None
    assert second.value(b"age") == b"0"
    assert first.value(NAME) == second.value(NAME) == bench.issued["cdn-cache"][0]
    assert first.body == second.body == BODY
    assert_found(bench, "cdn-cache")


def test_mid_event_cut_ends_the_stream_and_not_the_connection(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "mid-event-cut")
    assert got.reset
    assert got.body == BODY[:100]
    again = bench.ask(client, WHOLE)
    assert again.body == BODY
    assert_found(bench, "mid-event-cut")
