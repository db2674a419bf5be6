"""The bench of `bench.py` with HTTP/2 over TLS on both sides of the proxy.

Cases are written as for HTTP/1.1: requests and scripts are translated when they are sent, one chunk to
one DATA frame. What comes is written as a head of HTTP/1.1 would be, with the names as they came.
"""

import time
from typing import override

import h2.events

from tests.injection.bench import WireBench
from tests.injection.service import Act, Asked, ScriptedService
from tests.injection.surfaces import script_of, split
from tests.injection.wire import Received
from tests.support.h2peer import H2Peer, H2Server
from tests.support.sockets import RawServer

_LAST = b"0\r\n\r\n"
_NOT_THERE = (b"host", b"transfer-encoding", b"connection")

type Fields = list[tuple[bytes, bytes]]


def head_as_http2(head: bytes) -> bytes:
    """A head as it is on HTTP/2: names in small letters, no reason, nothing about the connection."""
    first, *lines = head.split(b"\r\n")
    if first.startswith(b"HTTP/"):
        first = b"HTTP/2.0 " + first.split(b" ")[1] + b" "
    else:
        first = first.replace(b"HTTP/1.1", b"HTTP/2.0")
    return b"\r\n".join([first, *(b"%s: %s" % field for field in _fields(lines))])


def _fields(lines: list[bytes]) -> Fields:
    pairs = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    return [each for each in pairs if each[0] not in _NOT_THERE]


def _written(first: bytes, fields: Fields) -> bytes:
    return b"\r\n".join([first, *(b"%s: %s" % each for each in fields if not each[0].startswith(b":"))])


class Http2Service(ScriptedService):
    """A scripted service that speaks HTTP/2."""

    @override
    def _listener(self) -> RawServer:
        return H2Server(self._serve_http2)

    def _serve_http2(self, peer: H2Peer) -> None:
        heads: dict[int, bytes] = {}
        while events := peer.receive():
            for event in events:
                if isinstance(event, h2.events.RequestReceived):
                    fields = [(bytes(name), bytes(value)) for name, value in event.headers]
                    pseudo = dict(fields)
                    first = b"%s %s HTTP/2.0" % (pseudo[b":method"], pseudo[b":path"])
                    heads[event.stream_id] = _written(first, fields) + b"\r\n\r\n"
                elif isinstance(event, h2.events.StreamEnded):
                    stream = event.stream_id
                    asked = Asked(heads[stream], peer.body(stream), time.monotonic())
                    self._answer(peer, stream, self._script(asked), asked)
                    asked.is_over = True

    @staticmethod
    def _answer(peer: H2Peer, stream: int, script: tuple[Act, ...], asked: Asked) -> None:
        head, _ = script_of(script)
        first, *lines = head.split(b"\r\n")
        for act in script:
            if isinstance(act, float):
                time.sleep(act)
            elif isinstance(act, bytes):
                asked.writes.append((time.monotonic(), act))
                if act.startswith(b"HTTP/"):
                    peer.headers(stream, [(b":status", first.split(b" ")[1]), *_fields(lines)])
                    if body := split(act)[1]:
                        peer.data(stream, body, end=True)
                elif act == _LAST:
                    peer.data(stream, b"", end=True)
                else:
                    peer.data(stream, act.partition(b"\r\n")[2][:-2])


def ask_http2(port: int, request: bytes) -> Received:
    """Send `request` on a connection of its own, and read its response to the end."""
    head, body = split(request)
    first, *lines = head.split(b"\r\n")
    method, path, _ = first.split(b" ")
    got = Received()
    with H2Peer.connect(port) as peer:
        got.begin = time.monotonic()
        stream = peer.request(method, path, _fields(lines), body)
        while not got.ending:
            before = len(peer.seen)
            if not peer.receive():
                got.ending = peer.peer.ending
            for at, event in peer.seen[before:]:
                _take(got, at - got.begin, event, stream)
    return got


def _take(got: Received, at: float, event: h2.events.Event, stream: int) -> None:
    if getattr(event, "stream_id", None) != stream:
        return
    match event:
        case h2.events.ResponseReceived(headers=headers):
            fields = [(bytes(name), bytes(value)) for name, value in headers or ()]
            got.head, got.head_at = _written(b"HTTP/2.0 " + dict(fields)[b":status"] + b" ", fields), at
        case h2.events.DataReceived(data=data):
            if data:
                got.pieces.append((at, data))
        case h2.events.StreamEnded() | h2.events.StreamReset():
            got.ending = "complete" if isinstance(event, h2.events.StreamEnded) else "reset"
            got.end_at = at


class Http2Bench(WireBench):
    """A bench whose client and service speak HTTP/2."""

    @override
    def _service(self, scripts: dict[str, list[tuple[Act, ...]]]) -> ScriptedService:
        return Http2Service(scripts)

    @override
    def _one(self, request: bytes, patience: float) -> Received:
        return ask_http2(self.proxy.port, request)
