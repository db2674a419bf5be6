"""CO401–CO409: what scripts of other origins can see of a response, and whether they may ask at all.

The algorithm is in `contract.cors`; sections are those of the Fetch standard, https://fetch.spec.whatwg.org/.
"""

from contract import headers
from contract.cors import (
    Credentials,
    Readable,
    body_readable,
    cors_refusal,
    credentials_mode,
    header_readable,
    judge_preflight,
    malformed_expose,
)
from contract.events import RequestHead, ResponseHead
from contract.findings import Severity
from contract.places import Reading
from contract.subjects import NA, PASS, Issue, Reply, Ruling, fails, inconclusive, shown, warns


def id_readable(reading: Reading, request: RequestHead, response: ResponseHead) -> Readable:
    """Whether a script can read an ID where the response carries it."""
    if reading.header:
        return header_readable(reading.header.encode(), request, response)
    return body_readable(request, response)


def cors_origin(reply: Reply) -> Ruling:
    """CO401: the response passes the CORS check (§4.10); failed responses are left to CO409."""
    origin = reply.origin
    if origin is None or reply.is_preflight or reply.response.status >= 400:
        return NA
    return _checked(reply, origin, "A script on {origin} gets nothing of the {status} response: {refusal}.")


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
        f"A script cannot read the ID in {issue.client.where}: {found.because}.",
        ("origin", origin.decode("latin-1")),
    )


def expose_wildcard(issue: Issue) -> Ruling:
    """CO403: not through `*` where credentials are included (there `*` is a literal name)."""
    names = issue.exposed
    if names is None or b"*" not in names:
        return NA
    # §4.1 (main fetch): "If request's credentials mode is not "include" and headerNames contains `*`, then
    # set response's CORS-exposed header-name list to all unique header names". Authorization alone is not it.
    if _header_name(issue) in names:
        return PASS
    if credentials_mode(issue.request) is Credentials.INCLUDED:
        return fails(
            "Access-Control-Expose-Headers: * is only a header's name for a script that sends cookies; "
            "the ID's header has to be listed."
        )
    return inconclusive(
        "Whether Access-Control-Expose-Headers: * exposes the ID depends on the script's credentials mode."
    )


def expose_grammar(reply: Reply) -> Ruling:
    """CO404: every Expose line is a well-formed list (RFC 9110 §5.6.1); one bad line exposes nothing."""
    if reply.is_preflight or headers.first(reply.response.headers, b"access-control-expose-headers") is None:
        return NA
    bad = malformed_expose(reply.response.headers)
    if bad is None:
        return PASS
    line = shown(bad.decode("latin-1"))
    return fails(f"Access-Control-Expose-Headers is no list of names, so nothing is exposed: {line}.")


def expose_preflight_only(issue: Issue) -> Ruling:
    """CO405: not only on the answer to OPTIONS, where it has no effect."""
    names = issue.exposed
    if names is None:
        return NA
    if _header_name(issue) in names or issue.exposed_by is None:
        return PASS
    return fails(
        f"Access-Control-Expose-Headers lists the ID's header on the answer to OPTIONS (exchange "
        f"{issue.exposed_by}), where it has no effect, and not on the issuing response.",
        ("preflight", str(issue.exposed_by)),
    )


def preflight_refused(reply: Reply) -> Ruling:
    """CO406: the answer to OPTIONS is 2xx and passes the CORS check, though no credentials come with it."""
    origin = reply.origin
    if origin is None or not reply.is_preflight:
        return NA
    found = judge_preflight(reply.request, reply.response, Credentials.UNKNOWN)
    status = reply.response.status
    # §4.8 (CORS-preflight fetch), 7: "If a CORS check for request and response returns success and response's
    # status is an ok status".
    if not found.is_ok_status:
        return fails(f"The preflight was answered with {status}, so browsers never send the request itself.")
    if found.refusal:
        return fails(f"The preflight's answer does not allow {_text(origin)}: {found.refusal}.")
    return PASS


def preflight_incomplete(reply: Reply) -> Ruling:
    """CO407: it allows the method and every unsafe request header (`*` never covers `Authorization`)."""
    if reply.origin is None or not reply.is_preflight:
        return NA
    found = judge_preflight(reply.request, reply.response, Credentials.UNKNOWN)
    if not found.is_ok_status or found.refusal:
        return NA
    # §2.2.2: a non-wildcard request-header name is only `Authorization`; browsers still let `*` cover it.
    by_star = _has_wildcard(reply.response) and [each.lower() for each in found.headers_refused] == [
        "authorization"
    ]
    refused = [f"the method {found.method_refused}"] if found.method_refused else []
    refused += [f"the header {name}" for name in found.headers_refused if not by_star]
    if refused:
        return fails(f"The preflight's answer does not allow {' and '.join(refused)}.")
    if by_star:
        return warns("The preflight allows Authorization only by *, which by the standard does not cover it.")
    missing = _not_allowed(reply)
    if missing:
        return warns(
            f"The preflight's answer does not allow {', '.join(missing)}, which clients of this service send."
        )
    if found.by_wildcard:
        return inconclusive(
            "Whether * in the preflight's answer counts depends on the credentials mode of the script."
        )
    return PASS


def vary_origin(reply: Reply) -> Ruling:
    """CO408: `Vary: Origin` where the origin is reflected."""
    origin = reply.origin
    if origin is None or reply.is_preflight or not names_origin(reply.response, origin):
        return NA
    if has_vary_origin(reply.response):
        return PASS
    # "CORS protocol and HTTP caches": where the answer depends on Origin, Vary has to say so.
    told = "a cache may hand this answer to another origin, which then cannot read it"
    if reply.reflected:
        return fails(
            f"The response allows {_text(origin)} by name, as another did {_text(reply.reflected)}, "
            f"without Vary: Origin: {told}.",
            severity=Severity.WARNING,
        )
    return warns(f"The response allows {_text(origin)} by name, without Vary: Origin: {told}.")


def cors_on_errors(reply: Reply) -> Ruling:
    """CO409: 4xx and 5xx carry the same CORS headers, or scripts cannot read why they were refused."""
    origin = reply.origin
    if origin is None or reply.is_preflight or reply.response.status < 400:
        return NA
    return _checked(reply, origin, "A script on {origin} cannot read the error {status}: {refusal}.")


def names_origin(response: ResponseHead, origin: bytes) -> bool:
    """Whether a response allows this origin by its name."""
    return headers.lines(response.headers, b"access-control-allow-origin") == [origin]


def has_vary_origin(response: ResponseHead) -> bool:
    """Whether caches are told that the response depends on `Origin` (RFC 9110 §12.5.5)."""
    listed = (headers.combined(response.headers, b"vary") or b"").lower().split(b",")
    return any(name.strip(b" \t") in (b"origin", b"*") for name in listed)


def _checked(reply: Reply, origin: bytes, sentence: str) -> Ruling:
    refusal = cors_refusal(origin, reply.request, reply.response)
    if not refusal:
        return PASS
    return fails(
        sentence.format(origin=_text(origin), status=reply.response.status, refusal=refusal),
        ("origin", origin.decode("latin-1")),
    )


def _header_name(issue: Issue) -> bytes:
    return issue.client.header.lower().encode() if issue.client else b""


def _has_wildcard(response: ResponseHead) -> bool:
    listed = headers.combined(response.headers, b"access-control-allow-headers") or b""
    return b"*" in [name.strip(b" \t") for name in listed.split(b",")]


def _not_allowed(reply: Reply) -> list[str]:
    """The profile's request headers that the preflight's answer does not allow, though not asked for."""
    listed = headers.combined(reply.response.headers, b"access-control-allow-headers") or b""
    allowed = {name.strip(b" \t").lower() for name in listed.split(b",")}
    wanted = reply.profile.cors.request_headers
    return [] if b"*" in allowed else [name for name in wanted if name.lower().encode() not in allowed]


def _text(value: bytes) -> str:
    return shown(value.decode("latin-1"))
