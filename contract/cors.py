"""CORS as browsers decide it: what a script on another origin can read, and why not.

Pure functions over the heads of an exchange, step by step after the Fetch standard
(https://fetch.spec.whatwg.org/, whose sentences and anchors stand above the lines that follow them).
They take any bytes, return values, and never raise.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from contract import headers
from contract.events import Headers, RequestHead, ResponseHead
from contract.origins import is_own_origin, is_same_origin, origin_of
from contract.token_lists import listed, malformed_line, split

__all__ = [
    "Credentials",
    "Preflight",
    "Readable",
    "body_readable",
    "cors_refusal",
    "credentials_mode",
    "exposed_names",
    "header_readable",
    "is_preflight",
    "is_same_origin",
    "judge_preflight",
    "malformed_expose",
    "origin_of",
]

# "A CORS-safelisted response-header name": https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
SAFELISTED = frozenset(
    (
        b"cache-control",
        b"content-language",
        b"content-length",
        b"content-type",
        b"expires",
        b"last-modified",
        b"pragma",
    )
)
# No filtered response has them: https://fetch.spec.whatwg.org/#forbidden-response-header-name
FORBIDDEN = frozenset((b"set-cookie", b"set-cookie2"))
# "A CORS-safelisted method is a method that is `GET`, `HEAD`, or `POST`":
# https://fetch.spec.whatwg.org/#cors-safelisted-method
_SAFELISTED_METHODS = frozenset((b"GET", b"HEAD", b"POST"))
# https://fetch.spec.whatwg.org/#concept-method-normalize
_NORMALISED = frozenset((b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"POST", b"PUT"))
# https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
_NON_WILDCARD = b"authorization"
# https://fetch.spec.whatwg.org/#redirect-status
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_NOT_MODIFIED = 304
_SHOWN = 80

_ALLOW_ORIGIN = b"access-control-allow-origin"
_ALLOW_CREDENTIALS = b"access-control-allow-credentials"
_ALLOW_METHODS = b"access-control-allow-methods"
_ALLOW_HEADERS = b"access-control-allow-headers"
_EXPOSE = b"access-control-expose-headers"


class Credentials(StrEnum):
    """The client's credentials mode, as far as a proxy can see it; `OMITTED` is every mode but "include"."""

    INCLUDED = "included"
    OMITTED = "omitted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Readable:
    """Whether a script can read something (None: cannot be told), and a clause that says why."""

    readable: bool | None
    because: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the answer to a preflight says; names of headers are in lower case, in the order asked for.

    `refusal` says why it fails as a whole, whatever was asked (the CORS check, a list that is none);
    `method_refused` is the method that is not allowed, `headers_refused` are the headers that are not.
    `by_wildcard` are the headers that only `*` covers: `authorization` among them is refused by the
    standard, so it is in `headers_refused` too, and yet allowed by browsers.
    """

    refusal: str
    is_ok_status: bool
    method_refused: str
    headers_refused: tuple[str, ...]
    by_wildcard: tuple[str, ...]

    @property
    def is_granted(self) -> bool:
        """Whether the request itself may follow, by the standard."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[str, ...]:
        """A clause for each thing that stands in the way, by the standard; empty where nothing does."""
        status = () if self.is_ok_status else ("its status is not 2xx",)
        if self.refusal:
            return (*status, self.refusal)
        method = (f"the method {self.method_refused} is not allowed",) if self.method_refused else ()
        return (*status, *method, *(f"the header {name} is not allowed" for name in self.headers_refused))


def credentials_mode(request: RequestHead) -> Credentials:
    """A `Cookie` across origins proves `include`; its absence, or `Authorization`, proves nothing.

    "A request's credentials mode is not necessarily observable on the server":
    https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    """
    if headers.first(request.headers, b"cookie") is not None:
        return Credentials.INCLUDED
    return Credentials.UNKNOWN


def is_preflight(request: RequestHead) -> bool:
    """Whether a browser asks first: https://fetch.spec.whatwg.org/#cors-preflight-request.

    No script can: both of its `Access-Control-Request-` headers are forbidden to them.
    """
    method = headers.first(request.headers, b"access-control-request-method")
    return request.method == b"OPTIONS" and method is not None and origin_of(request) is not None


def header_readable(
    name: bytes,
    request: RequestHead,
    response: ResponseHead,
    *,
    credentials: Credentials | None = None,
    origin: bytes | None = None,
) -> Readable:
    """Whether the script that sent `request` can read the header `name` of its response.

    `credentials` stands in for the mode as seen, `origin` for the origin that asked: then the question
    is whether a script there could read it, had it got this response. Where the mode is unknown, the
    answer is None only if it depends on it. A request without any origin is judged by what the
    response lists.
    """
    name = name.lower()
    if name in FORBIDDEN:
        return Readable(False, "no script may read it")
    return _readable(name, request, response, credentials, origin)


def body_readable(
    request: RequestHead,
    response: ResponseHead,
    *,
    credentials: Credentials | None = None,
    origin: bytes | None = None,
) -> Readable:
    """Whether the script that sent `request` can read its response at all: status, body, safe headers."""
    return _readable(None, request, response, credentials, origin)


def cors_refusal(
    origin: bytes,
    request: RequestHead,
    response: ResponseHead,
    *,
    credentials: Credentials | None = None,
) -> str:
    """Why the response fails the CORS check for `origin`; empty where it passes.

    Where the credentials mode is unknown: why it fails without them, and so with them too.
    https://fetch.spec.whatwg.org/#cors-check
    """
    included = (credentials or credentials_mode(request)) is Credentials.INCLUDED
    # "Let origin be the result of getting `Access-Control-Allow-Origin`": all lines, joined by `, `.
    allowed = headers.combined(response.headers, _ALLOW_ORIGIN)
    # "If origin is null, then return failure." (Null is not `null`.)
    if allowed is None:
        return "the response has no Access-Control-Allow-Origin"
    # "If request's credentials mode is not "include" and origin is `*`, then return success."
    if allowed == b"*":
        return "Access-Control-Allow-Origin is * though credentials are included" if included else ""
    # "If the result of byte-serializing a request origin with request is not origin, then return failure."
    if allowed != origin:
        return _other_origin(origin, allowed, response.headers)
    # "If request's credentials mode is not "include", then return success."
    if not included:
        return ""
    # "If credentials is `true`, then return success." Again all lines joined, and byte for byte.
    allows = headers.combined(response.headers, _ALLOW_CREDENTIALS)
    if allows == b"true":
        return ""
    is_what = "missing" if allows is None else f"{_text(allows)}, not true,"
    return f"Access-Control-Allow-Credentials is {is_what} though credentials are included"


def exposed_names(fields: Headers) -> frozenset[bytes] | None:
    """The names that all Expose lines list, in lower case; None if one of the lines is no list."""
    names = listed(_EXPOSE, fields)
    return None if names is None else frozenset(name.lower() for name in names)


def malformed_expose(fields: Headers) -> bytes | None:
    """The first Expose line that is no list; None where each is one."""
    return malformed_line(_EXPOSE, fields)


def judge_preflight(request: RequestHead, response: ResponseHead, credentials: Credentials) -> Preflight:
    """Whether the answer to a preflight allows what it asked, for a request with these credentials.

    The preflight itself never has credentials: the mode is that of the request to follow. Where it is
    unknown, `*` counts. https://fetch.spec.whatwg.org/#cors-preflight-fetch
    """
    methods = listed(_ALLOW_METHODS, response.headers) or ()
    allowed = listed(_ALLOW_HEADERS, response.headers) or ()
    wildcard = credentials is not Credentials.INCLUDED
    refused, covered = _judge_headers(request, allowed, wildcard=wildcard)
    return Preflight(
        refusal=_preflight_refusal(request, response, credentials),
        # "… and response's status is an ok status": https://fetch.spec.whatwg.org/#ok-status
        is_ok_status=200 <= response.status <= 299,
        method_refused=_method_refused(request, methods, wildcard=wildcard),
        headers_refused=refused,
        by_wildcard=covered,
    )


def _readable(
    name: bytes | None,
    request: RequestHead,
    response: ResponseHead,
    credentials: Credentials | None,
    origin: bytes | None,
) -> Readable:
    """The answer for a header, or for the body (None)."""
    if is_preflight(request):
        return Readable(False, "no script sees the answer to a preflight")
    # A redirect is followed, made opaque or an error, but never handed to a script, unless it has no
    # `Location`: https://fetch.spec.whatwg.org/#http-redirect-fetch
    if response.status in _REDIRECTS and headers.first(response.headers, b"location") is not None:
        return Readable(False, "it is a redirect, and scripts see only the response that it leads to")
    # "request's current URL's origin is same origin with request's origin": no CORS at all.
    # https://fetch.spec.whatwg.org/#main-fetch
    if is_same_origin(request) if origin is None else is_own_origin(origin, request):
        return Readable(True, "the request is of the same origin")
    asking = origin_of(request) if origin is None else origin
    if asking is None:
        return _without_origin(name, response.headers)
    if origin_of(request) is None and headers.first(response.headers, _ALLOW_ORIGIN) is None:
        return Readable(None, "the request had no Origin, and many services send CORS headers only then")
    mode = credentials or credentials_mode(request)
    if mode is not Credentials.UNKNOWN:
        return _cross_origin(name, asking, request, response, mode)
    without = _cross_origin(name, asking, request, response, Credentials.OMITTED)
    within = _cross_origin(name, asking, request, response, Credentials.INCLUDED)
    if without.readable == within.readable:
        return without
    return Readable(
        None, f"yes without credentials, no with them, and the credentials mode is not seen: {within.because}"
    )


def _cross_origin(
    name: bytes | None, origin: bytes, request: RequestHead, response: ResponseHead, mode: Credentials
) -> Readable:
    found = _checked(name, origin, request, response, mode)
    # "Update storedResponse's header list using forwardResponse's header list": what a 304 does not have
    # comes from the cache. https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
    if response.status == _NOT_MODIFIED and not found.readable:
        stored = _at_best(name, origin, response)
        if _checked(name, origin, request, stored, mode).readable:
            return Readable(None, "a 304 leaves the headers that it does not have as the browser stored them")
    return found


def _checked(
    name: bytes | None, origin: bytes, request: RequestHead, response: ResponseHead, mode: Credentials
) -> Readable:
    refusal = cors_refusal(origin, request, response, credentials=mode)
    if refusal:
        return Readable(False, refusal)
    if name is None:
        return Readable(True, "the response passes the CORS check")
    return _exposed(name, response.headers, mode)


def _at_best(name: bytes | None, origin: bytes, response: ResponseHead) -> ResponseHead:
    """The response, with the CORS headers that it lacks as a script there would have them."""
    wanted = ((_ALLOW_ORIGIN, origin), (_ALLOW_CREDENTIALS, b"true"), (_EXPOSE, name or b""))
    lacking = tuple(field for field in wanted if headers.first(response.headers, field[0]) is None)
    return replace(response, headers=(*response.headers, *lacking))


def _exposed(name: bytes, fields: Headers, mode: Credentials) -> Readable:
    """On an answer that passed the CORS check: https://fetch.spec.whatwg.org/#main-fetch."""
    if name in SAFELISTED:
        return Readable(True, "the name is safelisted")
    names = exposed_names(fields)
    # "If … headerNames is non-null and not failure, then set response's CORS-exposed header-name list".
    if names is None:
        return _spoilt(fields)
    if name in names:
        return Readable(True, "Access-Control-Expose-Headers lists it")
    if b"*" not in names:
        return Readable(False, f"Access-Control-Expose-Headers lists {_shown(names)}")
    # "If request's credentials mode is not "include" and headerNames contains `*`": else * is but a name.
    if mode is Credentials.INCLUDED:
        return Readable(False, "Access-Control-Expose-Headers: * is a literal name with credentials")
    return Readable(True, "Access-Control-Expose-Headers is *, and credentials are not included")


def _without_origin(name: bytes | None, fields: Headers) -> Readable:
    """A client that is no browser, or a same-origin GET: only what the response lists can be judged."""
    if name is None:
        return Readable(None, "the request had no Origin")
    if name in SAFELISTED:
        return Readable(True, "the name is safelisted")
    names = exposed_names(fields)
    if names is None:
        return _spoilt(fields)
    if name in names:
        return Readable(True, "Access-Control-Expose-Headers lists it")
    return Readable(None, "the request had no Origin, and many services send CORS headers only then")


def _spoilt(fields: Headers) -> Readable:
    line = _text(malformed_expose(fields) or b"")
    return Readable(False, f"a line of Access-Control-Expose-Headers is no list, so none counts: {line}")


def _other_origin(origin: bytes, allowed: bytes, fields: Headers) -> str:
    times = len(headers.lines(fields, _ALLOW_ORIGIN))
    if times > 1:
        return f"the response has Access-Control-Allow-Origin {times} times"
    return f"Access-Control-Allow-Origin is {_text(allowed)}, not the origin {_text(origin)}"


def _preflight_refusal(request: RequestHead, response: ResponseHead, credentials: Credentials) -> str:
    # "If a CORS check for request and response returns success and …"; a preflight always has an Origin.
    refusal = cors_refusal(origin_of(request) or b"", request, response, credentials=credentials)
    if refusal:
        return refusal
    # "If either methods or headerNames is failure, return a network error."
    for name, title in (
        (_ALLOW_METHODS, "Access-Control-Allow-Methods"),
        (_ALLOW_HEADERS, "Access-Control-Allow-Headers"),
    ):
        line = malformed_line(name, response.headers)
        if line is not None:
            return f"a line of {title} is no list: {_text(line)}"
    return ""


def _method_refused(request: RequestHead, methods: tuple[bytes, ...], *, wildcard: bool) -> str:
    """The method of the request to follow, if it may not be used; browsers send it normalised."""
    method = headers.combined(request.headers, b"access-control-request-method") or b""
    if method.upper() in _NORMALISED:
        method = method.upper()
    # "If request's method is not in methods, … is not a CORS-safelisted method, and request's credentials
    # mode is "include" or methods does not contain `*`, then return a network error": byte for byte.
    if method in methods or method in _SAFELISTED_METHODS or (wildcard and b"*" in methods):
        return ""
    return _text(method)


def _judge_headers(
    request: RequestHead, allowed: tuple[bytes, ...], *, wildcard: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the asked-for headers are refused, and which are covered by `*` only."""
    value = headers.combined(request.headers, b"access-control-request-headers") or b""
    asked = dict.fromkeys(name.lower() for name in split(value))
    names = {name.lower() for name in allowed}
    # "… is not a byte-case-insensitive match for an item in headerNames and request's credentials mode is
    # "include" or headerNames does not contain `*`, return a network error."
    missing = [name for name in asked if name not in names]
    covered = missing if wildcard and b"*" in names else []
    # "If one of request's header list's names is a CORS non-wildcard request-header name and is not a …
    # match for an item in headerNames, then return a network error": `*` is no match for it.
    refused = [name for name in missing if name not in covered or name == _NON_WILDCARD]
    return tuple(map(_text, refused)), tuple(map(_text, covered))


def _shown(names: frozenset[bytes]) -> str:
    return _text(b", ".join(sorted(names))) or "nothing"


def _text(value: bytes) -> str:
    """Bytes from the wire for a clause: one character each (latin-1), not endless."""
    text = value.decode("latin-1")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
