"""Refusals that nothing explains: what is still possible, and what would decide."""

from collections.abc import Iterator

from contract.case import Case
from contract.causes.cause import POSSIBLE, SERVER, Verdict, incident
from contract.causes.echoes import echo_of, is_expected
from contract.causes.requests import is_only_at_server
from contract.experience import Experience
from contract.incidents import Fact, Incident
from contract.rules.echo import answered, is_own_callers
from contract.subjects import Answer, shown
from contract.testimony import Testimony

INCONCLUSIVE = "inconclusive"


def find(case: Case, seen: Experience) -> Iterator[Incident]:
    """One incident of all refused tries with one value that are part of no other."""
    left: dict[str, list[Testimony]] = {}
    for testimony in case.echoes:
        echo = echo_of(testimony)
        if echo.answer is not Answer.MISMATCH or is_only_at_server(testimony):
            continue
        if echo.is_retry:
            continue  # an earlier try may have been accepted, though no answer said so
        if not is_expected(case, testimony) and not case.causes_of(testimony.exchange):
            left.setdefault(echo.value, []).append(testimony)
    for value, testimonies in left.items():
        yield incident(case, _open(value, testimonies), testimonies)


def _open(value: str, testimonies: list[Testimony]) -> Verdict:
    echo = echo_of(testimonies[0])
    why = echo.unsure or echo.returned.why_unreadable or "nothing that was seen is wrong with it"
    if echo.own is not None and not is_own_callers(echo):
        why = "it was issued to another credential, of the same user or of someone else"
    what = shown(value) if value else "an update without an ID"
    of_client = (
        ("client-fabricated-id", "client-stale-id", "client-cross-wired", "client-altered-id")
        if value
        else ("client-never-extracted",)
    )
    return Verdict(
        INCONCLUSIVE,
        POSSIBLE,
        f"The service refused {what}, and why cannot be told: {why}.",
        "Record from before the stream on, with nothing left out.",
        tuple(Fact(f"{what}: {answered(echo_of(each))}", each.exchange, SERVER) for each in testimonies[:5]),
        possible=(
            *of_client,
            "server-race",
            "server-not-stored",
            "server-expired",
            "server-overwritten",
            "server-no-affinity",
            "network-stripped",
            "network-rewritten",
            "network-cached",
        ),
        decides="a recording that begins before the stream whose ID this should be",
    )
