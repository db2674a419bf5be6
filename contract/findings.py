"""What the checker hands out: findings, what became of each stream, and what each exchange was.

All are plain, serialisable values: nothing in them refers to the checker's state.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from contract.events import Side

if TYPE_CHECKING:
    from contract.incidents import Incident  # it imports from here; the alias below is evaluated by nobody


class Severity(StrEnum):
    """How bad a finding is. `ERROR`: a conforming peer breaks."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Verdict(StrEnum):
    """What a rule says of one exchange. Only `FAIL`, `WARN` and `INCONCLUSIVE` become findings."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    WARN = "warn"
    NA = "N/A"
    INCONCLUSIVE = "inconclusive"


class Role(StrEnum):
    """What an exchange is to the profile."""

    ISSUE = "issue"
    ECHO = "echo"
    PREFLIGHT = "preflight"
    CLOSE = "close"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's judgement of one exchange.

    `message` is one sentence with the actual values, `side` the side of the proxy that was judged,
    `at` the time (µs since the start of the run) of the event that decided it, `evidence` pairs of
    a fact's name and its value. `stream` and `scope` are empty where not known.
    """

    code: str
    name: str
    severity: Severity
    verdict: Verdict
    message: str
    exchange: int
    stream: str
    scope: str
    side: Side
    at: int
    evidence: tuple[tuple[str, str], ...] = ()


SIDE_NAMES = {Side.CLIENT: "client", Side.SERVER: "server", Side.BOTH: "both"}
"""How outputs call the sides."""


def finding_fields(finding: Finding) -> dict[str, Any]:
    """The stable keys of a finding in JSON: in the live log, in `show` and in `validate`."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "verdict": finding.verdict.value,
        "message": finding.message,
        "exchange": finding.exchange,
        "stream": finding.stream,
        "side": SIDE_NAMES[finding.side],
        "at": finding.at,
        "evidence": dict(finding.evidence),
    }


@dataclass(frozen=True, slots=True)
class StreamVerdict:
    """What became of one stream's ID: emitted when it is issued and again when an echo is answered.

    `issued` is the exchange whose response issued it (None: not seen). `exposed` says whether a script
    of another origin could read it (None: not to be told). `echoed` is the exchange that sent it back
    (None: not yet). `accepted` says whether the service took that echo (None: no answer that decides
    it), `status` is the service's answer to it.
    """

    stream: str
    scope: str
    issued: int | None
    exposed: bool | None
    echoed: int | None
    accepted: bool | None
    status: int | None
    at: int


@dataclass(frozen=True, slots=True)
class ExchangeFacts:
    """What one exchange was; emitted once, when it is known, at the latest when the exchange ends."""

    exchange: int
    role: Role
    stream: str
    scope: str


type Output = Finding | StreamVerdict | ExchangeFacts | Incident
