"""CO402: whether a script of another origin can read the ID on the issuing response.

The sections are those of the Fetch standard, https://fetch.spec.whatwg.org/.
"""

import re
from enum import StrEnum

from contract import headers
from contract.events import Headers, RequestHead, ResponseHead
from contract.places import Reading
from contract.subjects import NA, PASS, Issue, Readable, Ruling, fails, inconclusive

# §2.2.2: a CORS-safelisted response-header name.
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
# §2.2.2: a forbidden response-header name; no filtered response lets scripts see it.
FORBIDDEN = frozenset((b"set-cookie", b"set-cookie2"))
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Credentials(StrEnum):
    """The client's credentials mode, as far as a proxy can see it."""

    INCLUDED = "included"
    UNKNOWN = "unknown"


def header_readable(name: bytes, request: RequestHead, response: ResponseHead) -> Readable:
    """Whether the script that sent `request` can read the header `name` of its response."""
    name = name.lower()
    if name in FORBIDDEN:
        return Readable(False, "no script may read it")
    if is_same_origin(request):
        return Readable(True, "the request is of the same origin")
    origin = headers.first(request.headers, b"origin")
    if origin is not None and (refusal := cors_refusal(origin, request, response)):
        return Readable(False, refusal)
    if name in SAFELISTED:
        return Readable(True, "the name is safelisted")
    return _exposed(name, request, response, has_origin=origin is not None)


def body_readable(request: RequestHead, response: ResponseHead) -> Readable:
    """Whether the script that sent `request` can read the body of its response."""
    if is_same_origin(request):
        return Readable(True, "the request is of the same origin")
    origin = headers.first(request.headers, b"origin")
    if origin is None:
        return Readable(None, "the request had no Origin")
    refusal = cors_refusal(origin, request, response)
    return Readable(False, refusal) if refusal else Readable(True, "the response passes the CORS check")


def is_same_origin(request: RequestHead) -> bool:
    """Whether the browser says so (Fetch Metadata), or `Origin` names the host that was asked."""
    site = headers.first(request.headers, b"sec-fetch-site")
    if site is not None:
        return site.lower() == b"same-origin"
    origin = headers.first(request.headers, b"origin")
    host = headers.first(request.headers, b"host") or headers.first(request.headers, b":authority")
    if origin is None or not host:
        return False
    return origin.partition(b"://")[2].lower() == host.lower()


def credentials_mode(request: RequestHead) -> Credentials:
    """A `Cookie` across origins proves `include`; its absence, or `Authorization`, proves nothing."""
    if headers.first(request.headers, b"cookie") is not None:
        return Credentials.INCLUDED
    return Credentials.UNKNOWN


def cors_refusal(origin: bytes, request: RequestHead, response: ResponseHead) -> str:
    """Why the response fails the CORS check (§4.9); empty if it passes."""
    included = credentials_mode(request) is Credentials.INCLUDED
    allowed = headers.lines(response.headers, b"access-control-allow-origin")
    if not allowed:
        return "the response has no Access-Control-Allow-Origin"
    if len(allowed) > 1:
        return f"the response has Access-Control-Allow-Origin {len(allowed)} times"
    if allowed[0] == b"*":
        return "Access-Control-Allow-Origin is * though credentials are included" if included else ""
    if allowed[0] != origin:
        return f"Access-Control-Allow-Origin is {_text(allowed[0])}, not the origin {_text(origin)}"
    allows = headers.combined(response.headers, b"access-control-allow-credentials")
    if included and allows != b"true":
        return "Access-Control-Allow-Credentials is not true though credentials are included"
    return ""


def exposed_names(fields: Headers) -> frozenset[bytes] | None:
    """The names that all Expose lines list, in lower case; None if one of the lines is no list.

    §2.2.2, "extract header list values": where a line does not parse by its ABNF, the result is
    failure. Empty elements are allowed (RFC 9110 §5.6.1).
    """
    names: set[bytes] = set()
    for line in headers.lines(fields, b"access-control-expose-headers"):
        for element in line.split(b","):
            name = element.strip(b" \t")
            if name and not _TOKEN.fullmatch(name):
                return None
            names.add(name.lower())
    return frozenset(names - {b""})


def _exposed(name: bytes, request: RequestHead, response: ResponseHead, *, has_origin: bool) -> Readable:
    """§4.1 (main fetch, the CORS-exposed header-name list) on an answer that passed the CORS check."""
    names = exposed_names(response.headers)
    if names is None:
        return Readable(False, "a line of Access-Control-Expose-Headers is malformed, so none counts")
    if name in names:
        return Readable(True, "Access-Control-Expose-Headers lists it")
    if not has_origin:
        return Readable(None, "the request had no Origin, and many services send CORS headers only then")
    if b"*" not in names:
        listed = ", ".join(sorted(_text(each) for each in names)) or "nothing"
        return Readable(False, f"Access-Control-Expose-Headers lists {listed}")
    # "If request's credentials mode is not "include" and … contains `*`": otherwise * is only a name.
    if credentials_mode(request) is Credentials.INCLUDED:
        return Readable(False, "Access-Control-Expose-Headers: * is a literal name with credentials")
    return Readable(None, "whether Access-Control-Expose-Headers: * counts depends on the credentials mode")


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def id_readable(reading: Reading, request: RequestHead, response: ResponseHead) -> Readable:
    """Whether a script can read an ID where the response carries it."""
    if reading.header:
        return header_readable(reading.header.encode(), request, response)
    return body_readable(request, response)


def id_not_exposed(issue: Issue) -> Ruling:
    """CO402: a script can read the ID: safelisted or listed, on the issuing response itself."""
    found = issue.exposure
    if found is None or issue.client is None:
        return NA
    if found.readable:
        return PASS
    if found.readable is None:
        where = issue.client.where
        return inconclusive(f"Whether a script can read the ID in {where} cannot be told: {found.because}.")
    origin = headers.first(issue.request.headers, b"origin") or b""
    return fails(
        f"A script cannot read the ID in {issue.client.where}: {found.because}.", ("origin", _text(origin))
    )
