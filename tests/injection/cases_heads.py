"""Heads: each kind of the family on the wire."""

from contract.events import Deed
from tests.injection.bench import BODY, CHUNKED, FIELDS, ID, Seen, WireCase, request, stream, whole
from tests.injection.expected import (
    CACHE,
    CREDENTIALS,
    EXPOSE,
    ID_LINE,
    LATE,
    ORIGIN,
    TYPE,
    VARY,
    Check,
    answer,
    as_it_came,
    asked,
    noted,
    together,
    unasked,
)

_LOWER = tuple(name.lower() + b":" + value for name, _, value in (line.partition(b":") for line in FIELDS))
_FROM = b"Origin: http://page.test"
_EMPTY = b"Content-Length: 0"
_JSON = b"Content-Type: application/json"
_DATE = b"Date: Mon, 01 Jan 2024 00:00:00 GMT"
_PATH = b"/api/chat/sessions/s1/stream"


def _redirected(status: bytes, location: bytes) -> Check:
    return answer(
        b"Location: " + location,
        b"Access-Control-Allow-Origin: http://page.test",
        b"Access-Control-Allow-Credentials: true",
        b"Vary: Origin",
        _EMPTY,
        body=b"",
        status=status,
    )


def _status_at_once(seen: Seen) -> None:
    assert len(seen.asked) == 1
    assert seen.got[0].end_at < LATE, "the service's stream takes longer"


DROP = (
    WireCase(
        "drop-underscored",
        asked(b"X-Case: drop-underscored", _FROM, b"X-Stream-Id: 2", _EMPTY),
        requests=lambda case: (request(case, b"stream_id: 1", b"X-Stream-Id: 2", b"x_: 3"),),
    ),
    WireCase(
        "drop-underscored",
        answer(*FIELDS, CHUNKED),
        'on = "response"',
        (stream(fields=(b"session_id: 1", *FIELDS)),),
        label="response",
    ),
    WireCase(
        "strip-header",
        answer(TYPE, CACHE, ORIGIN, CREDENTIALS, EXPOSE, CHUNKED),
        'names = ["x-streaming-session-id", "Vary"]',
    ),
    WireCase(
        "strip-header",
        asked(b"X-Case: strip-header.request", _FROM, b"Accept: */*", _EMPTY),
        'names = ["x-tenant"]\non = "request"',
        requests=lambda case: (request(case, b"X-Tenant: t", b"Accept: */*"),),
        label="request",
    ),
    WireCase("keep-only", answer(TYPE, VARY, CHUNKED), 'names = ["vary", "Content-Type"]'),
    WireCase(
        "keep-only",
        answer(TYPE, b"Content-Length: %d" % len(BODY)),
        'names = ["content-type"]',
        (whole(BODY, *FIELDS),),
        label="length",
    ),
)

CHANGE = (
    WireCase(
        "duplicate-header",
        answer(TYPE, CACHE, ID_LINE, ID_LINE, ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED),
        'header = "x-streaming-session-id"',
    ),
    WireCase(
        "duplicate-header",
        answer(
            *(TYPE, CACHE, ID_LINE, b"X-Streaming-Session-Id: other"),
            *(ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED),
        ),
        'header = "X-Streaming-Session-Id"\nvalue = "other"',
        label="value",
    ),
    WireCase(
        "duplicate-header",
        asked(b"X-Case: duplicate-header.request", _FROM, b"X-User-ID: u1", b"X-User-ID: u1", _EMPTY),
        'header = "X-User-ID"\non = "request"',
        requests=lambda case: (request(case, b"X-User-ID: u1"),),
        label="request",
    ),
    WireCase(
        "nominate-header",
        answer(*FIELDS, CHUNKED, b"Connection: X-Streaming-Session-Id"),
        'names = ["X-Streaming-Session-Id"]',
    ),
    WireCase(
        "nominate-header",
        answer(b"Connection: keep-alive, X-Streaming-Session-Id", *FIELDS, CHUNKED),
        'names = ["X-Streaming-Session-Id"]',
        (stream(fields=(b"Connection: keep-alive", *FIELDS)),),
        label="more",
    ),
    WireCase(
        "nominate-header",
        asked(b"X-Case: nominate-header.request", _FROM, _EMPTY, b"Connection: X-User-ID"),
        'names = ["X-User-ID"]\non = "request"',
        label="request",
    ),
    WireCase("recase-header", answer(*_LOWER, CHUNKED.lower()), 'style = "lower"'),
    WireCase(
        "recase-header",
        answer(
            *(TYPE, CACHE, b"X-STREAMING-SESSION-ID: " + ID),
            *(ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED),
        ),
        'style = "upper"\nnames = ["x-streaming-session-id"]',
        label="upper",
    ),
    WireCase(
        "recase-header",
        asked(b"X-Case: recase-header.title", _FROM, b"X-User-Id: u1", b"Te: x", _EMPTY),
        'style = "title"\non = "request"',
        requests=lambda case: (request(case, b"x-user-ID: u1", b"TE: x"),),
        label="title",
    ),
    WireCase(
        "rename-header",
        answer(TYPE, CACHE, b"x-Stream-ID: " + ID, ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED),
        'header = "x-streaming-session-id"\nto = "x-Stream-ID"',
    ),
    WireCase(
        "rename-header",
        asked(b"X-Case: rename-header.request", _FROM, b"X-Account: t", _EMPTY),
        'header = "X-Tenant"\nto = "X-Account"\non = "request"',
        requests=lambda case: (request(case, b"X-Tenant: t"),),
        label="request",
    ),
    WireCase(
        "set-header",
        answer(
            *(TYPE, CACHE, b"X-Streaming-Session-Id: stream-1"),
            *(ORIGIN, CREDENTIALS, EXPOSE, VARY, CHUNKED),
        ),
        'header = "x-streaming-session-id"\nvalue = "stream-1"',
        (stream(fields=(*FIELDS, b"x-streaming-session-id: two")),),
    ),
    WireCase(
        "set-header",
        answer(*FIELDS, CHUNKED, b"X-Accel-Buffering: no"),
        'header = "X-Accel-Buffering"\nvalue = "no"',
        label="added",
    ),
    WireCase(
        "set-header",
        asked(b"X-Case: set-header.request", _FROM, b"X-Tenant: other", _EMPTY),
        'header = "X-Tenant"\nvalue = "other"\non = "request"',
        requests=lambda case: (request(case, b"X-Tenant: t"),),
        label="request",
    ),
)

ANSWER = (
    WireCase(
        "redirect",
        together(
            _redirected(b"307 Temporary Redirect", _PATH + b"/?a=1"),
            as_it_came(number=1),
            noted(Deed.END, "307"),
        ),
        requests=lambda case: (
            request(case, path=_PATH + b"?a=1", body=b"{}"),
            request(case, path=_PATH + b"/?a=1", body=b"{}"),
        ),
    ),
    WireCase(
        "redirect",
        together(
            _redirected(b"302 Found", b"http://else.test/x" + _PATH + b"?q"),
            unasked,
        ),
        'code = 302\nto = "http://else.test/x{path}{query}"',
        requests=lambda case: (request(case, path=_PATH + b"?q"),),
        label="to",
    ),
    WireCase(
        "status",
        together(
            answer(
                *(ORIGIN, CREDENTIALS, EXPOSE, VARY, _JSON, b"Content-Length: 33"),
                body=b'{"message":"Service Unavailable"}',
                status=b"503 Service Unavailable",
            ),
            _status_at_once,
        ),
        "code = 503",
        (stream(pause=0.15),),
    ),
    WireCase(
        "status",
        answer(
            *(_DATE, b"Content-Type: text/html", b"Content-Length: 4"),
            body=b"oops",
            status=b"502 Bad Gateway",
        ),
        'code = 502\nbody = "oops"\ncontent-type = "text/html"\ncors = "drop"',
        (whole(b'{"sessionId": "s1"}', _JSON, _DATE, ORIGIN, VARY),),
        label="drop",
    ),
)

CASES = DROP + CHANGE + ANSWER
