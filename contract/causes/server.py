"""What services do wrong with an ID that comes back."""

from collections.abc import Callable, Iterator

from contract.case import Case
from contract.causes.cause import (
    CLIENT,
    LIKELY,
    SERVER,
    TAP_BEHIND,
    Verdict,
    facts,
    incident,
    not_because,
)
from contract.causes.echoes import echo_of
from contract.causes.refusal import Refusal
from contract.causes.requests import is_only_at_server
from contract.experience import Experience
from contract.incidents import Fact, Incident
from contract.subjects import shown
from contract.testimony import Testimony

_ELSEWHERE = {
    "network-request-stripped",
    "network-request-rewritten",
    "network-request-repeated",
    "network-rewritten",
    "network-cached",
    "server-malformed-id",
    "server-reused-id",
}
"""Causes for which a service is right to refuse an ID that it seems to have issued."""


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """The incidents of the case's refused right IDs, accepted wrong ones, and answers in other words."""
    for attempts in _refused(case):
        if case.causes_of(attempts[0].exchange) & _ELSEWHERE:
            continue
        refusal = Refusal(case, attempts, seen)
        issue = case.of(refusal.issued_by)
        yield incident(case, refusal.verdict(), [*attempts, *refusal.accepted, *([issue] if issue else [])])
    yield from _each(case, "SV302", _accepts_invalid)
    yield from _each(case, "SV303", _wrong_status)


def _refused(case: Case) -> list[list[Testimony]]:
    """The refusals of right IDs, those of one ID together."""
    by_id: dict[str, list[Testimony]] = {}
    for testimony in case.echoes:
        if testimony.fails("SV301") and not is_only_at_server(testimony):
            by_id.setdefault(echo_of(testimony).value, []).append(testimony)
    return list(by_id.values())


def _each(case: Case, code: str, judge: Callable[[list[Testimony]], Verdict]) -> Iterator[Incident]:
    """One incident of all echoes of the case that fail a rule."""
    found = [testimony for testimony in case.echoes if testimony.fails(code)]
    if found:
        yield incident(case, judge(found), found)


def _accepts_invalid(found: list[Testimony]) -> Verdict:
    finding = found[0].found("SV302")[0]
    return Verdict(
        "server-accepts-invalid",
        LIKELY,
        finding.message,
        "Compare the ID that comes back with the stored one, byte for byte, and refuse where none is stored.",
        facts(
            Fact(f"the client sent {shown(echo_of(found[0]).value) or 'no ID'}", found[0].exchange, CLIENT),
            Fact(f"the service answered {echo_of(found[0]).status}", found[0].exchange, SERVER),
        ),
        not_because(network_request_rewritten="it left for the service as the client had sent it"),
        decides=TAP_BEHIND,
    )


def _wrong_status(found: list[Testimony]) -> Verdict:
    finding = found[0].found("SV303")[0]
    return Verdict(
        "server-wrong-status",
        LIKELY,
        finding.message,
        "Refuse with the status and body that the contract names: clients decide by them whether to retry.",
        tuple(Fact(each.found("SV303")[0].message, each.exchange, SERVER) for each in found[:5]),
        not_because(network_replaced="the answer left as it came"),
        decides=TAP_BEHIND,
    )
