"""What a diagnosis hands out: incidents, each with its cause, what proves it, and what rules others out.

All are plain, serialisable values, as findings are. Texts hold values from the wire, which are
shortened and made printable (`contract.subjects.shown`), but not escaped for any output.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contract.events import Side
from contract.findings import SIDE_NAMES


class Confidence(StrEnum):
    """How sure a cause is. `CERTAIN`: nothing else that is known gives these facts."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was seen: one sentence, the exchange and the side of the proxy where it shows."""

    fact: str
    exchange: int
    side: Side


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A neighbouring cause, and the clause that says why it is not this one."""

    cause: str
    because: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure and its cause.

    `exchange` is where it showed first, `exchanges` are all that belong to it (retries, the issuing
    response, a preflight) in order, `at` and `last_at` the times (µs since the start of the run) of its
    first and last, `status` that of the answer in which it showed. Where `cause` is `inconclusive`,
    `possible` are the causes that are left, likeliest first, and `decides` is the capture that would
    decide. `injected` names the fault that made it on purpose, empty where none did.
    """

    exchange: int
    stream: str
    scope: str
    at: int
    status: int | None
    cause: str
    confidence: Confidence
    summary: str
    evidence: tuple[Fact, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    advice: str = ""
    possible: tuple[str, ...] = ()
    decides: str = ""
    exchanges: tuple[int, ...] = ()
    last_at: int = 0
    injected: str = ""


def incident_fields(incident: Incident) -> dict[str, Any]:
    """The stable keys of an incident in JSON: in the live log and in `diagnose`."""
    return {
        "exchange": incident.exchange,
        "stream": incident.stream,
        "scope": incident.scope,
        "at": incident.at,
        "status": incident.status,
        "cause": incident.cause,
        "confidence": incident.confidence.value,
        "summary": incident.summary,
        "evidence": [
            {"fact": each.fact, "exchange": each.exchange, "side": SIDE_NAMES[each.side]}
            for each in incident.evidence
        ],
        "ruled_out": [{"cause": each.cause, "because": each.because} for each in incident.ruled_out],
        "advice": incident.advice,
        "possible": list(incident.possible),
        "decides": incident.decides,
        "exchanges": list(incident.exchanges),
        "last_at": incident.last_at,
        "injected": incident.injected,
    }
