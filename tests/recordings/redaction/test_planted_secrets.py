"""Secrets planted wherever traffic can hold one: none of them comes out, and equal ones stay equal."""

import base64
import gzip
import json
from urllib.parse import quote, quote_plus

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Abort, Breaker, Event, Headers, Manner, Message, Side
from recordings.redaction import Redactor
from tests.recordings.redaction.exchanges import (
    JSON,
    KEY,
    REQUEST,
    RESPONSE,
    SSE,
    body,
    chunk,
    cut,
    end,
    redact,
    request,
    response,
)

SECRET = "pl4nted-Secret/+ü value"
ASCII = "pl4nted.Secret_value"
FORM: Headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
MULTIPART: Headers = ((b"content-type", b'multipart/form-data; boundary="b"'),)


def sent(headers: Headers, text: bytes, size: int = 0) -> list[Event]:
    return [request(headers), *bodied(REQUEST, text, size), end(REQUEST)]


def answered(headers: Headers, text: bytes, size: int = 0) -> list[Event]:
    return [request(), end(REQUEST), response(headers), *bodied(RESPONSE, text, size), end()]


def bodied(message: Message, text: bytes, size: int) -> list[Event]:
    return [chunk(piece, message) for piece in cut(text, range(0, len(text), size or len(text) or 1))]


def encoded(headers: Headers, coding: bytes) -> Headers:
    return (*headers, (b"content-encoding", coding))


def leaf(secret: str) -> bytes:
    return json.dumps({"user": {"id": 1, "accessToken": secret}}).encode()


RAW = SECRET.encode()
EVENT = b"event: auth\ndata: " + leaf(SECRET) + b"\n\n"
PART = b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n' + RAW + b"\r\n--b--\r\n"
KNOWN = request(((b"X-Api-Key", RAW),))
PLANTED: dict[str, list[Event]] = {
    "authorization": [request(((b"Authorization", b"Bearer " + RAW),))],
    "basic": [request(((b"Authorization", b"Basic " + base64.b64encode(b"user:" + RAW)),))],
    "proxy authorization": [request(((b"Proxy-Authorization", b"Custom " + RAW),))],
    "api key": [request(((b"x-api-key", RAW),))],
    "cookie": [request(((b"Cookie", b"a=1; session=" + ASCII.encode() + b"; b=2"),))],
    "set-cookie": [request(), response(((b"Set-Cookie", b"t=" + ASCII.encode() + b"; Path=/; HttpOnly"),))],
    "query": [request((), b"/p?x=1&api_key=" + quote(SECRET, safe="").encode() + b"&y=2")],
    "location": [
        request(),
        response(((b"Location", b"https://h/#access_token=" + quote_plus(SECRET).encode()),)),
    ],
    "userinfo": [request(((b"Referer", b"http://u:" + quote(SECRET, safe="").encode() + b"@h/p"),))],
    "form": sent(FORM, b"user=me&pass_word=" + quote_plus(SECRET).encode()),
    "form in pieces": sent(FORM, b"user=me&password=" + quote_plus(SECRET).encode(), 3),
    "multipart": sent(MULTIPART, PART, 10),
    "json": sent(JSON, leaf(SECRET)),
    "json in pieces": answered(JSON, leaf(SECRET), 1),
    "json in a list": answered(JSON, json.dumps({"secrets": [{"a": [SECRET]}]}).encode()),
    "escaped name": answered(JSON, b'{"to\\u006ben": ' + json.dumps(SECRET).encode() + b"}"),
    "json without a type": sent((), leaf(SECRET), 7),
    "sse": answered(SSE, EVENT),
    "sse in pieces": answered(SSE, EVENT, 4),
    "sse on several lines": answered(
        SSE, b'data: {"token":\ndata: ' + json.dumps(SECRET).encode() + b"}\n\n"
    ),
    "gzip": answered(encoded(JSON, b"gzip"), gzip.compress(leaf(SECRET), 0)),
    "gzip in pieces": answered(encoded(SSE, b"gzip"), gzip.compress(EVENT * 3, 0), 5),
    "br": answered(encoded(JSON, b"br"), brotli.compress(leaf(SECRET), quality=0)),
    "zstd in pieces": answered(encoded(SSE, b"zstd"), zstandard.compress(EVENT), 5),
    "twice encoded": answered(
        encoded(JSON, b"gzip, zstd"), zstandard.compress(gzip.compress(leaf(SECRET), 0))
    ),
    "trailer": [request(), response(), end(trailers=((b"X-Auth-Token", RAW),))],
    "broken json": answered(JSON, leaf(SECRET)[:-1]),
    "cut off": [
        request(),
        response(JSON),
        chunk(leaf(SECRET)[:-3]),
        Abort(1, Side.BOTH, 0, Breaker.CLIENT, Manner.CLOSED, ""),
    ],
    "known, in an error": [
        KNOWN,
        response(JSON),
        chunk(json.dumps({"message": f"bad {SECRET}"}).encode()),
        end(),
    ],
    "known, in text": [
        KNOWN,
        response(((b"content-type", b"text/html"),)),
        *bodied(RESPONSE, b"bad " + RAW, 2),
        end(),
    ],
    "known, in a path": [KNOWN, request((), b"/api/" + quote(SECRET).encode() + b"/x", exchange=2)],
    "quoted by the proxy": [
        Abort(1, Side.BOTH, 0, Breaker.CLIENT, Manner.MALFORMED, f"bad: 'X-Api-Key: {SECRET}'")
    ],
}
WRITTEN = {
    RAW,
    ASCII.encode(),
    json.dumps(SECRET)[1:-1].encode(),
    quote(SECRET, safe="").encode(),
    quote(SECRET).encode(),
    quote_plus(SECRET).encode(),
    base64.b64encode(b"user:" + RAW),
}


def everything(events: list[Event]) -> bytes:
    """All bytes and words of some events, as a store would write them."""
    parts: list[bytes] = []
    for event in events:
        for name in event.__slots__:
            value = getattr(event, name)
            fields = [part for line in value for part in line] if isinstance(value, tuple) else [value]
            parts += [part if isinstance(part, bytes) else str(part).encode() for part in fields]
    return b"\n".join(parts) + b"\n" + body(events, REQUEST) + b"\n" + body(events)


@pytest.mark.parametrize("place", PLANTED)
def test_no_planted_secret_survives(place: str) -> None:
    redactor = Redactor(KEY)
    out = redact(PLANTED[place], redactor) + redactor.flush()
    assert len(out) == len(PLANTED[place])
    kept = everything(out) + repr(redactor.take_redactions()).encode()
    for written in WRITTEN:
        assert written not in kept


@pytest.mark.parametrize("place", PLANTED)
def test_the_plant_is_there_without_redaction(place: str) -> None:
    if any(word in place for word in ("gzip", "br", "zstd", "encoded")) and "broken" not in place:
        assert any(
            name == b"content-encoding"
            for event in PLANTED[place]
            for name, _ in getattr(event, "headers", ())
        )
    else:
        assert any(written in everything(PLANTED[place]) for written in WRITTEN)


def test_equal_secrets_of_equal_length_have_one_token() -> None:
    places: list[list[Event]] = [
        [request(((b"Authorization", b"Bearer " + ASCII.encode()),))],
        [request(((b"Cookie", b"x=" + ASCII.encode()),))],
        [request((), b"/p?token=" + ASCII.encode())],
        [request(), response(((b"Set-Cookie", b"y=" + ASCII.encode() + b"; Path=/"),))],
        sent(FORM, b"password=" + ASCII.encode()),
        sent(JSON, leaf(ASCII)),
        answered(SSE, b"data: " + leaf(ASCII) + b"\n\n", 9),
        answered(encoded(JSON, b"gzip"), gzip.compress(leaf(ASCII))),
    ]
    tokens = set()
    for events in places:
        redactor = Redactor(KEY)
        redact(events, redactor)
        tokens |= {noted.token for noted in redactor.take_redactions()}
    assert len(tokens) == 1


values = st.text(st.characters(codec="utf-8"), min_size=4, max_size=30).filter(
    lambda text: len(set(text)) > 3
)


@given(
    st.lists(st.tuples(st.sampled_from(["password", "text", "accessToken"]), values), min_size=1, max_size=5),
    st.sampled_from(["json", "sse", "form"]),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_no_value_under_a_secret_name_survives(
    fields: list[tuple[str, str]], kind: str, bounds: list[int]
) -> None:
    if kind == "form":
        headers, text = FORM, "&".join(f"{name}={quote_plus(value)}" for name, value in fields).encode()
    else:
        joined = ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in fields)
        text = b"{" + joined.encode() + b"}"
        headers, text = (JSON, text) if kind == "json" else (SSE, b"data: " + text + b"\n\n")
    events = redact([request(), end(REQUEST), response(headers), *map(chunk, cut(text, bounds)), end()])
    redacted = body(events)
    assert len(redacted) == len(text)
    secrets = [value for name, value in fields if name != "text"]
    others = [value for name, value in fields if name == "text"]
    for secret in secrets:
        written = quote_plus(secret) if kind == "form" else json.dumps(secret)[1:-1]
        if not any(
            written in other
            for other in (json.dumps(fields[:0]), *map(quote_plus if kind == "form" else json.dumps, others))
        ):
            assert written.encode() not in redacted
    if not secrets:
        assert redacted == text
