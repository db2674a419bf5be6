"""HT601–HT607: how the service's response came, and what was done to it on its way.

Sections are those of RFC 9110 (HTTP), RFC 9111 (caching), RFC 9112 (HTTP/1.1) and RFC 9113 (HTTP/2).
"""

import re
from urllib.parse import urlsplit

from contract import headers
from contract.events import Breaker, Headers, Manner, RequestHead, ResponseHead
from contract.findings import Severity
from contract.subjects import NA, PASS, Ending, Reply, Ruling, Stream, fails, inconclusive, shown, warns

LATE = 500_000
"""µs by which bytes may leave a proxy later than they came; more than any back-pressure of a live reader."""
SILENT, BURST, MANY = 1_000_000, 50_000, 10
"""A late burst from one point of view: at least so many events, within so many µs (or a twentieth of the
silence), after at least so many µs of silence."""
TIMEOUTS = (5, 10, 15, 20, 25, 29, 30, 50, 55, 60, 90, 100, 120, 180, 230, 240, 300, 350, 600)
"""Seconds after which proxies, balancers and gateways typically cut a silent connection."""
_EARLY, _LATER = 0.25, 1.0
_EVENT_STREAM = "text/event-stream"
_CACHES = frozenset(
    (b"age", b"cache-status", b"x-cache", b"cf-cache-status", b"x-cache-status")
)  # RFC 9211 §2.1
_CACHE_HIT = re.compile(rb"(?i)\bhit\b")


def truncated(ending: Ending) -> Ruling:
    """HT601: the 0-chunk, all of `Content-Length`, or END_STREAM was there."""
    response, abort = ending.response, ending.abort
    if response is None:
        return NA
    if ending.is_complete:
        if not _is_close_delimited(ending.request, response):
            return PASS
        # RFC 9112 §8: a body that only the close of the connection ends may have been cut, unseen.
        return inconclusive(
            "Whether the response is complete cannot be told: only the end of the connection ended it."
        )
    if abort is None or abort.by is not Breaker.SERVER:
        return NA
    # RFC 9112 §8: "A message body that uses the chunked transfer coding is incomplete if the zero-sized
    # chunk that terminates the encoding has not been received."
    return fails(
        f"The service's side ended before the response was complete: {abort.reason or abort.manner}."
    )


def client_abort(ending: Ending) -> Ruling:
    """HT602: the client stays until the end; it need not, so this is no more than a fact."""
    if ending.abort is None:
        return PASS
    if ending.abort.by is not Breaker.CLIENT or ending.response is None:
        return NA
    return fails("The client left before the response was over.", severity=Severity.INFO)


def idle_cut(ending: Ending) -> Ruling:
    """HT606: it is not cut after a silence of a typical time-out."""
    abort = ending.abort
    if not ending.is_stream or ending.response is None:
        return NA
    if abort is None or abort.by is not Breaker.SERVER or abort.manner is Manner.MALFORMED:
        return PASS if ending.is_complete else NA
    near = typical_timeout(ending.silence)
    if near is None:
        return NA
    silence = ending.silence / 1_000_000
    return fails(
        f"The stream was cut after {silence:.1f} s of silence: a time-out of {near} s on the service's side.",
        ("silence", f"{silence:.3f} s"),
    )


def typical_timeout(silence: int) -> int | None:
    """The time-out (s) that a silence (µs) before a cut looks like; None for none."""
    seconds = silence / 1_000_000
    return next((each for each in TIMEOUTS if each - _EARLY <= seconds <= each + _LATER), None)


def buffered(stream: Stream) -> Ruling:
    """HT603: events reach the client as they left the server, not in a late burst."""
    facts = stream.facts
    if stream.delay > LATE:
        return fails(
            f"Events left the proxy up to {stream.delay / 1e6:.1f} s later than they had come.",
            ("delay", f"{stream.delay / 1e6:.3f} s"),
        )
    if facts.events < MANY:
        return NA
    silence, burst = facts.first_at - stream.asked_at, facts.last_at - facts.first_at
    if silence < SILENT or burst > max(BURST, silence // 20):
        return PASS
    return warns(
        f"All {facts.events} events came within {burst / 1000:.0f} ms, after {silence / 1e6:.1f} s: "
        "a hop before this proxy holds them back until the end, or the service does.",
        ("silence", f"{silence / 1e6:.3f} s"),
        ("burst", f"{burst / 1e6:.3f} s"),
    )


def transformed(reply: Reply) -> Ruling:
    """HT604: no compression or change against `no-transform`; event streams are best not compressed."""
    if reply.server is None or headers.media_type(reply.server.headers) != _EVENT_STREAM:
        return NA
    before = after = headers.content_coding(reply.server.headers)
    if reply.response is not reply.server:
        after = headers.content_coding(reply.response.headers)
    # RFC 9110 §7.7: "A proxy MUST NOT transform the content … of a response message that contains a
    # no-transform cache directive".
    if before != after and "no-transform" in _directives(reply.server.headers):
        return fails(
            f"The stream's content-coding became {shown(after or 'identity')} on its way, from "
            f"{shown(before or 'identity')}, against Cache-Control: no-transform."
        )
    if not after:
        return PASS
    return warns(
        f"The event stream is compressed ({shown(after)}): whoever compresses it can hold events back."
    )


def cached(reply: Reply) -> Ruling:
    """HT605: no `Age`, no cache hit on a stream."""
    if reply.server is None or not reply.is_to_stream or not 200 <= reply.server.status < 300:
        return NA
    found = {name: value for each, value in reply.server.headers if (name := each.lower()) in _CACHES}
    # RFC 9111 §5.1: "The presence of an Age header field implies that the response was not generated or
    # validated by the origin server for this request."
    for name, value in found.items():
        if name == b"age" or _CACHE_HIT.search(value):
            field, said = name.decode().title(), shown(value.strip().decode("latin-1"))
            return fails(f"The stream came from a cache: {field} is {said}.")
    return PASS


def redirected(reply: Reply) -> Ruling:
    """HT607: no redirect loses method, body or `Authorization`."""
    request, response = reply.request, reply.server
    if response is None or not reply.is_routed or reply.is_preflight:
        return NA
    status, method = response.status, request.method.decode("latin-1")
    location = headers.first(response.headers, b"location") if status // 100 == 3 else None
    if status not in (301, 302, 303, 307, 308) or location is None:
        return PASS
    to = location.decode("latin-1")
    # Fetch §4.5 (HTTP-redirect fetch): after 301 and 302 a POST, after 303 all but GET and HEAD becomes a GET
    # without body.
    if method not in ("GET", "HEAD") and (status == 303 or (status < 303 and method == "POST")):
        return fails(
            f"The {method} was redirected to {shown(to)} with {status}: "
            "clients go there with a GET, without the body."
        )
    # ibid.: "If request's current URL's origin is not same origin with locationURL's origin, then … remove
    # Authorization".
    if _is_elsewhere(request, to) and headers.first(request.headers, b"authorization") is not None:
        return warns(
            f"The {method} was redirected to another origin, {shown(to)}, with {status}: "
            "clients drop Authorization there."
        )
    return PASS


def _is_close_delimited(request: RequestHead, response: ResponseHead) -> bool:
    """RFC 9112 §6.3: neither chunked nor with a length, where there may be a body."""
    if not response.version.startswith(b"HTTP/1") or request.method in (b"HEAD", b"CONNECT"):
        return False
    if response.status < 200 or response.status in (204, 304):
        return False
    fields = response.headers
    return not headers.lines(fields, b"transfer-encoding") and not headers.lines(fields, b"content-length")


def _directives(fields: Headers) -> set[str]:
    listed = headers.combined(fields, b"cache-control") or b""
    return {part.strip().lower() for part in listed.decode("latin-1").split(",")}


def _is_elsewhere(request: RequestHead, location: str) -> bool:
    host = headers.first(request.headers, b"host") or headers.first(request.headers, b":authority") or b""
    try:
        to, asked = urlsplit(location), urlsplit(f"//{host.decode('latin-1')}")
        scheme = to.scheme or request.scheme
        ports = [each.port or (443 if scheme == "https" else 80) for each in (to, asked)]
    except ValueError:
        return False
    if not to.netloc:
        return False
    return scheme != request.scheme or to.hostname != (asked.hostname or request.host) or ports[0] != ports[1]
