"""What servers answer to a script of another origin, one case a row; `{origin}` is the page's."""

from dataclasses import dataclass, field

from tests.browser.scripted import Answer

NAMES = (
    *("X-Id", "X-Other", "Set-Cookie", "Set-Cookie2", "ETag", "Location", "Access-Control-Allow-Origin"),
    *(
        "Cache-Control",
        "Content-Language",
        "Content-Length",
        "Content-Type",
        "Expires",
        "Last-Modified",
        "Pragma",
    ),
)
CARRIED = (
    b"X-Id: stream-1",
    b"X-Other: other",
    b"Set-Cookie: seen=1; Max-Age=0",
    b"Set-Cookie2: seen=1",
    b'ETag: "e"',
    b"Cache-Control: no-store",
    b"Content-Language: en",
    b"Content-Type: text/plain",
    b"Expires: 0",
    b"Last-Modified: Mon, 06 Jan 2025 10:00:00 GMT",
    b"Pragma: no-cache",
)
"""The headers that every answer has besides its CORS headers."""

ALLOW = b"Access-Control-Allow-Origin: {origin}"
ALLOW_NULL = b"Access-Control-Allow-Origin: null"
ANY = b"Access-Control-Allow-Origin: *"
TRUE = b"Access-Control-Allow-Credentials: true"
LISTED = b"Access-Control-Expose-Headers: X-Id"
STAR = b"Access-Control-Expose-Headers: *"


@dataclass(frozen=True, slots=True)
class Case:
    """A request of the page, and the lines that answer it and its preflight, if there is one."""

    lines: tuple[bytes, ...] = ()
    credentials: str = "omit"
    status: int = 200
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    preflight: Answer | None = None
    cookie: bool = False


def _allow(value: bytes) -> tuple[bytes, ...]:
    return (b"Access-Control-Allow-Origin:" + value, LISTED)


def _expose(*values: bytes) -> tuple[bytes, ...]:
    return (ALLOW, *(b"Access-Control-Expose-Headers:" + value for value in values))


def _trusting(*values: bytes) -> tuple[bytes, ...]:
    return (ALLOW, LISTED, *(b"Access-Control-Allow-Credentials:" + value for value in values))


ORIGINS = {
    "its own origin": Case(_allow(b" {origin}")),
    "its own origin, with white space around it": Case(_allow(b" \t {origin} \t")),
    "its own origin, without a space": Case(_allow(b"{origin}")),
    "any origin": Case(_allow(b" *")),
    "no line": Case((LISTED,)),
    "an empty line": Case(_allow(b"")),
    "null": Case(_allow(b" null")),
    "two equal lines": Case((ALLOW, ALLOW, LISTED)),
    "any origin, twice": Case((ANY, ANY, LISTED)),
    "an empty line, then its own origin": Case((b"Access-Control-Allow-Origin:", ALLOW, LISTED)),
    "a slash at the end": Case(_allow(b" {origin}/")),
    "upper case": Case(_allow(b" {ORIGIN}")),
    "another port": Case(_allow(b" {origin}1")),
    "the other scheme": Case(_allow(b" https{rest}")),
    "a list with its own origin": Case(_allow(b" {origin}, https://app.example")),
    "a list with spaces": Case(_allow(b" {origin} https://app.example")),
    "a pattern": Case(_allow(b" http://*")),
    "its own origin in quotes": Case(_allow(b' "{origin}"')),
    "its own origin, to a POST": Case(_allow(b" {origin}"), method="POST"),
    "its own origin, to a HEAD": Case(_allow(b" {origin}"), method="HEAD"),
}

CREDENTIALS = {
    "included and trusted": Case(_trusting(b" true"), "include"),
    "included with a cookie and trusted": Case(_trusting(b" true"), "include", cookie=True),
    "included, but True": Case(_trusting(b" True"), "include"),
    "included, with white space around": Case(_trusting(b" true \t"), "include"),
    "included, trusted twice": Case(_trusting(b" true", b" true"), "include"),
    "included, but 1": Case(_trusting(b" 1"), "include"),
    "included, but an empty line": Case(_trusting(b""), "include"),
    "included, but no line": Case(_trusting(), "include"),
    "included with a cookie, but no line": Case(_trusting(), "include", cookie=True),
    "included, any origin": Case((ANY, TRUE, LISTED), "include"),
    "included with a cookie, any origin": Case((ANY, TRUE, LISTED), "include", cookie=True),
    "same-origin, no line": Case(_trusting(), "same-origin"),
    "same-origin with a cookie, no line": Case(_trusting(), "same-origin", cookie=True),
    "same-origin, any origin": Case((ANY, LISTED), "same-origin"),
    "omitted, and false": Case(_trusting(b" false"), "omit"),
    "omitted, any origin, trusted": Case((ANY, TRUE, LISTED), "omit"),
}

EXPOSED = {
    "its name": Case(_expose(b" X-Id")),
    "its name in another case": Case(_expose(b" x-ID")),
    "a list": Case(_expose(b" ETag, X-Id")),
    "a list without spaces": Case(_expose(b"ETag,X-Id,X-Other")),
    "a list with tabs": Case(_expose(b" ETag\t,\tX-Id\t")),
    "empty elements": Case(_expose(b" ,, X-Id ,,")),
    "a comma at the end": Case(_expose(b" X-Id,")),
    "only commas": Case(_expose(b" ,,")),
    "an empty list": Case(_expose(b"")),
    "no list": Case((ALLOW,)),
    "two names with a space": Case(_expose(b" X-Id X-Other")),
    "two names with a semicolon": Case(_expose(b" X-Id; X-Other")),
    "quoted": Case(_expose(b' "X-Id"')),
    "a quoted name beside it": Case(_expose(b' X-Id, "X-Other"')),
    "single quotes, which are a name": Case(_expose(b" X-Id, 'X-Other'")),
    "a parameter": Case(_expose(b" X-Id;q=1")),
    "two lines": Case(_expose(b" ETag", b" X-Id")),
    "two lines, one of them no list": Case(_expose(b" X-Id", b" a b")),
    "two lines, the first no list": Case(_expose(b" a b", b" X-Id")),
    "two lines, one of them empty": Case(_expose(b"", b" X-Id")),
    "no name beside it": Case(_expose(b" X-Id, @#(!")),
    "a colon beside it": Case(_expose(b" X-Id, X-Other:")),
    "bytes beyond ASCII beside it": Case(_expose(b" X-Id, \xc3\xa9")),
    "a vertical tab": Case(_expose(b" X-Id\x0b")),
    "a form feed": Case(_expose(b" X-Id,\x0c")),
    "everything": Case(_expose(b" *")),
    "everything, and a name": Case(_expose(b" *, X-Id")),
    "everything, and what is no list": Case(_expose(b" *, a b")),
    "everything, credentials included": Case((ALLOW, TRUE, STAR), "include"),
    "everything, with a cookie": Case((ALLOW, TRUE, STAR), "include", cookie=True),
    "everything and a name, credentials included": Case((ALLOW, TRUE, STAR, LISTED), "include"),
    "everything, same-origin": Case((ANY, STAR), "same-origin"),
    "everything, with Authorization": Case(
        (ANY, STAR),
        headers={"Authorization": "Bearer t"},
        preflight=Answer(204, (ANY, b"Access-Control-Allow-Headers: authorization")),
    ),
    "a pattern of names": Case(_expose(b" X-*")),
    "cookies": Case(_expose(b" Set-Cookie, Set-Cookie2, X-Id")),
    "a safelisted name": Case(_expose(b" Content-Type")),
}

STATUSES = {
    "400 with": Case((ALLOW, LISTED), status=400),
    "400 without": Case((), status=400),
    "401 with": Case((ALLOW, LISTED), status=401),
    "403 without": Case((), status=403),
    "404 with": Case((ALLOW, LISTED), status=404),
    "500 with": Case((ALLOW, LISTED), status=500),
    "503 without": Case((), status=503),
    "201 with": Case((ALLOW, LISTED), status=201, method="POST"),
    "302 without a Location": Case((ALLOW, LISTED), status=302),
}


def _preflight(*lines: bytes, status: int = 204) -> Answer:
    return Answer(status, lines, b"")


def _asking(preflight: Answer, method: str = "PUT", credentials: str = "omit", **more: str) -> Case:
    given = {name.replace("_", "-"): value for name, value in more.items()}
    return Case((ALLOW, TRUE, LISTED), credentials, method=method, headers=given, preflight=preflight)


_PUT = b"Access-Control-Allow-Methods: PUT"
_X_A = b"Access-Control-Allow-Headers: X-A"
_METHODS = b"Access-Control-Allow-Methods:"
_HEADERS = b"Access-Control-Allow-Headers:"

PREFLIGHTS = {
    "the method": _asking(_preflight(ALLOW, _PUT)),
    "the method, with 200": _asking(_preflight(ALLOW, _PUT, status=200)),
    "the method, with 299": _asking(_preflight(ALLOW, _PUT, status=299)),
    "the method, with 302": _asking(_preflight(ALLOW, _PUT, b"Location: /elsewhere", status=302)),
    "the method, with 304": _asking(_preflight(ALLOW, _PUT, status=304)),
    "the method, with 401": _asking(_preflight(ALLOW, _PUT, status=401)),
    "the method, with 404": _asking(_preflight(ALLOW, _PUT, status=404)),
    "the method, with 500": _asking(_preflight(ALLOW, _PUT, status=500)),
    "the method, for another origin": _asking(
        _preflight(b"Access-Control-Allow-Origin: https://a.example", _PUT)
    ),
    "the method, without an origin": _asking(_preflight(_PUT)),
    "no method": _asking(_preflight(ALLOW)),
    "another method": _asking(_preflight(ALLOW, _METHODS + b" DELETE")),
    "the method in lower case": _asking(_preflight(ALLOW, _METHODS + b" put")),
    "a list of methods": _asking(_preflight(ALLOW, _METHODS + b" GET,, PUT ,")),
    "two lines of methods": _asking(_preflight(ALLOW, _METHODS + b" GET", _METHODS + b" PUT")),
    "methods with spaces": _asking(_preflight(ALLOW, _METHODS + b" GET PUT")),
    "no list of methods beside it": _asking(_preflight(ALLOW, _METHODS + b" PUT, a/b")),
    "methods that are no list, to a POST": _asking(
        _preflight(ALLOW, _METHODS + b" a b", _X_A), method="POST", X_A="1"
    ),
    "any method": _asking(_preflight(ALLOW, _METHODS + b" *")),
    "any method, credentials included": _asking(
        _preflight(ALLOW, TRUE, _METHODS + b" *"), credentials="include"
    ),
    "the method, credentials included": _asking(_preflight(ALLOW, TRUE, _PUT), credentials="include"),
    "the method, credentials included, not trusted": _asking(_preflight(ALLOW, _PUT), credentials="include"),
    "the method, credentials included, any origin": _asking(
        _preflight(ANY, TRUE, _PUT), credentials="include"
    ),
    "put is sent as PUT": _asking(_preflight(ALLOW, _PUT), method="put"),
    "patch is not PATCH": _asking(_preflight(ALLOW, _METHODS + b" PATCH"), method="patch"),
    "patch is patch": _asking(_preflight(ALLOW, _METHODS + b" patch"), method="patch"),
    "PATCH": _asking(_preflight(ALLOW, _METHODS + b" PATCH"), method="PATCH"),
    "a method of its own": _asking(_preflight(ALLOW, _METHODS + b" Egg"), method="Egg"),
    "a POST needs no method": _asking(_preflight(ALLOW, _X_A), method="POST", X_A="1"),
    "the header": _asking(_preflight(ALLOW, _X_A), method="GET", X_A="1"),
    "the header in another case": _asking(_preflight(ALLOW, _HEADERS + b" x-a"), method="GET", X_A="1"),
    "no header": _asking(_preflight(ALLOW), method="GET", X_A="1"),
    "another header": _asking(_preflight(ALLOW, _HEADERS + b" X-B"), method="GET", X_A="1"),
    "one of two headers": _asking(_preflight(ALLOW, _X_A), method="GET", X_A="1", X_B="2"),
    "two headers on two lines": _asking(_preflight(ALLOW, _X_A, _HEADERS + b" X-B"), "GET", X_A="1", X_B="2"),
    "headers with spaces": _asking(_preflight(ALLOW, _HEADERS + b" X-A X-B"), "GET", X_A="1"),
    "no list of headers beside it": _asking(_preflight(ALLOW, _HEADERS + b' X-A, "b"'), "GET", X_A="1"),
    "headers that are no list, none asked for": _asking(_preflight(ALLOW, _PUT, _HEADERS + b" a b")),
    "any header": _asking(_preflight(ALLOW, _HEADERS + b" *"), "GET", X_A="1"),
    "any header, credentials included": _asking(
        _preflight(ALLOW, TRUE, _HEADERS + b" *"), "GET", "include", X_A="1"
    ),
    "a content type": _asking(
        _preflight(ALLOW, _HEADERS + b" content-type"), "POST", Content_Type="application/json"
    ),
    "no content type": _asking(_preflight(ALLOW, _X_A), "POST", Content_Type="application/json"),
    "a simple content type needs none": _asking(_preflight(status=404), "POST", Content_Type="text/plain"),
    "Authorization": _asking(
        _preflight(ALLOW, _HEADERS + b" authorization"), "GET", Authorization="Bearer t"
    ),
    "Authorization, any header": _asking(
        _preflight(ALLOW, _HEADERS + b" *"), "GET", Authorization="Bearer t"
    ),
    "Authorization, any header and by name": _asking(
        _preflight(ALLOW, _HEADERS + b" *, Authorization"), "GET", Authorization="Bearer t", X_A="1"
    ),
    "Authorization, any header, credentials included": _asking(
        _preflight(ALLOW, TRUE, _HEADERS + b" *"), "GET", "include", Authorization="Bearer t"
    ),
}

DEVIATIONS = {
    "preflight: Authorization, any header": "`*` in Access-Control-Allow-Headers covers Authorization too",
}
"""Where Chromium does not do what the standard says, and why; `docs/cors.md` lists them too."""
