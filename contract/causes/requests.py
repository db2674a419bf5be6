"""What became of the echo on its way up."""

from collections.abc import Iterator

from contract.case import Case, is_refused
from contract.causes.cause import (
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
from contract.causes.echoes import echo_of, is_expected
from contract.experience import Experience
from contract.incidents import Fact, Incident
from contract.subjects import Answer, shown
from contract.testimony import Testimony


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of echoes that the service did not get as they were sent: one of a cause and a value."""
    made: dict[tuple[str, str], tuple[Verdict, list[Testimony]]] = {}
    for testimony in case.echoes:
        if is_expected(case, testimony):
            continue
        verdict = _between(testimony) or _behind(testimony) or _repeated(case, testimony)
        if verdict is not None:
            key = (verdict.cause, echo_of(testimony).value)
            made.setdefault(key, (verdict, []))[1].append(testimony)
    for verdict, testimonies in made.values():
        issue = case.issue_before(testimonies[0])
        yield incident(case, verdict, [*testimonies, *([issue] if issue else [])])


def _between(testimony: Testimony) -> Verdict | None:
    """The two sides differ."""
    echo, got = echo_of(testimony), testimony.at_server
    if got is None or not echo.value or got.value == echo.value or testimony.request_at_server is None:
        return None
    if not echo.is_rewritten or got.why_unreadable == "the body broke off":
        return None
    sent = Fact(
        f"{shown(echo.value)} came from the client, in {echo.returned.where}", testimony.exchange, CLIENT
    )
    if not got.value:
        return Verdict(
            "network-request-stripped",
            CERTAIN,
            f"The client sent {shown(echo.value)}; the update left for the service without an ID.",
            f"Let the hop pass {echo.returned.where} on as it comes.",
            facts(sent, Fact(f"no ID in {got.where}", testimony.exchange, SERVER)),
            not_because(
                client_never_extracted="the client did send it", server_not_stored="the service never got it"
            ),
        )
    return Verdict(
        "network-request-rewritten",
        CERTAIN,
        f"The client sent {shown(echo.value)}; the service got {shown(got.value)} in its place.",
        f"Keep the hop from changing {echo.returned.where}.",
        facts(sent, Fact(f"{shown(got.value)} left for the service", testimony.exchange, SERVER)),
        not_because(
            client_fabricated_id="the client sent another one", server_not_stored="the service never got it"
        ),
    )


def _behind(testimony: Testimony) -> Verdict | None:
    """The service says itself that it got something else."""
    echo = echo_of(testimony)
    told = echo.told
    if echo.answer is not Answer.MISMATCH or told is None or not told.has_received or not echo.value:
        return None
    if told.received == echo.value or echo.is_rewritten:
        return None
    said = Fact(
        f"the service says that it received {shown(told.received) if told.received else 'none'}",
        testimony.exchange,
        SERVER,
    )
    sent = Fact(f"{shown(echo.value)} left for the service", testimony.exchange, SERVER)
    if not told.received:
        return Verdict(
            "network-request-stripped",
            LIKELY,
            f"{shown(echo.value)} left this proxy, and the service says that it received none: "
            "a hop behind this proxy took it out.",
            "Look at what lies between this proxy and the service; compare the update's body there.",
            facts(sent, said),
            not_because(
                client_never_extracted="the client did send it",
                server_not_stored="the service compared with nothing, not with another ID",
            ),
            decides=TAP_BEHIND,
        )
    return Verdict(
        "network-request-rewritten",
        LIKELY,
        f"{shown(echo.value)} left this proxy, and the service says that it received {shown(told.received)}.",
        "Look at what lies between this proxy and the service; compare the update's body there.",
        facts(sent, said),
        not_because(
            client_fabricated_id="the client sent another one",
            server_not_stored="the service compared with another ID than was sent",
        ),
        decides=TAP_BEHIND,
    )


def _repeated(case: Case, testimony: Testimony) -> Verdict | None:
    """A copy of the update reached the service before it, and may have been accepted."""
    echo = echo_of(testimony)
    if echo.answer is not Answer.MISMATCH or echo.own is None:
        return None
    copies = [other for other in case.echoes if _is_copy(other, testimony)]
    if not copies and "repeat-request" not in testimony.faults:
        return None
    if copies and all(is_refused(copy) for copy in copies):
        return None
    return Verdict(
        "network-request-repeated",
        CERTAIN,
        f"The update with {shown(echo.value)} reached the service twice: the second was refused.",
        "Keep the hop from repeating a POST: only idempotent requests may be retried (RFC 9110 §9.2.2).",
        facts(
            Fact("the client sent it once", testimony.exchange, CLIENT),
            *(Fact("a copy of it reached the service", copy.exchange, SERVER) for copy in copies),
            Fact("the hop sent a copy ahead", testimony.exchange, SERVER) if not copies else None,
        ),
        not_because(
            client_double_commit="the client sent it once", server_not_stored="no copy was refused before"
        ),
    )


def _is_copy(other: Testimony, testimony: Testimony) -> bool:
    if other is testimony or not is_only_at_server(other):
        return False
    return echo_of(other).value == echo_of(testimony).value


def is_only_at_server(testimony: Testimony) -> bool:
    """Whether no client was seen to send it."""
    return not testimony.request.side & CLIENT
