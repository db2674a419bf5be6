"""Secrets planted in traffic: where one can be, and as what it could be found again."""
# ruff: noqa: E501 - a plant a line

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote, quote_plus

import brotli
import zstandard

from tests.fidelity.frames import Data, Headers
from tests.fidelity.http1_responses import UPGRADE, UPGRADED
from tests.fidelity.http2_corpus import CONNECTED, OPENED, STATUS, UPLOAD
from tests.fidelity.stage import Do, Route, Script, Step, client, server
from tests.fidelity.websocket import frame
from tests.fidelity.wire import CHUNKED, OK, chunk, request, response

LAST = b"0\r\n\r\n"
JSON, SSE = b"Content-Type: application/json", b"Content-Type: text/event-stream"
ODD = '/+ "ü\\'
"""Characters that are written differently in JSON, URLs and forms."""


@dataclass(frozen=True)
class Plant:
    """A script, and the secrets that it holds."""

    script: Script
    secrets: tuple[str, ...]


def secret(name: str) -> str:
    """A secret of its own for each name: 32 characters that occur nowhere else."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def number(name: str) -> int:
    """The same as a number of 18 digits."""
    return 10**17 + int(hashlib.sha256(name.encode()).hexdigest(), 16) % (9 * 10**17)


def forms(planted: str) -> set[bytes]:
    """What must not be found: each half of a secret as it is, in UTF-16, in hexadecimal and in base64."""
    middle = len(planted) // 2
    found: set[bytes] = set()
    for half in (planted[:middle].encode(), planted[middle:].encode()):
        found |= {half, half.decode().encode("utf-16-le"), half.decode().encode("utf-16-be")}
        found |= {half.hex().encode(), half.hex().upper().encode()}
        for before in range(3):
            packed = base64.b64encode(b"-" * before + half)
            found.add(packed[-(-before * 4 // 3) + bool(before) : -4])
    return found


def pieces(data: bytes, *bounds: int) -> list[bytes]:
    """`data`, cut at these offsets."""
    return [data[start:stop] for start, stop in pairwise((0, *bounds, len(data)))]


def asked(name: str, *fields: bytes, line: bytes = b"GET /a HTTP/1.1", secrets: Iterable[str] = ()) -> Plant:
    """A secret in a request's head."""
    steps = (client(request(*fields, line=line)), server(OK))
    return Plant(Script(name, Route.PLAIN, steps), tuple(secrets) or (secret(name),))


def sent(name: str, media_type: bytes, body: bytes, *bounds: int, secrets: Iterable[str] = ()) -> Plant:
    """A secret in a request's body, written in pieces."""
    head = request(
        b"Content-Type: " + media_type, b"Content-Length: %d" % len(body), line=b"POST /a HTTP/1.1"
    )
    steps = (client(head), *map(client, pieces(body, *bounds)), server(OK))
    return Plant(Script(name, Route.PLAIN, steps), tuple(secrets) or (secret(name),))


def told(name: str, field: bytes, *chunks: bytes, coding: bytes = b"", secrets: Iterable[str] = ()) -> Plant:
    """A secret in an answer's body, in these chunks."""
    fields = (field, CHUNKED, *([b"Content-Encoding: " + coding] if coding else []))
    steps = (server(response(*fields)), *(server(chunk(each)) for each in chunks), server(LAST))
    return Plant(Script(name, Route.PLAIN, (client(request()), *steps)), tuple(secrets) or (secret(name),))


def headed(name: str, *fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> Plant:
    """A secret in an answer's head."""
    steps = (client(request()), server(response(*fields, b"Content-Length: 0", line=line)))
    return Plant(Script(name, Route.PLAIN, steps), (secret(name),))


def other(name: str, route: Route, *steps: Step, secrets: Iterable[str] = ()) -> Plant:
    """Any script."""
    return Plant(Script(name, route, steps, redrawn="WebSocket" in name), tuple(secrets) or (secret(name),))


def leaf(planted: str, name: str = "accessToken") -> bytes:
    """JSON with a secret inside."""
    return json.dumps({"user": {"id": 7}, "auth": {name: planted}}, ensure_ascii=False).encode()


def event(planted: str, name: str = "token") -> bytes:
    """The same as an SSE event."""
    return b"event: auth\ndata: " + leaf(planted, name) + b"\n\n"


def flushed(coding: str, parts: list[bytes]) -> list[bytes]:
    """`parts`, each encoded so that it can be decoded when it arrives."""
    if coding == "gzip":
        packer = zlib.compressobj(wbits=31)
        packed = [packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH) for part in parts]
        return [*packed, packer.flush()]
    if coding == "br":
        maker = brotli.Compressor()
        packed = [maker.process(part) + maker.flush() for part in parts]
        return [*packed, maker.finish()]
    squeezer = zstandard.ZstdCompressor().compressobj()
    block = zstandard.COMPRESSOBJ_FLUSH_BLOCK
    packed = [squeezer.compress(part) + squeezer.flush(block) for part in parts]
    return [*packed, squeezer.flush()]


def s(name: str) -> bytes:
    """A secret as bytes."""
    return secret(name).encode()


FORM, PART = b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=bound"
MULTIPART = (
    b'--bound\r\nContent-Disposition: form-data; name="password"\r\n\r\n%s\r\n'
    b'--bound\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--bound--\r\n'
) % s("multipart")
TEXTS = event("x", "text")
UPDATE = b'{"completeResponse": "x", "streamingSessionId": "%s", "tokensUsed": 1}' % s("known")
KEY = b"X-Api-Key: " + s("known")
POST_STREAM = b"POST /api/chat/sessions/known/stream HTTP/1.1"
EXPOSED = b"Access-Control-Expose-Headers: X-Streaming-Session-Id"


def update() -> Plant:
    """A client that sends its token back for the ID."""
    line = b"POST /api/chat/sessions/known/update-stream HTTP/1.1"
    head = request(JSON, KEY, b"Content-Length: %d" % len(UPDATE), line=line)
    return other("in a finding", Route.PLAIN, client(head + UPDATE), server(OK), secrets=[secret("known")])


def issued() -> Plant:
    """A service that issues a token of its client's as the ID."""
    head = response(SSE, b"X-Streaming-Session-Id: " + s("known"), EXPOSED, CHUNKED)
    steps = (client(request(KEY, b"Content-Length: 0", line=POST_STREAM)), server(head), server(LAST))
    return other("in an ID", Route.PLAIN, *steps, secrets=[secret("known")])


def known(name: str, *answer: bytes) -> Plant:
    """A secret that the client sent comes back in the answer."""
    steps = (client(request(KEY)), *map(server, answer))
    return other(name, Route.PLAIN, *steps, secrets=[secret("known")])


HEADS = [
    asked("Authorization: Bearer", b"Authorization: Bearer " + s("Authorization: Bearer")),
    asked("Authorization: Basic", b"Authorization: Basic " + base64.b64encode(b"me:" + s("Authorization: Basic"))),
    asked("Proxy-Authorization", b"Proxy-Authorization: Basic " + base64.b64encode(b"u:" + s("Proxy-Authorization"))),
    asked("Cookie", b"Cookie: theme=dark; session=%s; b=2" % s("Cookie")),
    asked("X-Api-Key", b"x-API-key: " + s("X-Api-Key")),
    asked("query", line=b"GET /a?x=1&api_key=%s&y=2 HTTP/1.1" % quote(secret("query") + ODD, safe="").encode()),
    asked("Referer", b"Referer: https://a/b#access_token=%s" % s("Referer")),
    asked("userinfo", b"Referer: https://user:%s@host/p" % s("userinfo")),
    headed("Set-Cookie", b"Set-Cookie: sid=%s; Path=/; HttpOnly" % s("Set-Cookie")),
    headed("Location", b"Location: /next?token=%s&x=1" % quote_plus(secret("Location") + ODD).encode()),
    other("to a forward proxy", Route.FORWARD, client(request(
        line=b"GET http://127.0.0.1:PORT/a?token=%s HTTP/1.1" % s("to a forward proxy"))), server(OK)),
]  # fmt: skip

BODIES = [
    sent("JSON", b"application/json", json.dumps({"user": "me", "password": secret("JSON") + ODD}).encode(), 9, 40),
    sent("form", FORM, b"user=me&password=%s&x=1" % quote_plus(secret("form") + ODD).encode(), 20, 30),
    sent("multipart", PART, MULTIPART, 70, 90),
    sent("JSON as text", b"application/json", json.dumps({"inner": leaf(secret("JSON as text")).decode()}).encode()),
    told("two tokens", JSON, json.dumps({"accessToken": secret("a1"), "refreshToken": secret("r1")}).encode(),
         secrets=[secret("a1"), secret("r1")]),
    told("nested JSON", JSON, leaf(secret("nested JSON")), leaf(secret("nested JSON"))),
    told("array", JSON, json.dumps({"secrets": [1, [secret("array")], {"a": secret("array")}]}).encode()),
    told("number", JSON, b'{"pin": 1, "otp": %d}' % number("number"), secrets=[str(number("number"))]),
    told("escaped name", JSON, b'{"\\u0070assw\\u006frd": "%s"}' % s("escaped name")),
    told("SSE", SSE, TEXTS, event(secret("SSE")), TEXTS),
    told("SSE on two lines", SSE, b'data: {"token":\ndata: "%s"}\n\n' % s("SSE on two lines")),
    told("SSE cut in the secret", SSE, *pieces(event(secret("SSE cut in the secret")), 50, 60, 70)),
    told("SSE cut in the name", SSE, *pieces(event(secret("SSE cut in the name")), 46, 48, 52)),
    told("SSE in single bytes", SSE, *pieces(event(secret("SSE in single bytes")), *range(30, 90))),
    told("gzip JSON", JSON, gzip.compress(leaf(secret("gzip JSON")), 0), coding=b"gzip"),
    told("br JSON", JSON, *pieces(brotli.compress(leaf(secret("br JSON")), quality=0), 20), coding=b"br"),
    told("zstd JSON", JSON, zstandard.compress(leaf(secret("zstd JSON"))), coding=b"zstd"),
    *(told(f"{coding} SSE", SSE, *flushed(coding, [TEXTS, event(secret(f"{coding} SSE")), TEXTS]), coding=coding.encode())
      for coding in ("gzip", "br", "zstd")),
    *(told(f"{coding} SSE, cut in the secret", SSE,
           *flushed(coding, [TEXTS, *pieces(event(secret(f"{coding} SSE, cut in the secret")), 40, 60), TEXTS]),
           coding=coding.encode()) for coding in ("gzip", "br", "zstd")),
    told("NDJSON", b"Content-Type: application/x-ndjson", leaf("x", "text") + b"\n", leaf(secret("NDJSON")) + b"\n"),
]  # fmt: skip

BROKEN = [
    other("an upload broken off", Route.PLAIN,
          client(request(JSON, b"Content-Length: 99", line=b"POST /a HTTP/1.1")),
          client(b'{"password": "' + s("an upload broken off")[:20]), client(Do.CLOSE)),
    other("an upload of chunks broken off", Route.PLAIN, client(request(JSON, CHUNKED, line=b"POST /a HTTP/1.1")),
          client(chunk(b'{"password": "' + s("an upload of chunks broken off")[:20])), client(Do.RESET)),
    other("a stream broken off", Route.PLAIN, client(request()), server(response(SSE, CHUNKED)),
          server(chunk(event(secret("a stream broken off"))[:-20])), server(Do.CLOSE)),
    other("a form broken off", Route.PLAIN, client(request(b"Content-Type: " + FORM, b"Content-Length: 99", line=b"POST /a HTTP/1.1")),
          client(b"a=b&password=" + s("a form broken off")[:20]), client(Do.CLOSE)),
    other("gzip broken off", Route.PLAIN, client(request()), server(response(SSE, CHUNKED, b"Content-Encoding: gzip")),
          server(chunk(gzip.compress(event(secret("gzip broken off")), 0)[:-20])), server(Do.CLOSE)),
    other("an abort's reason", Route.PLAIN, client(request()),
          server(b"Authorization: Bearer %s\r\n\r\n" % s("an abort's reason"))),
    other("an abort's reason, known", Route.PLAIN, client(request(KEY)), server(b"HTTP/1.1 no %s\r\n\r\n" % s("known")),
          secrets=[secret("known")]),
    other("an abort's reason, a chunk's size", Route.PLAIN, client(request()), server(response(JSON, CHUNKED)),
          server(b'n": "%s"}\r\n' % s("an abort's reason, a chunk's size"))),
    told("broken JSON", JSON, b'{"token": "%s"' % s("broken JSON")),
]  # fmt: skip

MESSAGE = json.dumps({"message": f"the key {secret('known')} has expired"}).encode()
KNOWN = [
    update(),
    issued(),
    known("echoed in JSON", response(JSON, b"Content-Length: %d" % len(MESSAGE)) + MESSAGE),
    known(
        "echoed in text", response(CHUNKED), chunk(b"<b>bad " + s("known")[:9]), chunk(s("known")[9:]), LAST
    ),
    known("echoed in a reason", response(b"Content-Length: 0", line=b"HTTP/1.1 401 bad " + s("known"))),
    known("echoed in a field", response(b"Content-Length: 0", b"X-Debug: key=" + s("known"))),
    asked("in a path", line=b"GET /by-key/%s/x HTTP/1.1" % s("known"), secrets=[secret("known")]),
]

H2_FIELDS = (
    (b"authorization", b"Bearer " + s("HTTP/2")),
    (b"cookie", b"a=1"),
    (b"cookie", b"sid=" + s("HTTP/2 crumb")),
)
PROXY_AUTH = b"Proxy-Authorization: Basic " + base64.b64encode(b"me:" + s("CONNECT"))
OTHERS = [
    other("HTTP/2", Route.H2, client(Headers(1, (*OPENED, *H2_FIELDS), end=True)), server(Headers(1, STATUS, end=True)),
          secrets=[secret("HTTP/2"), secret("HTTP/2 crumb")]),
    other("HTTP/2 trailers", Route.H2, client(Headers(1, UPLOAD)), client(Data(1, b"abc")),
          client(Headers(1, ((b"x-api-key", s("HTTP/2 trailers")),), end=True)),
          server(Headers(1, STATUS)), server(Data(1, b"ok")),
          server(Headers(1, ((b"x-auth-token", s("HTTP/2 answer's trailers")),), end=True)),
          secrets=[secret("HTTP/2 trailers"), secret("HTTP/2 answer's trailers")]),
    other("in a tunnel", Route.TUNNEL, *CONNECTED, client(Headers(1, (*OPENED, (b"x-api-key", s("in a tunnel"))), end=True)),
          server(Headers(1, STATUS, end=True))),
    other("CONNECT", Route.FORWARD,
          client(b"CONNECT 127.0.0.1:PORT HTTP/1.1\r\n" + PROXY_AUTH + b"\r\n\r\n", quiet=True),
          client(b"\0\1 token=%s\n" % s("CONNECT, then bytes")), secrets=[secret("CONNECT"), secret("CONNECT, then bytes")]),
    other("WebSocket", Route.PLAIN, client(UPGRADE.replace(b"\r\n\r\n", b"\r\nAuthorization: Bearer %s\r\n\r\n" % s("WebSocket head"))),
          server(UPGRADED), server(frame(1, b'{"token": "%s"}' % s("WebSocket"))),
          secrets=[secret("WebSocket"), secret("WebSocket head")]),
]  # fmt: skip

SAME = secret("same")
EQUAL = [
    asked("same in a header", b"X-Api-Key: " + SAME.encode(), secrets=[SAME]),
    asked("same after a scheme", b"Authorization: Bearer " + SAME.encode(), secrets=[SAME]),
    asked("same in a cookie", b"Cookie: sid=" + SAME.encode(), secrets=[SAME]),
    asked("same in a query", line=b"GET /a?token=%s HTTP/1.1" % SAME.encode(), secrets=[SAME]),
    sent("same in JSON", b"application/json", leaf(SAME), secrets=[SAME]),
    sent("same in a form", FORM, b"password=" + SAME.encode(), secrets=[SAME]),
    told("same in SSE", SSE, event(SAME), secrets=[SAME]),
    told("same in gzip", JSON, gzip.compress(leaf(SAME)), coding=b"gzip", secrets=[SAME]),
]
"""One secret of one length in many places."""

PLANTS = [*HEADS, *BODIES, *BROKEN, *KNOWN, *OTHERS, *EQUAL]
SECRETS = sorted({each for plant in PLANTS for each in plant.secrets})
