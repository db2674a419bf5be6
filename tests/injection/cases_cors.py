"""CORS headers: each kind of the family on the wire."""

from tests.injection.bench import CHUNKED, WireCase, request, stream, whole
from tests.injection.expected import (
    CACHE,
    CREDENTIALS,
    EXPOSE,
    ID_LINE,
    ORIGIN,
    TYPE,
    VARY,
    Check,
    answer,
    as_it_came,
    together,
)

_DATE = b"Date: Mon, 01 Jan 2024 00:00:00 GMT"
_METHODS = b"Access-Control-Allow-Methods: GET, POST"
_HEADERS = b"Access-Control-Allow-Headers: Content-Type, Authorization"
_NOTHING = b"Content-Length: 0"
_PREFLIGHT = (_DATE, ORIGIN, CREDENTIALS, _METHODS, _HEADERS, VARY)
_ALLOWED = (whole(b"", *_PREFLIGHT),)
_EXPOSE = b"Access-Control-Expose-Headers: "
_JSON = b"Content-Type: application/json"
_TWO = (TYPE, ID_LINE, _EXPOSE + b"X-Streaming-Session-Id, ETag", b"Vary: Accept-Encoding, origin")


def preflight(case: str, method: bytes = b"POST", names: bytes = b"authorization,content-type") -> bytes:
    """A preflight."""
    fields = [b"Access-Control-Request-Method: " + method]
    fields += [b"Access-Control-Request-Headers: " + names] if names else []
    return request(case, *fields, method=b"OPTIONS")


def _preflight(case: str) -> tuple[bytes, ...]:
    return (preflight(case),)


def _then_post(case: str) -> tuple[bytes, ...]:
    return preflight(case), request(case)


def _exposed(value: bytes) -> Check:
    line = _EXPOSE + value
    return answer(TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, line, VARY, CHUNKED)


def _origin(*values: bytes) -> Check:
    lines = (b"Access-Control-Allow-Origin: " + value for value in values)
    return answer(TYPE, CACHE, ID_LINE, *lines, CREDENTIALS, EXPOSE, VARY, CHUNKED)


def _refused(code: int, status: bytes, *lines: bytes, body: bytes = b"", more: str = "") -> WireCase:
    """Preflights are refused; the request itself is not."""
    return WireCase(
        "refuse-preflight",
        together(
            answer(_DATE, *lines, b"Content-Length: %d" % len(body), body=body, status=status),
            as_it_came(number=1),
        ),
        f"code = {code}\n{more}",
        (*_ALLOWED, stream()),
        _then_post,
        label=str(code),
    )


def _thin(label: str, lines: tuple[bytes, ...], settings: str = "", methods: bytes = _METHODS) -> WireCase:
    return WireCase(
        "thin-preflight",
        answer(_DATE, ORIGIN, CREDENTIALS, *lines, VARY, _NOTHING, body=b""),
        settings,
        (whole(b"", _DATE, ORIGIN, CREDENTIALS, methods, _HEADERS, VARY),),
        _preflight,
        label=label,
    )


ORIGINS = (
    WireCase("duplicate-origin", _origin(b"http://page.test", b"http://page.test")),
    WireCase("duplicate-origin", _origin(b"http://page.test", b"*"), 'value = "*"', label="value"),
    WireCase("wrong-origin", _origin(b"http://page.test/"), 'how = "trailing-slash"', label="slash"),
    WireCase("wrong-origin", _origin(b"null"), 'how = "null"', label="null"),
    WireCase(
        "wrong-origin", _origin(b"http://b.test"), 'how = "other"\nvalue = "http://b.test"', label="other"
    ),
    WireCase("drop-vary", answer(TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, EXPOSE, CHUNKED)),
    WireCase(
        "drop-vary",
        answer(*_TWO[:3], b"Vary: Accept-Encoding", CHUNKED),
        scripts=(stream(fields=_TWO),),
        label="list",
    ),
    WireCase(
        "strip-cors-on-errors",
        together(
            answer(
                *(_JSON, VARY, b"Content-Length: 2"),
                body=b"{}",
                status=b"400 Bad Request",
            ),
            as_it_came(number=1),
        ),
        scripts=(
            whole(b"{}", _JSON, ORIGIN, CREDENTIALS, EXPOSE, VARY, status=b"400 Bad Request"),
            stream(),
        ),
        requests=lambda case: (request(case), request(case)),
    ),
    WireCase(
        "strip-cors-on-stream",
        together(
            answer(TYPE, CACHE, ID_LINE, VARY, CHUNKED),
            answer(_JSON, ORIGIN, VARY, b"Content-Length: 2", body=b"{}", number=1),
        ),
        scripts=(stream(), whole(b"{}", _JSON, ORIGIN, VARY)),
        requests=lambda case: (request(case), request(case)),
    ),
)

NAMES = (
    WireCase("bad-expose-grammar", _exposed(b'"X-Streaming-Session-Id')),
    WireCase("bad-expose-grammar", _exposed(b"a; b"), 'value = "a; b"', label="value"),
    WireCase(
        "bad-expose-grammar",
        answer(*_TWO[:2], _EXPOSE + b"X-Streaming-Session-Id ETag", _TWO[3], CHUNKED),
        scripts=(stream(fields=_TWO),),
        label="two",
    ),
    WireCase("expose-wildcard", _exposed(b"*")),
    WireCase("replace-expose", _exposed(b"X-Request-Id, ETag"), 'value = ["X-Request-Id", "ETag"]'),
    WireCase("strip-expose", answer(TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, VARY, CHUNKED)),
    WireCase(
        "expose-on-preflight-only",
        together(
            answer(*_PREFLIGHT, _NOTHING, EXPOSE, body=b""),
            answer(TYPE, CACHE, ID_LINE, ORIGIN, CREDENTIALS, VARY, CHUNKED, number=1),
        ),
        scripts=(*_ALLOWED, stream()),
        requests=_then_post,
    ),
)

PREFLIGHTS = (
    _refused(401, b"401 Unauthorized", b"WWW-Authenticate: Bearer"),
    _refused(
        403,
        b"403 Forbidden",
        b"Content-Type: text/plain; charset=utf-8",
        body=b"no",
        more='body = "no"',
    ),
    _refused(404, b"404 Not Found"),
    _refused(405, b"405 Method Not Allowed", b"Allow: GET, HEAD, POST, PUT, PATCH, DELETE"),
    _thin("default", (_METHODS, b"Access-Control-Allow-Headers: Content-Type")),
    _thin(
        "header",
        (_METHODS, b"Access-Control-Allow-Headers: Authorization"),
        'leave-out = "content-type"',
    ),
    _thin("method", (b"Access-Control-Allow-Methods: GET", _HEADERS), 'leave-out = "POST"'),
    _thin(
        "star",
        (_HEADERS,),
        'leave-out = "POST"',
        b"Access-Control-Allow-Methods: *",
    ),
)

CASES = ORIGINS + NAMES + PREFLIGHTS
