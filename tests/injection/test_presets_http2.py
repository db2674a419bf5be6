"""Presets over HTTP/2 in TLS: what the client gets by its frames, and what is found of it."""

import gzip
import itertools
import json
import time
import zlib
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
    **{name: name for name in PRESETS},
    "idle-60s": "idle-60s(after=80 ms)",
    "no-sticky-sessions": "no-sticky-sessions(every=1)",
    "retrying-gateway": "retrying-gateway(after=20 ms)",
}
PAUSES = {"nginx-buffering": 0.18, "idle-60s": 0.3}
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
    sent: dict[str, list[tuple[Pairs, bytes]]]
    """The requests as the service got them, by case: fields and body."""

    def ask(
        self,
        client: H2Peer,
        case: str,
        *fields: tuple[bytes, bytes],
        method: bytes = b"POST",
        route: bytes = b"stream",
        body: bytes | None = b"{}",
    ) -> Got:
        """Send one request, for a stream if not told otherwise, and read to the end."""
        path = b"/api/chat/sessions/%s/%s" % (case.encode(), route)
        begin = time.monotonic()
        number = client.request(method, path, [(b"origin", b"http://page.test"), *fields], body)
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
    sent: dict[str, list[tuple[Pairs, bytes]]] = {}

    def answer(peer: H2Peer) -> None:
        heads: dict[int, Pairs] = {}
        while events := peer.receive():
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id] = [(bytes(name), bytes(value)) for name, value in event.headers]
                elif isinstance(event, h2.events.StreamEnded):
                    fields, number = heads[event.stream_id], event.stream_id
                    case = dict(fields)[b":path"].split(b"/")[4].decode()
                    asked[case] += 1
                    sent.setdefault(case, []).append((fields, peer.body(number)))
                    if case in OTHERWISE:
                        status, body = OTHERWISE[case]
                        peer.headers(number, [(b":status", status), *answered(body)])
                        peer.data(number, body, end=True)
                        continue
                    new = b"stream-1700000000000-%08x" % next(numbers)
                    issued.setdefault(case, []).append(new)
                    stream(peer, number, new, case)

    options = {"streamid_faults": str(folder / "plan.toml"), "ssl_insecure": "true"}
    with (
        H2Server(answer) as server,
        Proxy(f"reverse:{server.url}", options=options, folder=folder) as proxy,
    ):
        yield Bench(proxy, asked, issued, sent)


OTHERWISE = {
    "auth-on-preflight": (b"200", b""),
    "errors-without-cors": (b"503", b'{"message":"Try again later"}'),
    "no-sticky-sessions": (b"200", b'{"message":"Saved"}'),
}
"""Cases whose answers are no streams: status and body."""


def answered(body: bytes) -> Pairs:
    """The fields of such an answer: readable by the page, without an ID."""
    shared = [line.partition(b": ") for line in FIELDS if line.startswith((b"Access-", b"Vary"))]
    length = (b"content-length", b"%d" % len(body))
    return [
        (b"content-type", b"application/json"),
        length,
        *((name.lower(), value) for name, _, value in shared),
    ]


def stream(peer: H2Peer, number: int, new: bytes, case: str) -> None:
    """The service's answer, an event a frame."""
    lines = [line.partition(b": ") for line in FIELDS]
    fields = [(name.lower(), new if name.lower() == NAME else value) for name, _, value in lines]
    if case == "dev-server-compression":  # which honours no-transform
        fields = [each for each in fields if each[0] != b"cache-control"]
    peer.headers(number, [(b":status", b"200"), *fields])
    for event in EVENTS:
        time.sleep(PAUSES.get(case, 0.005))
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


def cors(got: Got) -> list[bytes]:
    """The names of the fields of CORS."""
    return [name for name, _ in got.fields if name.startswith(b"access-control-")]


EXPOSE, ORIGIN = b"access-control-expose-headers", b"access-control-allow-origin"


def test_every_preset_is_here() -> None:
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    missing = [name for name in PRESETS if not any(each.startswith(name) for each in tested)]
    assert not missing


def test_expose_preflight_only(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "expose-preflight-only")
    assert (got.body, got.value(EXPOSE)) == (BODY, None)
    assert got.value(NAME) == bench.issued["expose-preflight-only"][-1]
    assert "CO402" in errors(bench.found("expose-preflight-only"))


def test_wildcard_with_credentials(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "wildcard-with-credentials", (b"cookie", b"a=b"))
    assert (got.body, got.value(EXPOSE)) == (BODY, b"*")
    assert_found(bench, "wildcard-with-credentials")


def test_double_cors(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "double-cors")
    assert [value for name, value in got.fields if name == ORIGIN] == [b"http://page.test"] * 2
    assert got.body == BODY
    assert "CO401" in errors(bench.found("double-cors"))


def test_header_allow_list(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "header-allow-list")
    assert (got.body, got.value(NAME)) == (BODY, None)
    assert {ORIGIN, EXPOSE, b"content-type"} <= {name for name, _ in got.fields}
    assert_found(bench, "header-allow-list")


def test_aws_remap(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "aws-remap")
    assert (got.body, got.value(NAME)) == (BODY, None)
    assert got.value(b"x-amzn-remapped-" + NAME) == bench.issued["aws-remap"][-1]
    assert_found(bench, "aws-remap")


@pytest.mark.parametrize("case", ["nginx-gzip", "dev-server-compression"])
def test_nginx_gzip_and_test_dev_server_compression(case: str, bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, case, (b"accept-encoding", b"gzip"))
    assert got.value(b"content-encoding") == b"gzip"
    assert gzip.decompress(got.body) == BODY
    before = b"".join(data for at, data in got.pieces if at < 0.015)
    assert zlib.decompressobj(31).decompress(before) == b"", "no event before the end"
    assert "HT604" in errors(bench.found(case))


def test_dev_server_compression_leaves_alone_who_does_not_accept_it(bench: Bench, client: H2Peer) -> None:
    assert bench.ask(client, "dev-server-compression").body == BODY


def test_idle_60s(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "idle-60s")
    assert got.reset
    assert got.body == b""
    assert bench.ask(client, WHOLE).body == BODY, "the connection goes on"


def test_auth_on_preflight(bench: Bench, client: H2Peer) -> None:
    asks = ((b"access-control-request-method", b"POST"), (b"access-control-request-headers", b"content-type"))
    got = bench.ask(client, "auth-on-preflight", *asks, method=b"OPTIONS", body=None)
    assert (got.value(b":status"), cors(got)) == (b"401", [])
    assert_found(bench, "auth-on-preflight")


def test_errors_without_cors(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "errors-without-cors")
    assert (got.value(b":status"), cors(got)) == (b"503", [])
    assert got.body == OTHERWISE["errors-without-cors"][1]
    assert "CO409" in errors(bench.found("errors-without-cors"))


def test_no_sticky_sessions(bench: Bench, client: H2Peer) -> None:
    update = b'{"completeResponse":"x","streamingSessionId":"stream-1700000000000-0000beef","tokensUsed":1}'
    json_type = (b"content-type", b"application/json")
    got = bench.ask(client, "no-sticky-sessions", json_type, route=b"update-stream", body=update)
    assert got.value(b":status") == b"200"
    _, body = bench.sent["no-sticky-sessions"][-1]
    mine, its = json.loads(update), json.loads(body)
    assert its.pop("streamingSessionId") != mine.pop("streamingSessionId")
    assert its == mine


def test_retrying_gateway(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "retrying-gateway", body=b'{"message":"Hi"}')
    assert got.body == BODY
    assert [body for _, body in bench.sent["retrying-gateway"]] == [b'{"message":"Hi"}'] * 2
    assert got.value(NAME) in bench.issued["retrying-gateway"]


def test_trailing_slash_redirect(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "trailing-slash-redirect")
    assert got.value(b":status") in (b"301", b"302", b"307", b"308")
    assert (got.value(b"location") or b"").endswith(b"/sessions/trailing-slash-redirect/stream/")
    assert not bench.asked["trailing-slash-redirect"], "the service is not asked"


def test_underscore_dropper(bench: Bench, client: H2Peer) -> None:
    got = bench.ask(client, "underscore-dropper", (b"session_id", b"s1"), (b"session-id", b"s2"))
    assert got.body == BODY
    fields, _ = bench.sent["underscore-dropper"][-1]
    assert (dict(fields).get(b"session_id"), dict(fields)[b"session-id"]) == (None, b"s2")
    assert_found(bench, "underscore-dropper")
