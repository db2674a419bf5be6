"""Every fault of a hop, seen from the client and from the service, byte by byte."""

import gzip
import itertools
import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from contract.rules import RULES
from lab.hop.bodies import Cache, Cut
from lab.hop.fault import CutOffError
from lab.hop.message import Framing, Head, Request
from lab.hop.process import Hop
from lab.hop.table import HOP_FAULTS, UnknownFaultError, faults_of
from lab.processes import ROOT
from tests.support.sockets import Peer, RawServer

ID = "stream-1732312345678-0a1b2c3d"
EVENTS = [b'event: chunk\ndata: {"text": "%d"}\n\n' % number for number in range(4)]
FIELDS = (
    "Content-Type: text/event-stream",
    f"X-Streaming-Session-Id: {ID}",
    "Access-Control-Allow-Origin: http://o",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Expose-Headers: X-Streaming-Session-Id",
    "Vary: Origin",
    "Transfer-Encoding: chunked",
)
STREAM = b"POST /c/1/stream HTTP/1.1\r\nHost: h\r\nOrigin: http://o\r\nContent-Length: 2\r\n\r\n{}"
PREFLIGHT = b"OPTIONS /c/1/stream HTTP/1.1\r\nHost: h\r\nOrigin: http://o\r\n\r\n"


class Service:
    """Streams `EVENTS`, one for each permit of `paced`; all at once while it is None."""

    def __init__(self, paced: threading.Semaphore | None = None) -> None:
        self.paced = paced
        self.requests: list[bytes] = []

    def __call__(self, peer: Peer) -> None:
        while True:
            head = peer.receive_until(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self.requests.append(head + peer.receive_exactly(int(length[1]) if length else 0))
            peer.send(("HTTP/1.1 200 OK\r\n" + "\r\n".join(FIELDS) + "\r\n\r\n").encode())
            for event in EVENTS:
                assert self.paced is None or self.paced.acquire(timeout=10)
                peer.send(b"%x\r\n%b\r\n" % (len(event), event))
            peer.send(b"0\r\n\r\n")


@contextmanager
def through(*faults: str, service: Service | None = None) -> Iterator[Peer]:
    """A client whose requests pass a hop with these faults."""
    with (
        RawServer(service or Service()) as server,
        Hop(server.url, faults) as hop,
        Peer.connect(hop.port) as client,
    ):
        yield client


def head_through(*faults: str, request: bytes = STREAM) -> tuple[str, list[str]]:
    """The start line and the field lines that a client gets."""
    with through(*faults) as client:
        client.send(request)
        start, *lines = client.receive_until(b"\r\n\r\n").decode().split("\r\n")[:-2]
    return start, lines


def dechunked(raw: bytes) -> bytes:
    """The content of a complete chunked body."""
    content = b""
    while True:
        size, _, raw = raw.partition(b"\r\n")
        if int(size, 16) == 0:
            return content
        content, raw = content + raw[: int(size, 16)], raw[int(size, 16) + 2 :]


def changed(old: str, *new: str) -> list[str]:
    """`FIELDS` with one line replaced."""
    place = FIELDS.index(old)
    return [*FIELDS[:place], *new, *FIELDS[place + 1 :]]


TYPE, ID_LINE, ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED = FIELDS


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ("strip-id", changed(ID_LINE)),
        ("rename-id", changed(ID_LINE, f"X-Stream-Id: {ID}")),
        ("rename-id=x-Mine", changed(ID_LINE, f"x-Mine: {ID}")),
        ("duplicate-id", changed(ID_LINE, ID_LINE, ID_LINE)),
        ("lower-case", [": ".join((name.lower(), value)) for name, value in (f.split(": ") for f in FIELDS)]),
        ("strip-expose", changed(EXPOSE)),
        ("strip-cors", [TYPE, ID_LINE, VARY, CHUNKED]),
        ("duplicate-origin", changed(ORIGIN, ORIGIN, ORIGIN)),
        ("wrong-origin", changed(ORIGIN, f"{ORIGIN}/")),
        ("strip-vary", changed(VARY)),
        ("close-delimited", changed(CHUNKED, "Connection: close")),
        ("gzip", [*FIELDS, "Content-Encoding: gzip"]),
        ("buffer", [*FIELDS]),
    ],
)
def test_a_fault_of_the_head_changes_its_own_lines_alone(given: str, lines: list[str]) -> None:
    assert head_through(given) == ("HTTP/1.1 200 OK", lines)


def test_a_rewritten_id_is_another_one_in_the_same_format() -> None:
    _, lines = head_through("rewrite-id")
    assert re.fullmatch(r"X-Streaming-Session-Id: stream-\d{13}-[0-9a-f]{8}", lines[1])
    assert lines == changed(ID_LINE, lines[1])
    assert lines[1] != ID_LINE


def test_stripped_cors_leaves_preflights_alone() -> None:
    assert head_through("strip-cors", request=PREFLIGHT)[1] == [*FIELDS]


def test_a_dropped_preflight_is_a_405_and_nothing_else_is() -> None:
    assert head_through("drop-preflight", request=PREFLIGHT)[0] == "HTTP/1.1 405 Method Not Allowed"
    assert head_through("drop-preflight")[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirected_stream_is_passed_on_when_it_comes_again(code: int) -> None:
    service = Service()
    with through(f"redirect={code}", service=service) as client:
        client.send(STREAM)
        start, *lines = client.receive_until(b"\r\n\r\n").decode().split("\r\n")
        assert start.split()[1] == str(code)
        assert "Location: /c/1/stream?again=1" in lines
        assert service.requests == []
        again = STREAM.replace(b"/stream ", b"/stream?again=1 ")
        client.send(again)
        assert client.receive_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert service.requests == [again]


def test_a_redirection_keeps_the_query_that_was_there() -> None:
    _, lines = head_through("redirect=307", request=STREAM.replace(b"/stream ", b"/stream?a=b "))
    assert "Location: /c/1/stream?a=b&again=1" in lines


def update(body: bytes, framing: bytes = b"") -> bytes:
    framing = framing or b"Content-Length: %d" % len(body)
    return b"POST /c/1/update-stream HTTP/1.1\r\nHost: h\r\n%b\r\n\r\n%b" % (framing, body)


def updated(fault: str, request: bytes) -> tuple[bytes, bytes]:
    """The head and the body of an update as the service gets it."""
    service = Service()
    with through(fault, service=service) as client:
        client.send(request)
        client.receive_until(b"\r\n\r\n")
    head, _, body = service.requests[0].partition(b"\r\n\r\n")
    return head, body


BODY = json.dumps({"streamingSessionId": ID, "completeResponse": "né", "tokensUsed": 3}).encode()


def test_a_stripped_echo_leaves_the_rest_of_the_update() -> None:
    head, body = updated("strip-echo", update(BODY))
    assert json.loads(body) == {"completeResponse": "né", "tokensUsed": 3}
    assert head.count(b"Content-Length") == 1


def test_a_rewritten_echo_is_another_id() -> None:
    _, body = updated("rewrite-echo", update(BODY))
    echo = json.loads(body)["streamingSessionId"]
    assert json.loads(body) == {**json.loads(BODY), "streamingSessionId": echo}
    assert re.fullmatch(r"stream-\d{13}-[0-9a-f]{8}", echo)
    assert echo != ID


def test_an_update_in_chunks_gets_a_length() -> None:
    raw = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    head, body = updated("strip-echo", update(raw, b"Transfer-Encoding: chunked"))
    assert json.loads(body) == {"completeResponse": "né", "tokensUsed": 3}
    assert b"Transfer-Encoding" not in head


@pytest.mark.parametrize("body", [b"no JSON", b"[1]", b"\xff", b"[" * 100_000])
def test_an_update_that_is_no_object_passes_as_it_is(body: bytes) -> None:
    assert updated("strip-echo", update(body))[1] == body


@pytest.mark.parametrize("faults", [("buffer",), ("gzip",), ("gzip", "buffer"), ("cut=9", "buffer")])
def test_a_held_answer_comes_only_when_the_service_has_ended_it(faults: tuple[str, ...]) -> None:
    paced = threading.Semaphore(0)
    with through(*faults, service=Service(paced)) as client:
        client.send(STREAM)
        if "buffer" not in faults:  # gzip alone passes the head on
            client.receive_until(b"\r\n\r\n")
        paced.release(len(EVENTS) - 1)
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.receive()
        client.socket.settimeout(10)
        paced.release()
        raw = client.receive_until(b"\r\n0\r\n\r\n")
    content = dechunked(raw.partition(b"\r\n\r\n")[2] if "buffer" in faults else raw)
    assert (gzip.decompress(content) if "gzip" in faults else content) == b"".join(EVENTS)


def test_a_cut_comes_after_so_many_events_and_has_no_end() -> None:
    with through("cut=2") as client:
        client.send(STREAM)
        client.receive_until(b"\r\n\r\n")
        sent = b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in EVENTS[:2])
        assert client.receive_all() == sent
        assert client.ending == "closed"


def until_cut(stage: Cut, pieces: Iterable[bytes]) -> bytes:
    """What passes of the pieces until the stage cuts."""
    passed = b""
    for piece in pieces:
        try:
            passed += stage.feed(piece)
        except CutOffError as cut:
            return passed + cut.rest
    raise AssertionError("it never cut")


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_cut_is_at_the_same_place_however_the_bytes_come(end: bytes) -> None:
    text = b"data: 1" + end + b"data: 2" + end + b"data: 3" + end
    for first, second in itertools.combinations(range(len(text) + 1), 2):
        pieces = (text[:first], text[first:second], text[second:])
        assert until_cut(Cut(2), pieces) == b"data: 1" + end + b"data: 2" + end


def test_an_idle_cut_comes_after_the_silence_and_not_while_bytes_come() -> None:
    paced = threading.Semaphore(0)
    with through("idle-cut=0.4", service=Service(paced)) as client:
        client.send(STREAM)
        client.receive_until(b"\r\n\r\n")
        for event in EVENTS[:3]:
            paced.release()
            client.receive_until(event + b"\r\n")
        since = time.monotonic()
        assert client.receive_all() == b""
        assert 0.3 < time.monotonic() - since < 5
        assert client.ending == "closed"
        paced.release()


def test_a_close_delimited_stream_has_all_events_and_no_chunks() -> None:
    with through("close-delimited") as client:
        client.send(STREAM)
        client.receive_until(b"\r\n\r\n")
        assert client.receive_all() == b"".join(EVENTS)


def test_a_cached_stream_comes_again_with_its_age_and_the_service_is_not_asked() -> None:
    service = Service()
    with through("cache", service=service) as client:
        client.send(STREAM)
        client.receive_until(b"\r\n0\r\n\r\n")
        client.send(STREAM)
        lines = client.receive_until(b"\r\n\r\n").decode().split("\r\n")
        assert ID_LINE in lines
        assert any(re.fullmatch(r"Age: \d+", line) for line in lines)
        assert client.receive_exactly(len(b"".join(EVENTS))) == b"".join(EVENTS)
        assert len(service.requests) == 1
        client.send(STREAM.replace(b"/c/1/", b"/c/2/"))
        assert b"Age" not in client.receive_until(b"\r\n\r\n")
    assert len(service.requests) == 2


def test_the_age_is_in_whole_seconds_since_the_answer_was_kept() -> None:
    now = [100.0]
    cache = Cache(clock=lambda: now[0])
    request = Request(b"POST", b"/c/stream?x=y", b"1.1", ())
    head = Head(200, b"OK", ((b"Content-Type", b"text/event-stream"),), Framing.CHUNKED)
    stage = cache.body(request, head)
    assert stage is not None
    assert stage.feed(b"all") == b"all"
    assert cache.answer(request) is None
    stage.end()
    now[0] = 107.9
    answer = cache.answer(request)
    assert answer is not None
    assert (b"Age", b"7") in answer.head.fields
    assert answer.body == b"all"


def test_faults_combine_in_the_table_s_order_however_they_are_given() -> None:
    expected = [f"x-stream-id: {ID}" if "session" in line else line for line in head_through("lower-case")[1]]
    expected[4] = head_through("lower-case")[1][4]  # what Expose lists is a value
    for faults in (("lower-case", "rename-id"), ("rename-id", "lower-case")):
        assert head_through(*faults)[1] == expected


def test_every_fault_of_the_table_can_be_made_and_names_rules_that_exist() -> None:
    values = {"[NAME]": "", "N": "=3", "S": "=0.5", "CODE": "=302", "": ""}
    for row in HOP_FAULTS:
        assert len(faults_of([row.name + values[row.value]])) == 1
        assert {*row.breaks, *row.follows} <= set(RULES)
    assert len({row.name for row in HOP_FAULTS}) == len(HOP_FAULTS)


def test_the_documentation_has_a_row_for_every_fault() -> None:
    page = (ROOT / "docs" / "lab.md").read_text(encoding="utf-8")
    for row in HOP_FAULTS:
        rules = " | ".join(" ".join(codes) or "–" for codes in (row.breaks, row.follows))
        assert re.search(
            rf"^\| `{row.name}[^|]*` \| {re.escape(row.summary)} \| {re.escape(rules)} \|$", page, re.M
        )


@pytest.mark.parametrize("given", ["", "=", "STRIP-ID", "cut=١", "cut=-1", "rename-id=a\r\nb"])
def test_what_is_no_fault_is_refused(given: str) -> None:
    with pytest.raises(UnknownFaultError, match="^" + re.escape(repr(given))):
        faults_of([given])
