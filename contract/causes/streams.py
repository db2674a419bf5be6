"""What became of the stream itself: cut, held back, compressed, changed, redirected, or never asked for."""

from collections.abc import Iterator

from contract.case import Case
from contract.causes.cause import (
    BEHIND,
    CERTAIN,
    CLIENT,
    LIKELY,
    SERVER,
    TAP_BEHIND,
    Verdict,
    facts,
    incident,
    not_because,
)
from contract.events import Abort, Breaker, Manner
from contract.experience import Experience
from contract.findings import Finding, Role, Severity
from contract.headers import content_coding, first
from contract.incidents import Fact, Incident
from contract.rules.transport import BURST, typical_timeout
from contract.subjects import shown
from contract.testimony import Testimony

_SSE = ("SS501", "SS502", "SS503", "SS504", "SS505", "SS506")
_KEEP_ALIVE = (
    "Send a comment line (`:`) every 15 s from the service, or raise that time-out for event streams."
)
_REDIRECTS = (301, 302, 303, 307, 308)


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of the case's messages on their way."""
    for testimony in case.testimonies:
        verdict = _redirected(testimony) or _unreached(case, testimony, seen)
        if verdict is not None:
            yield incident(case, verdict, [testimony])
        elif testimony.role is Role.ISSUE and testimony.client is not None:
            if "network-replaced" in case.causes_of(testimony.exchange):
                continue
            cut = _cut(testimony, seen)
            verdicts = (cut, _held_back(testimony), None if cut else _changed(testimony))
            for found in verdicts:
                if found is not None:
                    yield incident(case, found, [testimony])


def _redirected(testimony: Testimony) -> Verdict | None:
    head, server = testimony.client, testimony.server
    if head is None or not (testimony.is_routed or testimony.role is Role.PREFLIGHT):
        return None
    location = first(head.headers, b"location")
    method = testimony.request.method.decode("latin-1")
    if head.status not in _REDIRECTS or location is None:
        return None
    loses = testimony.fails("HT607") or (method == "POST" and head.status in (301, 302, 303))
    if not loses and testimony.role is not Role.PREFLIGHT:
        return None
    by_hop = server is None or server.status != head.status
    what = (
        "browsers follow no redirect of a preflight" if method == "OPTIONS" else "its body is lost on the way"
    )
    return Verdict(
        "network-redirected",
        CERTAIN,
        f"The {method} was answered with {head.status} to {shown(location.decode('latin-1'))}: {what}.",
        "Let clients ask for the final URL at once, or redirect with 307 or 308 and answer OPTIONS there.",
        facts(
            Fact(f"{head.status}, Location: {location.decode('latin-1')}", testimony.exchange, CLIENT),
            Fact("the service was not asked", testimony.exchange, SERVER) if by_hop else None,
        ),
        not_because(
            client_never_extracted="the client never got the stream",
            cors_preflight_refused="it is a redirect, not a refusal" if method == "OPTIONS" else "",
        ),
    )


def _unreached(case: Case, testimony: Testimony, seen: Experience) -> Verdict | None:
    """A request that the service never got."""
    abort = testimony.client_abort or testimony.server_abort
    if not testimony.is_routed or testimony.server is not None or testimony.request_at_server is not None:
        return None
    is_redirect = testimony.client is not None and testimony.client.status in _REDIRECTS
    if is_redirect or "network-cached" in case.causes_of(testimony.exchange):
        return None
    if abort is not None and abort.manner is Manner.UNREACHABLE:
        return Verdict(
            "network-unreachable",
            CERTAIN,
            f"No connection to the service could be made: {abort.reason}.",
            f"Start the service, or correct the address {testimony.request.host}:{testimony.request.port}.",
            facts(Fact(abort.reason, testimony.exchange, SERVER)),
            not_because(server_truncated="no answer had begun"),
        )
    if not (seen.is_joined or "drop-request" in testimony.faults):
        return None
    got = f"{testimony.client.status}" if testimony.client else "no answer"
    return Verdict(
        "network-request-dropped",
        CERTAIN,
        f"The {testimony.request.method.decode('latin-1')} never reached the service; the client got {got}.",
        "Look at the hop's own log for this request: its limits, its filters, its time-outs.",
        facts(
            Fact("the request came from the client", testimony.exchange, CLIENT),
            Fact("no request left for the service", testimony.exchange, SERVER),
        ),
        not_because(server_truncated="the service was never asked"),
    )


def _cut(testimony: Testimony, seen: Experience) -> Verdict | None:
    """Who ended the answer before it was complete; between two taps the proxy is the hop."""
    at_client, at_server = testimony.client_abort, testimony.server_abort
    if at_server is not None and at_server.by is Breaker.SERVER:
        return _cut_at_server(testimony, at_server)
    if at_client is not None and at_client.by is not Breaker.CLIENT:
        is_hops = at_client.manner is Manner.INJECTED or (
            seen.is_joined and at_client.manner is not Manner.SHUTDOWN
        )
        if at_client.by is Breaker.PROXY and not is_hops:
            return None  # the proxy stopped, or would not pass it on: nobody else's doing
        return _cut_on_the_way(testimony, at_client)
    left = at_server is not None and at_server.manner is Manner.INJECTED
    if testimony.is_whole == (True, False) and at_server is not None and (left or at_client is None):
        return _cut_on_the_way(testimony, at_server)
    return None


def _cut_at_server(testimony: Testimony, abort: Abort) -> Verdict | None:
    if testimony.server is None or not testimony.fails("HT601"):
        return None
    idle = testimony.found("HT606")
    if idle:
        return Verdict(
            "network-idle-timeout",
            LIKELY,
            idle[0].message,
            _KEEP_ALIVE,
            facts(
                Fact(idle[0].message, testimony.exchange, SERVER),
                Fact("the body has no last chunk", testimony.exchange, SERVER),
            ),
            not_because(server_truncated="a service that dies does not do so after just a typical time-out"),
            decides=TAP_BEHIND,
        )
    silence = max(0, abort.at - (testimony.heard_at or abort.at)) / 1e6
    return Verdict(
        "server-truncated",
        LIKELY,
        f"The stream was cut off by {BEHIND}: {abort.reason or abort.manner}.",
        "Look for a crash, a restart or a limit in the service's log at that time; then in hops behind.",
        facts(
            Fact(
                f"{abort.reason or abort.manner}, {silence:.1f} s after the last bytes",
                testimony.exchange,
                SERVER,
            ),
            Fact("no last chunk, or short of its Content-Length", testimony.exchange, SERVER),
        ),
        not_because(
            network_idle_timeout=f"{silence:.1f} s of silence before it are no typical time-out",
            network_truncated="it was cut already when it came in",
        ),
        decides=TAP_BEHIND,
    )


def _cut_on_the_way(testimony: Testimony, abort: Abort) -> Verdict:
    quiet = abort.at - (testimony.heard_at or testimony.answered_at)
    timeout = typical_timeout(quiet)
    came = (
        "the service's answer was complete"
        if testimony.is_whole[1]
        else "the service was still sending, and was left"
    )
    evidence = facts(
        Fact(came, testimony.exchange, SERVER),
        Fact(
            "it ended as if it were complete" if testimony.is_whole[0] else "it broke off",
            testimony.exchange,
            CLIENT,
        ),
    )
    if timeout is not None or "idle-cut" in testimony.faults:
        return Verdict(
            "network-idle-timeout",
            CERTAIN,
            f"The hop cut the stream after {quiet / 1e6:.1f} s of silence"
            + (f": a time-out of {timeout} s." if timeout else "."),
            _KEEP_ALIVE,
            evidence,
            not_because(server_truncated="the service had not ended it"),
        )
    return Verdict(
        "network-truncated",
        CERTAIN,
        "The client's stream was cut off on its way, not by the service.",
        "Look at the hop's limits of time and size, and its log at that time.",
        evidence,
        not_because(
            server_truncated="the service had not ended it",
            network_idle_timeout=f"{quiet / 1e6:.1f} s of silence before it are no typical time-out",
        ),
    )


def _held_back(testimony: Testimony) -> Verdict | None:
    head, server = testimony.client, testimony.server
    before = content_coding(server.headers) if server else ""
    after = content_coding(head.headers) if head else ""
    found = testimony.found("HT603")
    coded = Fact(f"Content-Encoding: {after or 'none'}, after {before or 'none'}", testimony.exchange, CLIENT)
    if server is not None and before != after:
        return Verdict(
            "network-compressed",
            CERTAIN,
            f"The stream's coding became {after or 'identity'} on its way"
            + (", and its events came late." if found else "."),
            "Switch compression off for text/event-stream in the hop (and send Cache-Control: no-transform).",
            facts(coded, Fact(found[0].message, testimony.exchange, CLIENT) if found else None),
            not_because(network_buffered="it is compressed, which holds events back"),
        )
    if not found:
        return None
    if found[0].severity is not Severity.ERROR:
        return _came_late(testimony, after, found[0].message)
    return _held_by_hop(testimony, found[0].message)


def _came_late(testimony: Testimony, coding: str, message: str) -> Verdict:
    cause = "network-compressed" if coding else "network-buffered"
    return Verdict(
        cause,
        LIKELY,
        message,
        "Switch buffering and compression off for text/event-stream in hops behind this proxy "
        "(nginx: proxy_buffering off, or X-Accel-Buffering: no), and flush each event in the service.",
        facts(
            Fact(message, testimony.exchange, SERVER),
            Fact(f"Content-Encoding: {coding}", testimony.exchange, SERVER) if coding else None,
        ),
        not_because(
            network_compressed="" if coding else "no Content-Encoding",
            network_buffered="it is compressed" if coding else "",
        ),
        possible=(cause, "server-buffered"),
        decides=TAP_BEHIND,
    )


def _held_by_hop(testimony: Testimony, message: str) -> Verdict:
    body = testimony.body
    came = body.came[1] - body.came[0] if body else 0
    left = body.left[1] - body.left[0] if body else 0
    is_burst = left <= max(BURST, came // 4) and 2 * left <= came
    spans = Fact(
        f"they came within {came / 1e6:.2f} s, and left within {left / 1e6:.2f} s", testimony.exchange, CLIENT
    )
    late = Fact(message, testimony.exchange, CLIENT)
    if is_burst:
        return Verdict(
            "network-buffered",
            CERTAIN,
            "The hop held the stream's events back and let them go in a burst.",
            "Switch buffering off for text/event-stream in the hop (nginx: proxy_buffering off).",
            facts(late, spans),
            not_because(
                network_compressed="its coding is the same on both sides",
                server_buffered="they had come one by one",
                network_slowed="they left all at once",
            ),
        )
    return Verdict(
        "network-slowed",
        CERTAIN,
        "The hop passed the stream's events on late, though not all at once.",
        "Look at the hop's rate limits and its load, and at the line behind it.",
        facts(late, spans),
        not_because(
            network_buffered="they did not leave in a burst",
            network_compressed="its coding is the same on both sides",
        ),
    )


def _changed(testimony: Testimony) -> Verdict | None:
    """Events that are wrong: made so by the service, or on the way."""
    found = testimony.found(*_SSE)
    by_hop = [each for each in testimony.found("HP704") if "response" in each.message]
    if not (found or by_hop) or _is_another_answer(testimony):
        return None
    body = testimony.body
    evidence = tuple(Fact(f"{each.code}: {each.message}", testimony.exchange, CLIENT) for each in found)
    if not by_hop and (body is None or body.differs_at is None):
        return _bad_at_server(testimony, found, evidence)
    where = f"from byte {body.differs_at} on" if body and body.differs_at is not None else "at its end"
    return Verdict(
        "network-body-changed",
        CERTAIN,
        f"The stream's bytes were changed between the two sides, {where} of what differs.",
        "Keep the hop from touching the bodies of event streams: filters, rewriting, injected text.",
        (*evidence, *(Fact(each.message, testimony.exchange, CLIENT) for each in by_hop)),
        not_because(
            server_bad_sse="the service had sent other bytes",
            network_compressed="its coding is the same on both sides",
        ),
    )


def _is_another_answer(testimony: Testimony) -> bool:
    """Whether the two sides' answers are of another status or coding, so that their bytes must differ."""
    client, server = testimony.client, testimony.server
    if client is None or server is None:
        return False
    return client.status != server.status or content_coding(client.headers) != content_coding(server.headers)


def _bad_at_server(testimony: Testimony, found: list[Finding], evidence: tuple[Fact, ...]) -> Verdict:
    codes = ", ".join(dict.fromkeys(each.code for each in found))
    return Verdict(
        "server-bad-sse",
        LIKELY,
        f"The event stream is not as it should be ({codes}), and was so when it came from {BEHIND}.",
        f"Correct what writes the events: {found[0].message}",
        evidence,
        not_because(
            network_body_changed="both sides of this proxy have the same bytes",
            server_truncated="it ended by its framing" if testimony.is_whole[1] else "",
        ),
        decides=TAP_BEHIND,
    )
