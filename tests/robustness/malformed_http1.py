"""HTTP/1.1 as it should not be, of services and of clients."""
# ruff: noqa: E501 - a case a line

import gzip
import zlib
from collections.abc import Iterator
from itertools import count

import brotli
import zstandard

from tests.fidelity.http1_responses import UPGRADE, UPGRADED
from tests.fidelity.stage import Do, Route, Step, client, server
from tests.fidelity.websocket import frame
from tests.fidelity.wire import CHUNKED, OK, chunk, request, response
from tests.robustness.traffic import DONE, EXPOSED, Case, an_id, answered, ask, sent, stream_head

_numbers: Iterator[int] = count(1)
EVENT = b'event: chunk\ndata: {"text": "a"}\n\n'
EVENTS = EVENT * 40 + DONE
LAST = b"0\r\n\r\n"
GZIP, BR, ZSTD = gzip.compress(EVENTS, mtime=0), brotli.compress(EVENTS), zstandard.compress(EVENTS)
MASK = b"mask"
UNREAD = "SS502? SS503? SS504? SS505? SS506?"
"""What is left open of an event stream that nobody can read."""
READ_UNTIL_DONE = "SS502? SS504? SS505? SS506?"
"""What is left open where its terminal event was still read."""


def body(
    name: str, *data: bytes | Do, expect: str = "http complete 200", fields: tuple[bytes, ...] = ()
) -> Case:
    """An event stream with a good head, in chunks."""
    number = next(_numbers)
    writes = [each if isinstance(each, Do) else chunk(each) for each in data]
    ending: list[bytes | Do] = [] if Do.CLOSE in data or Do.RESET in data else [LAST]
    return answered(name, number, stream_head(number, *fields), *writes, *ending, expect=expect)


def framed(name: str, *writes: bytes | Do | Step, expect: str) -> Case:
    """An event stream whose chunked coding is written out."""
    number = next(_numbers)
    return answered(name, number, stream_head(number), *writes, expect=expect)


def headed(name: str, *fields: bytes, expect: str = "http complete 200") -> Case:
    """An event stream whose head has these fields; `ID` in them becomes an ID."""
    number = next(_numbers)
    head = response(
        b"Content-Type: text/event-stream",
        EXPOSED,
        *(each.replace(b"ID", an_id(number)) for each in fields),
        CHUNKED,
    )
    return answered(name, number, head, chunk(EVENT), chunk(DONE), LAST, expect=expect)


def issued(name: str, value: bytes, expect: str) -> Case:
    """An ID as it should not be."""
    return headed(f"an ID {name}", b"X-Streaming-Session-Id: " + value, expect=expect)


def whole(name: str, *writes: bytes | Do | Step, expect: str) -> Case:
    """An answer written out from its first byte."""
    return answered(name, next(_numbers), *writes, expect=expect)


def mute(data: bytes) -> Step:
    """Something that the client does not get to see."""
    return server(data, quiet=True)


def update(body: bytes) -> bytes:
    """A request that should send an ID back."""
    return ask(next(_numbers), body=body).replace(b"/stream ", b"/update-stream ")


def coded(coding: str, data: bytes) -> list[Case]:
    """The same stream in a content-coding, whole and broken."""
    field = (b"Content-Encoding: " + coding.encode(),)
    healthy, unread = "http complete 200 HT604", f"http complete 200 HT604 {UNREAD}"
    until_done = f"http complete 200 HT604 {READ_UNTIL_DONE}"
    cut_short = {"gzip": until_done, "br": unread, "zstd": unread}[coding]
    # A zstd block that is not whole is not kept, for nobody has looked for secrets in it.
    cut_off = f"http truncated 200 HT604 {'SS504? SS505? SS506? ' * (coding == 'zstd')}HT601"
    return [
        body(f"{coding}", data[:20], data[20:], expect=healthy, fields=field),
        body(f"{coding}, cut short and ended", data[:-9], expect=cut_short, fields=field),
        body(f"{coding}, cut off", data[:-9], Do.CLOSE, expect=cut_off, fields=field),
        body(f"{coding}, garbage after its end", data, b"garbage \xff" * 9, expect=until_done, fields=field),
        body(
            f"{coding}, garbage inside",
            data[:25],
            b"\xff\0garbage" * 9,
            data[25:],
            expect=unread,
            fields=field,
        ),
        body(f"{coding}, which it is not", EVENT, DONE, expect=unread, fields=field),
    ]


STREAMS = [
    body(
        "invalid UTF-8",
        b"data: \xff\xfe \xc3(\n\n",
        b"data: \xe2\x82",
        b"\n\nid: \xff\n\n",
        b"\xed\xa0\x80: x\n\n",
        DONE,
        expect="http complete 200 SS505",
    ),
    body(
        "NUL and control characters in events",
        b"id: a\0b\ndata: \0\x01\x1b[2J\n\n",
        bytes(range(256)),
        expect="http complete 200 SS502 SS503 SS505",
    ),
    body(
        "JSON that is none",
        b'event: chunk\ndata: {"text": \n\n',
        b"data: {]}\n\ndata: " + b"[" * 5000 + b"\n\n",
        DONE,
        expect="http complete 200 SS506",
    ),
    body(
        "JSON with a secret's name that is none",
        b'event: chunk\ndata: {"token": "abc\n\n',
        b"data: ok\n\n",
        expect=f"http complete 200 {UNREAD}",
    ),
    body("an event that is cut short", b"event: done\ndata: {", Do.CLOSE, expect="http truncated 200 HT601"),
    body("reset in an event", b"event: done\ndata: {", Do.RESET, expect="http truncated 200 HT601"),
    *coded("gzip", GZIP),
    *coded("br", BR),
    *coded("zstd", ZSTD),
    *(
        body(name, data, expect=f"http complete 200 HT604 {UNREAD}", fields=(b"Content-Encoding: " + coding,))
        for name, coding, data in (
            ("gzip with a wrong checksum", b"gzip", GZIP[:-8] + b"\0" * 8),
            ("zlib for gzip", b"gzip", zlib.compress(EVENTS)),
            ("gzip for br", b"br", GZIP),
            ("a coding that nobody knows", b"rot13, \xff", GZIP),
            ("a coding of many", b"gzip, " * 400 + b"gzip", GZIP),
            ("a bomb", b"gzip", gzip.compress(bytes(30_000_000), mtime=0)),
        )
    ),
]

CHUNKS = [
    framed("a size that is none", b"zz\r\nabc\r\n", expect="http server-abort 200 HT601"),
    framed("a negative size", b"-5\r\nabc\r\n", expect="http server-abort 200 HT601"),
    framed("a size of 30 digits", b"f" * 30 + b"\r\nabc\r\n", expect="http server-abort 200 HT601"),
    framed("an empty size", b"\r\nabc\r\n", expect="http server-abort 200 HT601"),
    framed("a size with 0x", b"0x3\r\nabc\r\n", expect="http server-abort 200 HT601"),
    framed("a chunk longer than its size", b"3\r\nabcdef\r\n", expect="http server-abort 200 HT601"),
    framed("no CRLF after a chunk", b"3\r\nabc3\r\ndef\r\n", expect="http server-abort 200 HT601"),
    framed(
        "a good chunk before a bad one",
        chunk(b"data: 1\n\n"),
        b"nonsense\r\n",
        expect="http server-abort 200 HT601",
    ),
    framed("a size line without an end", mute(b"1" * 5000), Do.CLOSE, expect="http truncated 200 HT601"),
    framed("ends after a size", mute(b"20\r\n"), Do.CLOSE, expect="http truncated 200 HT601"),
    framed("ends at once", Do.CLOSE, expect="http truncated 200 HT601"),
    framed(
        "ends before the last CRLF",
        chunk(b"data: 1\n\n"),
        mute(b"0\r\n"),
        Do.CLOSE,
        expect="http truncated 200 HT601",
    ),
]

HEADS = [
    headed(
        "invalid UTF-8 in headers", b"X-Streaming-Session-Id: ID", b"X-A: \xc3( \x80", b"X-B: \xed\xa0\x80"
    ),
    whole(
        "a field name in invalid UTF-8",
        response(b"X-\xff\xfe: a", b"Content-Length: 0"),
        expect="http proxy 200",
    ),
    headed("a header of 60 KB", b"X-Streaming-Session-Id: ID", b"X-Big: " + b"b" * 60_000),
    headed("a header of 200 KB", b"X-Streaming-Session-Id: ID", b"X-Big: " + b"b" * 200_000),
    headed("a cookie of 100 KB", b"X-Streaming-Session-Id: ID", b"Set-Cookie: t=" + b"s3cret" * 17_000),
    headed("2,000 headers", b"X-Streaming-Session-Id: ID", *(b"X-%d: %d" % (n, n) for n in range(2000))),
    headed("a content type that is none", b"Content-Type: \xff/;;charset==\0", b"X-Streaming-Session-Id: ID"),
    issued("with control characters", b"stream-\x01\x1b[31m\x7f", "http complete 200 ID103"),
    issued("with a NUL", b"stream-1\x00-2", "http complete 200 ID103"),
    issued("with a CR", b"stream-1\r-2", "http complete 200 ID103"),
    issued("with an encoded line end", b"stream-1%0d%0aSet-Cookie:x=1", "http complete 200 ID103"),
    issued("in the bytes of Latin-1", b"stream-\xe9\x85\xff", "http complete 200 ID103"),
    issued("in invalid UTF-8", b"stream-\xc3(\xed\xa0\x80", "http complete 200 ID103"),
    issued("of 100 KB", b"stream-" + b"1" * 100_000, "http complete 200 ID103"),
    issued("that is empty", b"", "http complete 200 ID103"),
    issued("of white space", b" \t ", "http complete 200 ID103"),
    headed(
        "an ID on a folded line", b"X-Streaming-Session-Id: stream-1\r\n -2", expect="http complete 200 ID103"
    ),
    headed(
        "an ID twice",
        b"X-Streaming-Session-Id: ID",
        b"x-streaming-session-id: other\0",
        expect="http complete 200 ID104",
    ),
]

ANSWERS = [
    whole("HTTP/0.9", mute(b"<html>hello</html>\n"), Do.CLOSE, expect="http server-abort -"),
    whole("binary", mute(bytes(range(256))), Do.CLOSE, expect="http server-abort -"),
    whole("nothing", Do.CLOSE, expect="http server-abort -"),
    whole("a reset", Do.RESET, expect="http server-abort -"),
    whole("a head cut short", mute(b"HTTP/1.1 200 OK\r\nContent-Ty"), Do.CLOSE, expect="http server-abort -"),
    whole("a status that is none", b"HTTP/1.1 abc OK\r\n\r\n", expect="http server-abort -"),
    whole("a status of 5 digits", b"HTTP/1.1 20000 OK\r\nContent-Length: 0\r\n\r\n", expect="http complete 20000"),
    whole("status 0", b"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", expect="http complete 0"),
    whole("another protocol", b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", expect="http server-abort -"),
    whole("HTTP/3.7", b"HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n", expect="http complete 200 SS501"),
    whole("control characters in the reason", b"HTTP/1.1 200 \x1b[2J\0\xff\r\nContent-Length: 0\r\n\r\n", expect="http complete 200 SS501"),
    whole("a field without a colon", response(b"nonsense", b"Content-Length: 0"), expect="http server-abort -"),
    whole("a field without a name", response(b": nonsense", b"Content-Length: 0"), expect="http server-abort -"),
    whole("two lengths alike", response(b"Content-Length: 2", b"Content-Length: 2") + b"ok", expect="http server-abort -"),
    whole("two lengths", response(b"Content-Length: 2", b"Content-Length: 3") + b"ok", expect="http server-abort -"),
    whole("a length that is none", response(b"Content-Length: two") + b"ok", expect="http server-abort -"),
    whole("a negative length", response(b"Content-Length: -2") + b"ok", expect="http server-abort -"),
    whole("a length of 40 digits", response(b"Content-Length: " + b"9" * 40), b"ok", Do.CLOSE, expect="http truncated 200 SS501 HT601"),
    whole("less than its length", response(b"Content-Length: 9"), b"ok", Do.CLOSE, expect="http truncated 200 SS501 HT601"),
    whole("more than its length", response(b"Content-Length: 2"), b"okay", expect="http complete 200 SS501"),
    whole("length and chunks", response(b"Content-Length: 2", CHUNKED) + b"ok", expect="http proxy 200"),
    whole("a transfer coding that nobody knows", response(b"Transfer-Encoding: rot13") + b"ok", expect="http server-abort -"),
    whole("bare line feeds", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", expect="http complete 200 SS501"),
    answered("before the request's end", next(_numbers), server(OK), client(Do.CLOSE),
             to=ask(0).replace(b"Length: 0", b"Length: 9"), expect="http client-abort 200 SS501 HT602"),
]  # fmt: skip

HOST = b"Host: 127.0.0.1:PORT\r\n"
REQUESTS = [
    sent("nothing", client(Do.CLOSE, quiet=True)),
    sent("nothing but FIN", client(Do.FINISH, quiet=True)),
    sent("a reset at once", client(Do.RESET, quiet=True)),
    sent("a line cut short", client(b"GET /a HT", quiet=True), client(Do.CLOSE, quiet=True)),
    sent("binary", bytes(range(256)) + b"\r\n\r\n"),
    sent("binary without an end", client(bytes(range(128, 256)) * 9, quiet=True)),
    sent("SSH", client(b"SSH-2.0-OpenSSH_9.6\r\n", quiet=True)),
    sent("HTTP/2 without TLS", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", expect=("http proxy -",)),
    sent("HTTP/0.9", client(b"GET /\r\n", quiet=True)),
    sent("a version that is none", b"GET / HTTP/x\r\n" + HOST + b"\r\n"),
    sent("a target with control characters", b"GET /\x01\x1b HTTP/1.1\r\n" + HOST + b"\r\n", server(OK), expect=("http complete 200",)),
    sent("a target in invalid UTF-8", b"GET /\xff\xfe?\xc3( HTTP/1.1\r\n" + HOST + b"\r\n", server(OK), expect=("http complete 200",)),
    sent("a target of 200 KB", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", server(OK), expect=("http complete 200",)),
    sent("headers of 200 KB", request(*(b"X-%d: %s" % (n, b"a" * 990) for n in range(200))), server(OK), expect=("http complete 200",)),
    sent("invalid UTF-8 in headers", request(b"X-A: \xc3(", b"Cookie: \xff=\xfe; \0"), server(OK), expect=("http complete 200",)),
    sent("a field name in invalid UTF-8", request(b"X-\xff: a"), expect=("http proxy -",)),
    sent("an Authorization that is none", request(b"Authorization: Basic \xff\xfe=", b"Authorization:", b"Authorization: Bearer"), server(OK), expect=("http complete 200",)),
    sent("no method", b" / HTTP/1.1\r\n" + HOST + b"\r\n"),
    sent("two hosts", request(b"Host: b"), server(OK), expect=("http complete 200",)),
    sent("smuggling: length and chunks", request(b"Content-Length: 4", CHUNKED, line=b"POST / HTTP/1.1") + b"0\r\n\r\nGET /x HTTP/1.1\r\n" + HOST + b"\r\n", expect=("http proxy -",)),
    sent("smuggling: two lengths", request(b"Content-Length: 0", b"Content-Length: 44", line=b"POST / HTTP/1.1") + b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n", expect=("http client-abort -",)),
    sent("smuggling: a list of lengths", request(b"Content-Length: 0, 44", line=b"POST / HTTP/1.1") + b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n", expect=("http client-abort -",)),
    sent("smuggling: chunked twice", request(CHUNKED, b"Transfer-Encoding: identity", line=b"POST / HTTP/1.1") + LAST, expect=("http client-abort -",)),
    sent("smuggling: a space before the colon", request(b"Transfer-Encoding : chunked", b"Content-Length: 0", line=b"POST / HTTP/1.1") + LAST, expect=("http proxy -",)),
    sent("smuggling: a tab in the coding", request(b"Transfer-Encoding: \x0bchunked", line=b"POST / HTTP/1.1") + LAST, expect=("http client-abort -",)),
    sent("smuggling: a bare CR", request(b"X: a\rTransfer-Encoding: chunked", b"Content-Length: 0", line=b"POST / HTTP/1.1"), server(OK), expect=("http complete 200",)),
    sent("smuggling: a body on GET", request(b"Content-Length: 30") + b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n   ", server(OK), expect=("http complete 200",)),
    sent("a bad chunk", request(CHUNKED, line=b"POST /a HTTP/1.1"), client(b"zz\r\nabc\r\n"), expect=("http client-abort -",)),
    sent("an upload without an end", request(b"Content-Length: 9", line=b"POST /a HTTP/1.1"), client(b"abc"), client(Do.CLOSE), expect=("http client-abort -",)),
    sent("an upload that ends in a reset", request(CHUNKED, line=b"POST /a HTTP/1.1"), client(b"9\r\nabc"), client(Do.RESET), expect=("http client-abort -",)),
    sent("an update that is no JSON", update(b'{"a\xff\0['), server(OK), expect=("http complete 200 EC201 SV302",)),
    sent("an update with an odd ID", update(rb'{"streamingSessionId": "a\u0000\ud800\r\n\u001b"}'), server(OK), expect=("http complete 200 EC202? SV302",)),
    sent("an update with an ID of 100 KB", update(b'{"streamingSessionId": "%s"}' % (b"a" * 100_000)), server(OK), expect=("http complete 200 EC202? SV302",)),
    sent("CONNECT to nowhere", client(b"CONNECT nonsense HTTP/1.1\r\n\r\n", quiet=True), route=Route.FORWARD),
    sent("CONNECT, then noise", client(b"CONNECT 127.0.0.1:PORT HTTP/1.1\r\n\r\n", quiet=True), client(b"\0\1\2noise"), route=Route.FORWARD, expect=("connect complete 200", "tcp complete -")),
    sent("a target without a host", client(b"GET /a HTTP/1.1\r\n\r\n", quiet=True), route=Route.FORWARD, expect=("http proxy -",)),
    sent("binary to a forward proxy", client(bytes(range(256)) + b"\r\n\r\n", quiet=True), route=Route.FORWARD),
    sent("TLS without TLS behind it", client(Do.SECURE, quiet=True), client(b"PRI", quiet=True)),
    sent("half a TLS hello", client(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), quiet=True), client(Do.CLOSE, quiet=True)),
    sent("a TLS hello that is none", b"\x16\x03\x01\x00\x20\x01\x00\x00\x1c\x03\x03" + b"\xff" * 60),
    sent("noise in TLS", client(b"\0\1\2 noise\r\n\r\n"), route=Route.TLS),
]  # fmt: skip

WEBSOCKETS = [
    sent("a frame that no one may send", UPGRADE, server(UPGRADED), server(b"\xf3\x7f" + b"\xff" * 8 + b"x"), expect=("websocket complete 101",)),
    sent("text that is no UTF-8", UPGRADE, server(UPGRADED), server(frame(1, b"\xff\xfe")), expect=("websocket complete 101",)),
    sent("an unmasked frame of the client", UPGRADE, server(UPGRADED), client(frame(1, b"abc")), expect=("websocket complete 101",)),
    sent("noise after the upgrade", UPGRADE, server(UPGRADED), client(b"\xff\xff\xff noise"), expect=("websocket complete 101",)),
    sent("a frame cut short", UPGRADE, server(UPGRADED), server(frame(1, b"abcdef")[:4], quiet=True), server(Do.CLOSE), expect=("websocket complete 101",)),
    sent("an upgrade with a wrong key", UPGRADE, server(UPGRADED.replace(b"s3pP", b"xxxx")), client(frame(1, b"a", mask=MASK)), expect=("websocket complete 101",)),
    sent("an upgrade that is refused", UPGRADE, server(OK), expect=("http complete 200",)),
]  # fmt: skip

HTTP1: list[Case] = [*STREAMS, *CHUNKS, *HEADS, *ANSWERS, *REQUESTS, *WEBSOCKETS]
