"""What a cause is, and how an incident is made of one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contract.case import Case
from contract.events import Side
from contract.incidents import Confidence, Fact, Incident, RuledOut
from contract.testimony import Testimony


class Party(StrEnum):
    """Who has to change something."""

    CLIENT = "client"
    SERVER = "service"
    NETWORK = "hop"
    CORS = "CORS"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: its stable code, who it is about, what it means, and what tells it from others."""

    code: str
    party: Party
    means: str
    told_by: str


CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
CLIENT, SERVER, BOTH = Side.CLIENT, Side.SERVER, Side.BOTH

BEHIND = "the service (or a hop behind this proxy)"
TAP_BEHIND = "a recording taken next to the service, compared by --hop client-side=…,server-side=…"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A conclusion before it is tied to exchanges."""

    cause: str
    confidence: Confidence
    summary: str
    advice: str
    evidence: tuple[Fact, ...]
    ruled_out: tuple[RuledOut, ...] = ()
    possible: tuple[str, ...] = ()
    decides: str = ""


def incident(case: Case, verdict: Verdict, testimonies: Iterable[Testimony]) -> Incident:
    """The incident that a verdict on these exchanges is; the first of them is where it showed."""
    shown, *_ = all_of = list(testimonies)
    ordered = sorted({each.exchange: each for each in all_of}.values(), key=lambda each: each.began)
    faults = dict.fromkeys(fault for each in ordered for fault in each.faults)
    head = shown.client or shown.server
    streams = (each.stream for each in (shown, *ordered) if each.stream)
    return Incident(
        exchange=shown.exchange,
        stream=next(streams, ""),
        scope=case.key,
        at=ordered[0].at,
        status=head.status if head else None,
        cause=verdict.cause,
        confidence=verdict.confidence,
        summary=verdict.summary,
        evidence=verdict.evidence,
        ruled_out=verdict.ruled_out,
        advice=verdict.advice,
        possible=verdict.possible,
        decides=verdict.decides,
        exchanges=tuple(each.exchange for each in ordered),
        last_at=max(each.over_at for each in ordered),
        injected=", ".join(faults) if verdict.cause.startswith(("network-", "cors-")) else "",
    )


def not_because(**reasons: str) -> tuple[RuledOut, ...]:
    """Neighbours that are ruled out: `server_race="…"` for `server-race`."""
    return tuple(RuledOut(cause.replace("_", "-"), because) for cause, because in reasons.items() if because)


def facts(*given: Fact | None) -> tuple[Fact, ...]:
    """Those that there are."""
    return tuple(each for each in given if each is not None)


def counted(count: int, what: str) -> str:
    """For example `1 line`, `3 lines`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
