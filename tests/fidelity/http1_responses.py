"""Odd but legal HTTP/1.1 answers (RFC 9110, RFC 9112; HTML §9.2 for event streams) to a plain request."""

import gzip
from dataclasses import replace

from tests.fidelity.stage import Do, Route, client, server
from tests.fidelity.websocket import frame
from tests.fidelity.wire import CHUNKED, GET, LARGE, OK, answered, chunk, pieces, post, request, response

LENGTH = b"Content-Length: %d"
STREAM = response(b"Content-Type: text/event-stream", b"Cache-Control: no-cache",
                  b"X-Streaming-Session-Id: stream-1700000000000-0a1b2c3d",
                  b"Access-Control-Expose-Headers: X-Streaming-Session-Id", CHUNKED)  # fmt: skip
EVENTS = [b"event: chunk\r\ndata: {\"text\":\"a\"}\r", b"\n\r", b"\ndata: \xe2\x82", b"\xac\n", b"\n",
          b": note\n\nid: 7\nretry: 1\ndata\ndata: \xff\xfe\r\r", b"data: {\"accessToken\":\"tok",
          b"en\"}\n\nda"]  # fmt: skip
HEAD = request(line=b"HEAD /a HTTP/1.1")
UPGRADE = request(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip
UPGRADED = response(b"Upgrade: websocket", b"Connection: Upgrade",
                    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                    line=b"HTTP/1.1 101 Switching Protocols")  # fmt: skip

HEADS = [
    answered("header order and case", response(b"zETA: 1", b"alpha: 2", b"ALPHA: 3", b"Content-Length: 0")),
    answered("several Set-Cookie", response(b"Set-Cookie: a=1; Path=/", b"Content-Length: 0",
             b"set-cookie: b=2",
                                            b"Set-Cookie: a=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT")),
    answered("empty and padded values", response(b"X-E:", b"X-P:  a  b\t", b"X-T:a", b"Content-Length: 0")),
    answered("obs-text in values and reason", response(b"X-L: \x80\xe9\xff", b"Content-Length: 0",
                                                       line=b"HTTP/1.1 200 Tr\xe8s \xe2\x82\xac")),
    answered("a header of 30 KB", *(server(piece, quiet=number < 2) for number, piece in enumerate(
        pieces(response(b"X-Long: " + b"y" * 30_000, b"Content-Length: 0"), 15_000)))),
    answered("200 headers", response(*(b"X-%d: %d" % (n, n) for n in range(200)), b"Content-Length: 0")),
    answered("an empty reason", response(b"Content-Length: 0", line=b"HTTP/1.1 200 ")),
    answered("no reason, no space", response(b"Content-Length: 0", line=b"HTTP/1.1 200")),
    answered("a status of nobody", response(b"Content-Length: 0", line=b"HTTP/1.1 799 Odd, (yes): ok")),
    answered("folded header line", response(b"X-Fold: a", b"  b", b"Content-Length: 0")),
    answered("a head in pieces", server(b"HTTP/1.1 20", quiet=True), server(b"0 OK\r\nContent-", quiet=True),
             server(b"Length: 0\r\n\r", quiet=True), b"\n"),
    answered("Alt-Svc of somewhere else", response(b"Alt-Svc: clear", b"Content-Length: 0")),
    answered("many CORS headers", response(b"Access-Control-Allow-Origin: http://a", b"Vary: Origin",
             b"access-control-expose-headers: A,,b , C", b"Access-Control-Expose-Headers: *",
             b"Content-Length: 0")),
    answered("a redirect", response(b"Location: http://127.0.0.1:1/\xe9", b"Content-Length: 0",
                                    line=b"HTTP/1.1 307 T")),
]  # fmt: skip

BODIES = [
    answered("204", response(b"X-A: 1", line=b"HTTP/1.1 204 No Content")),
    answered("304 with a length", response(b"Content-Length: 99", b'ETag: "a"',
             line=b"HTTP/1.1 304 Not Modified")),
    answered("HEAD with a length", response(b"Content-Length: 99"), to=[HEAD]),
    answered("HEAD, chunked", response(CHUNKED), to=[HEAD]),
    answered("a body in the head's write", OK),
    answered("a body in pieces", response(LENGTH % 6), b"a", b"bcd", b"ef"),
    answered("a large body by length", response(LENGTH % len(LARGE)), *pieces(LARGE)),
    answered("a body until close", response(b"Content-Type: text/plain"), b"abc", b"def", Do.CLOSE),
    answered("a body until close, HTTP/1.0", response(line=b"HTTP/1.0 200 OK") + b"ab", b"c", Do.CLOSE),
    answered("HTTP/1.0 with keep-alive", response(b"Connection: keep-alive", LENGTH % 2,
             line=b"HTTP/1.0 200 OK") +
             b"ok", client(GET), server(OK)),
    answered("Connection: close", response(b"Connection: close", LENGTH % 2) + b"ok",
             server(Do.CLOSE, quiet=True)),
    answered("Connection: close, chunked", response(b"Connection: close", CHUNKED) + chunk(b"a"),
             b"0\r\n\r\n"),
    answered("chunks of one byte", response(CHUNKED), *(chunk(b"%d" % n) for n in range(9)), b"0\r\n\r\n"),
    answered("several chunks in one write", response(CHUNKED) + chunk(b"a") + chunk(b"bc") + chunk(b"def"),
             b"0\r\n\r\n"),
    answered("a chunk in two writes", response(CHUNKED), b"6\r\nabc", b"def\r\n", b"0\r\n\r\n"),
    answered("chunk and end in one write", response(CHUNKED), chunk(b"abc") + b"0\r\n\r\n"),
    answered("one chunk of 100 KB", response(CHUNKED), b"%x\r\n" % len(LARGE) + LARGE[:9000],
             *pieces(LARGE[9000:]),
             server(b"\r\n", quiet=True), b"0\r\n\r\n"),
    answered("chunk extensions", response(CHUNKED), chunk(b"abc", b";a=b"), b"0;last=\"1\"\r\n\r\n"),
    answered("chunk sizes in capitals, with zeros", response(CHUNKED), b"000B\r\n0123456789A\r\n",
             b"00\r\n\r\n"),
    answered("an empty chunked body", response(CHUNKED) + b"0\r\n\r\n"),
    answered("gzip, chunked", response(b"Content-Encoding: gzip", CHUNKED),
             *map(chunk, pieces(gzip.compress(b"data: x\n\n" * 99, mtime=0), 11)), b"0\r\n\r\n"),
    answered("gzip that is none", response(b"Content-Encoding: gzip", LENGTH % 5), b"plain"),
    answered("a coding of nobody", response(b"Content-Encoding: rot13, aes", LENGTH % 2), b"xx"),
    answered("Transfer-Encoding: gzip, chunked", response(b"Transfer-Encoding: gzip, chunked"),
             chunk(gzip.compress(b"abc", mtime=0)), b"0\r\n\r\n"),
    answered("answer without a type, binary", response(LENGTH % 256), bytes(range(256))),
    answered("an update refused", response(b"Content-Type: application/json", LENGTH % 50,
             line=b"HTTP/1.1 400 Bad Request"),
             b'{"message":"Streaming session ID', b' mismatch", "a":1}',
             to=[post(b"Content-Length: 2") + b"{}"]),
]  # fmt: skip

STREAMS = [
    answered("SSE, split anywhere", STREAM, *map(chunk, EVENTS), b"0\r\n\r\n"),
    answered("SSE until close", response(b"Content-Type: text/event-stream"), *EVENTS, Do.CLOSE),
    answered("SSE, many events at once", STREAM, chunk(b"data: a\n\n" * 1000), b"0\r\n\r\n"),
    answered("SSE, gzip", response(b"Content-Type: text/event-stream", b"Content-Encoding: gzip", CHUNKED),
             *map(chunk, pieces(gzip.compress(b"data: \xe2\x82\xac\n\n" * 50, mtime=0), 9)), b"0\r\n\r\n"),
    answered("SSE with a byte order mark and NUL", STREAM, chunk(b"\xef\xbb\xbfdata: \x00\n\n"),
             b"0\r\n\r\n"),
    answered("SSE with an event of 100 KB", STREAM, *map(chunk,
             pieces(b"data: " + b"x" * 100_000 + b"\n\n")), b"0\r\n\r\n"),
    answered("the server closes in a chunk", STREAM, b"9\r\ndata", Do.CLOSE),
    answered("the server closes between chunks", STREAM, chunk(b"data: a\n\n"), Do.CLOSE),
    answered("the server closes short of the length", response(LENGTH % 9), b"abc", Do.CLOSE),
    answered("the server resets in a stream", STREAM, chunk(b"data: a\n\n"), Do.RESET),
    answered("the server resets in a body until close", response(), b"abc", Do.RESET),
    answered("the server leaves without an answer", Do.CLOSE),
    answered("the server leaves in its head", server(b"HTTP/1.1 200 OK\r\nX", quiet=True), Do.CLOSE),
    answered("the server writes on after its end", response(LENGTH % 2) + b"ok", server(b"more", quiet=True)),
    answered("100 Continue of the server", response(line=b"HTTP/1.1 100 Continue"), server(OK, quiet=True),
             to=[post(b"Content-Length: 3", b"Expect: 100-continue"), b"abc"]),
    answered("103 Early Hints", response(b"Link: </a>; rel=preload", line=b"HTTP/1.1 103 Early Hints"),
             server(OK, quiet=True)),
    answered("not HTTP", b"SSH-2.0-x\r\n\r\n"),
    answered("a bad chunk size", STREAM, chunk(b"data: a\n\n"), b"zz\r\n"),
    answered("both lengths", response(CHUNKED, LENGTH % 3)),
    answered("trailers", STREAM, chunk(b"data: a\n\n"), server(b"0\r\nX-Trailer: 1\r\n\r\n", quiet=True)),
]  # fmt: skip

UPGRADES = [
    answered("WebSocket, frames both ways", UPGRADED, client(frame(1, b"hello", mask=b"abcd")),
             frame(1, b"world"),
             client(frame(2, b"\x00\xff", mask=b"wxyz")), frame(2, b"\x01" * 200), frame(9, b"ping"),
             client(frame(10, b"ping", mask=b"0123")), server(frame(1, b"frag", end=False), quiet=True),
             frame(0, b"ment"),
             client(frame(8, b"\x03\xe8bye", mask=b"abcd")), to=[UPGRADE]),
    answered("WebSocket, cut", UPGRADED, frame(1, b"a"), Do.RESET, to=[UPGRADE]),
    answered("another upgrade, raw both ways", response(b"Upgrade: chat", b"Connection: upgrade",
             line=b"HTTP/1.1 101 Switching Protocols"), client(b"\x00\xffhello"), b"raw\r\n",
             client(Do.CLOSE),
             to=[request(b"Connection: upgrade", b"Upgrade: chat")]),
    answered("an upgrade declined", OK, to=[UPGRADE]),
]  # fmt: skip

UPGRADES[:2] = [replace(script, redrawn=True) for script in UPGRADES[:2]]

OVER_TLS = [
    replace(script, route=Route.TLS)
    for script in (
        *HEADS[:4],
        *BODIES[5:8],
        *BODIES[13:16],
        *STREAMS[:2],
        STREAMS[6],
        STREAMS[9],
        UPGRADES[0],
    )
]
