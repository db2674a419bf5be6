"""Odd but legal HTTP/2 (RFC 9113): to an HTTP/2 server, and to an HTTP/1.1 one."""

import gzip

from tests.fidelity.frames import Data, Headers, Raw, Reset
from tests.fidelity.http1_responses import EVENTS
from tests.fidelity.stage import Do, Route, Script, Step, client, server
from tests.fidelity.wire import CHUNKED, LARGE, OK, chunk, pieces, response

OPENED = ((b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/a"), (b":authority", b"127.0.0.1:PORT"))
UPLOAD = ((b":method", b"POST"), *OPENED[1:])
STATUS = ((b":status", b"200"),)
GOAWAY = b"\0\0\x08\x07\0" + bytes(4) + b"\0\0\0\1" + bytes(4)
CONTENT = ((b"content-type", b"text/event-stream"), (b"x-streaming-session-id", b"stream-1-0a1b2c3d"))


def get(*fields: tuple[bytes, bytes], stream: int = 1) -> Step:
    """A complete request."""
    return client(Headers(stream, (*OPENED, *fields), end=True))


def post(*fields: tuple[bytes, bytes], stream: int = 1) -> Step:
    """A request whose body follows."""
    return client(Headers(stream, (*UPLOAD, *fields)))


def plain(*fields: tuple[bytes, bytes], stream: int = 1) -> list[Step]:
    """A short, complete answer that ends on a frame of its own."""
    return [
        server(Headers(stream, (*STATUS, *fields))),
        server(Data(stream, b"ok")),
        server(Data(stream, b"", end=True)),
    ]


def early() -> list[Step]:
    """A complete answer to an upload that is not: its end has to wait."""
    *first, last = plain()
    return [*first, server(last.what, quiet=True)]


def told(*data: bytes, stream: int = 1) -> list[Step]:
    """An answer, a DATA frame each, that ends on a frame of its own."""
    frames = [server(Data(stream, piece)) for piece in data]
    return [server(Headers(stream, (*STATUS, *CONTENT))), *frames, server(Data(stream, b"", end=True))]


def h2(name: str, *steps: Step) -> Script:
    return Script(name, Route.H2, steps)


def mixed(name: str, *steps: Step) -> Script:
    return Script(name, Route.H2_TO_H1, steps)


HEADS = [
    h2("order of fields", get((b"zeta", b"1"), (b"alpha", b"2"), (b"zeta", b"3")),
       *plain((b"z", b"1"), (b"a", b"2"))),
    h2("order of pseudo fields", client(Headers(1, OPENED[::-1], end=True)), *plain()),
    h2("Host and :authority", get((b"host", b"127.0.0.1:PORT")), *plain()),
    h2("Host alone", client(Headers(1, (*OPENED[:3], (b"host", b"127.0.0.1:PORT")), end=True)), *plain()),
    h2("several cookies", get((b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x", b"y"), (b"cookie", b"c=3")),
       *plain()),
    h2("several set-cookie", get(), *plain((b"set-cookie", b"a=1"), (b"x", b"y"), (b"set-cookie", b"b=2"))),
    h2("empty values", get((b"x-empty", b"")), *plain((b"x-empty", b""))),
    h2("obs-text in values", get((b"x-l", b"\x80\xe9\xff")), *plain((b"x-l", b"\xe2\x82\xac\xff"))),
    h2("a field of 30 KB", client(Headers(1, (*OPENED, (b"x-long", b"x" * 30_000)), end=True, parts=3)),
       *plain()),
    h2("an answer's field of 30 KB", get(), server(Headers(1, (*STATUS, (b"x", b"y" * 30_000)), end=True,
       parts=2))),
    h2("200 fields", client(Headers(1, (*OPENED, *((b"x-%d" % n, b"%d" % n) for n in range(200))),
       end=True)), *plain()),
    h2("an odd query", client(Headers(1, (*OPENED[:2], (b":path", b"/a?q=%zz&&=\"'<>|\xc3\xbc"), OPENED[3]),
       end=True)), *plain()),
    h2("OPTIONS *", client(Headers(1, ((b":method", b"OPTIONS"), OPENED[1], (b":path", b"*"), OPENED[3]),
       end=True)), *plain()),
    h2("a method of nobody", client(Headers(1, ((b":method", b"M-search"), *OPENED[1:]), end=True)),
       *plain()),
    h2("a scheme of its own", client(Headers(1, (OPENED[0], (b":scheme", b"http"), *OPENED[2:]), end=True)),
       *plain()),
    h2("te: trailers", get((b"te", b"trailers")), *plain()),
    h2("secrets", post((b"authorization", b"Bearer a.b.c")), client(Data(1, b'{"password":"hunter2"}',
       end=True)),
       *plain((b"set-cookie", b"sid=s3cr3t"))),
    h2("alt-svc and cors", get((b"origin", b"http://a")), *plain((b"access-control-allow-origin",
       b"http://a"),
       (b"access-control-expose-headers", b"X-A, x-b"), (b"alt-svc", b"clear"))),
]  # fmt: skip

ANSWERS = [
    h2("END_STREAM on HEADERS", get(), server(Headers(1, ((b":status", b"204"),), end=True))),
    h2("END_STREAM on DATA", get(), server(Headers(1, STATUS)), server(Data(1, b"abc", end=True))),
    h2("END_STREAM on a frame of its own", get(), *told(b"abc")),
    h2("HEADERS and DATA in one write", get(), *told(b"abc"), post(stream=3), client(Data(3, b"", end=True)),
       server(Headers(3, STATUS, end=True))),
    h2("an empty DATA frame in the middle", get(), *told(b"abc", b"", b"def")),
    h2("content-length", get(), server(Headers(1, (*STATUS, (b"content-length", b"3")))),
       server(Data(1, b"abc", end=True))),
    h2("HEAD", client(Headers(1, ((b":method", b"HEAD"), *OPENED[1:]), end=True)),
       server(Headers(1, (*STATUS, (b"content-length", b"99")), end=True))),
    h2("304", get(), server(Headers(1, ((b":status", b"304"), (b"etag", b'"a"')), end=True))),
    h2("padding", get(), server(Headers(1, STATUS)), server(Data(1, b"abc", pad=9)),
       server(Data(1, b"d", end=True, pad=0))),
    h2("frames of 16 KB", get(), *told(*pieces(LARGE, 16_384))),
    h2("a frame of 100 KB", get(), *told(LARGE)),
    h2("frames of one byte", get(), *told(*(b"%d" % n for n in range(9)))),
    h2("SSE, split anywhere", get(), *told(*EVENTS)),
    h2("gzip", get(), server(Headers(1, (*STATUS, (b"content-encoding", b"gzip")))),
       *(server(Data(1, piece)) for piece in pieces(gzip.compress(b"data: x\n\n" * 99, mtime=0), 11)),
       server(Data(1, b"", end=True))),
    h2("trailers", get(), server(Headers(1, STATUS)), server(Data(1, b"abc")),
       server(Headers(1, ((b"x-t", b"1"), (b"grpc-status", b"0")), end=True))),
    h2("an informational answer", get(), server(Headers(1, ((b":status", b"103"), (b"link", b"</a>"))),
       quiet=True), *plain()),
    h2("an error", get(), server(Headers(1, ((b":status", b"400"), (b"content-type", b"application/json")))),
       server(Data(1, b'{"message":', end=False)), server(Data(1, b'"mismatch"}', end=True))),
]  # fmt: skip

UPLOADS = [
    h2("an upload", post(), client(Data(1, b"abc")), client(Data(1, b"def")), client(Data(1, b"", end=True)),
       *plain()),
    h2("an upload, END_STREAM on DATA", post(), client(Data(1, b"abc", end=True)), *plain()),
    h2("an upload, empty", post(), client(Data(1, b"", end=True)), *plain()),
    h2("an upload of 100 KB", post(), *(client(Data(1, piece)) for piece in pieces(LARGE)),
       client(Data(1, b"", end=True)), *plain()),
    h2("an upload frame of 100 KB", post(), client(Data(1, LARGE)), client(Data(1, b"", end=True)), *plain()),
    h2("an upload with trailers", post(), client(Data(1, b"abc")),
       client(Headers(1, ((b"x-t", b"1"),), end=True)), *plain()),
    h2("answered while the upload runs", post(), client(Data(1, b"a")), server(Headers(1, STATUS)),
       server(Data(1, b"A")),
       client(Data(1, b"b")), server(Data(1, b"B")), client(Data(1, b"", end=True)),
       server(Data(1, b"", end=True))),
    h2("answered before the upload ends", post(), client(Data(1, b"a")), *early(), client(Data(1, b"b")),
       client(Data(1, b"", end=True))),
]  # fmt: skip

STREAMS = [
    h2("three streams, interleaved", get(), get(stream=3), get(stream=5), server(Headers(3, STATUS)),
       server(Headers(1, STATUS)),
       server(Data(3, b"3")), server(Data(1, b"1")), server(Headers(5, STATUS)), server(Data(1, b"11")),
       server(Data(5, b"5", end=True)),
       server(Data(3, b"", end=True)), server(Data(1, b"", end=True))),
    h2("ten streams", *(get((b"n", b"%d" % n), stream=n) for n in range(1, 20, 2)),
       *(server(Headers(n, STATUS)) for n in range(19, 0, -2)),
       *(server(Data(n, b"%d" % n, end=True)) for n in range(1, 20, 2))),
    h2("one after the other", get(), *plain(), get(stream=3), *plain(stream=3), get(stream=7),
       *plain(stream=5)),
    h2("the client resets a stream", get(), get(stream=3), *told(b"a")[:2], client(Reset(1, 8)),
       *plain(stream=3)),
    h2("the client resets before the answer", get(), client(Reset(1, 8)), get(stream=3), *plain(stream=3)),
    h2("the client resets its upload", post(), client(Data(1, b"abc")), client(Reset(1, 8))),
    h2("the server resets a stream, CANCEL", get(), *told(b"a")[:2], server(Reset(1, 8))),
    h2("the server resets a stream, INTERNAL_ERROR", get(), *told(b"a")[:2], server(Reset(1, 2)),
       get(stream=3), *plain(stream=3)),
    h2("the server refuses a stream", get(), server(Reset(1, 7))),
    h2("the server stops the upload, NO_ERROR", post(), client(Data(1, b"a")), *early(),
       server(Reset(1, 0), quiet=True)),
    h2("the client leaves in a stream", get(), *told(b"a", b"b")[:3], client(Do.CLOSE)),
    h2("the client vanishes in a stream", get(), *told(b"a", b"b")[:3], client(Do.RESET)),
    h2("the server leaves in a stream", get(), *told(b"a", b"b")[:3], server(Do.CLOSE)),
    h2("the server vanishes in a stream", get(), *told(b"a", b"b")[:3], server(Do.RESET)),
    h2("GOAWAY in a stream", get(), *told(b"a", b"b")[:3], server(Raw(GOAWAY))),
    h2("PING in a stream", get(), *told(b"a")[:2], client(Raw(b"\0\0\x08\x06\0\0\0\0\0" + b"12345678"),
       quiet=True),
       server(Raw(b"\0\0\x08\x06\0\0\0\0\0" + b"87654321"), quiet=True), *told(b"b")[1:]),
    h2("a frame of nobody in a stream", get(), *told(b"a")[:2],
       server(Raw(b"\0\0\x03\xbe\0\0\0\0\1abc"), quiet=True), *told(b"b")[1:]),
    h2("PRIORITY in a stream", get(), client(Raw(b"\0\0\x05\x02\0\0\0\0\1\0\0\0\0\x10"), quiet=True),
       *plain()),
    h2("an answer that breaks the rules", get(), server(Data(1, b"data before headers"))),
    h2("fields in capitals", client(Headers(1, (*OPENED, (b"X-Upper", b"1")), end=True))),
]  # fmt: skip

TO_HTTP1 = [
    mixed("to HTTP/1.1: a stream", get((b"zeta", b"1"), (b"alpha", b"2")),
          server(response(b"X-Case: 1", CHUNKED)),
          *(server(chunk(piece)) for piece in EVENTS), server(b"0\r\n\r\n")),
    mixed("to HTTP/1.1: a body by length", get(), server(OK)),
    mixed("to HTTP/1.1: a body until close", get(), server(response()), server(b"abc"), server(Do.CLOSE)),
    mixed("to HTTP/1.1: cookies", get((b"cookie", b"a=1"), (b"x", b"y"), (b"cookie", b"b=2")),
          server(response(b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"Content-Length: 0"))),
    mixed("to HTTP/1.1: an upload by length", post((b"content-length", b"6")), client(Data(1, b"abc")),
          client(Data(1, b"def", end=True)), server(OK)),
    mixed("to HTTP/1.1: an upload without a length", post(), client(Data(1, b"abc")),
          client(Data(1, b"def", end=True)), server(OK)),
    mixed("to HTTP/1.1: HEAD", client(Headers(1, ((b":method", b"HEAD"), *OPENED[1:]), end=True)),
          server(response(b"Content-Length: 9"))),
    mixed("to HTTP/1.1: two streams", get(), get(stream=3), server(response(CHUNKED) + chunk(b"a")),
          server(response(CHUNKED) + chunk(b"A"), connection=2), server(chunk(b"b")),
          server(chunk(b"B"), connection=2),
          server(b"0\r\n\r\n"), server(b"0\r\n\r\n", connection=2)),
    mixed("to HTTP/1.1: cut in a chunk", get(), server(response(CHUNKED) + b"9\r\nabc"), server(Do.CLOSE)),
    mixed("to HTTP/1.1: reset in a stream", get(), server(response(CHUNKED) + chunk(b"a")), server(Do.RESET)),
    mixed("to HTTP/1.1: the client resets", get(), server(response(CHUNKED) + chunk(b"a")),
          client(Reset(1, 8))),
    mixed("to HTTP/1.1: hop-by-hop answer headers", get(), server(response(b"Connection: keep-alive",
          b"Keep-Alive: timeout=5",
          b"Content-Length: 0"))),
    mixed("to HTTP/1.1: an odd reason", get(), server(response(b"Content-Length: 0",
          line=b"HTTP/1.1 299 Odd \xe9"))),
]  # fmt: skip

CONNECTED = (client(b"CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\n", quiet=True), client(Do.SECURE, quiet=True))
TUNNELLED = [
    Script("a stream", Route.TUNNEL, (*CONNECTED, get(), *told(*EVENTS))),
    Script("an upload", Route.TUNNEL, (*CONNECTED, post(), client(Data(1, b"a")),
    client(Data(1, b"", end=True)), *plain())),
    Script("a reset stream", Route.TUNNEL, (*CONNECTED, get(), *told(b"a")[:2], server(Reset(1, 8)))),
    Script("the client leaves", Route.TUNNEL, (*CONNECTED, get(), *told(b"a")[:2], client(Do.CLOSE))),
]  # fmt: skip
