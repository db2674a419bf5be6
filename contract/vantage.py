"""What can be concluded from where one stood: with one side of a hop alone, some causes look alike."""

from dataclasses import replace
from enum import StrEnum

from contract.causes.unsolved import INCONCLUSIVE
from contract.events import Side
from contract.incidents import Confidence, Incident


class Vantage(StrEnum):
    """Which sides were seen.

    `CLIENT`: the client's side of some hop, and nothing of what lies behind; `SERVER`: the other one.
    """

    BOTH = "both"
    CLIENT = "client"
    SERVER = "server"


_STORED = ("server-race", "server-not-stored", "server-expired", "server-no-affinity")
_ON_THE_WAY = ("network-rewritten", "network-request-stripped", "network-request-rewritten")

ALIKE: dict[str, tuple[str, ...]] = {
    "server-never-issued": ("network-stripped",),
    "server-name-mismatch": ("network-renamed",),
    "server-malformed-id": ("network-rewritten",),
    "server-duplicated": ("network-duplicated",),
    "server-reused-id": ("network-cached", "network-rewritten"),
    "server-race": (*_STORED, "network-request-rewritten"),
    "server-not-stored": (*_STORED, "server-overwritten", *_ON_THE_WAY, "network-request-repeated"),
    "server-expired": (*_STORED, *_ON_THE_WAY),
    "server-no-affinity": (*_STORED, *_ON_THE_WAY),
    "server-altered-id": ("network-rewritten",),
    "server-overwritten": ("network-rewritten",),
    "server-accepts-invalid": ("network-request-rewritten",),
    "server-wrong-status": ("network-replaced",),
    "server-bad-sse": ("network-body-changed", "network-truncated"),
    "server-truncated": ("network-truncated", "network-idle-timeout"),
    "network-idle-timeout": ("server-truncated", "network-truncated"),
    "network-rewritten": ("server-malformed-id", "server-not-stored"),
    "network-request-stripped": ("server-not-stored",),
    "network-request-rewritten": ("server-not-stored",),
    "network-buffered": ("server-buffered", "network-slowed"),
    "network-compressed": ("server-buffered", "network-buffered"),
    INCONCLUSIVE: ("network-replaced", "network-request-stripped", "network-request-rewritten"),
    "cors-not-exposed": ("cors-expose-stripped",),
    "cors-wildcard-credentials": ("cors-expose-stripped",),
    "cors-expose-malformed": ("cors-expose-stripped",),
    "cors-preflight-only": ("cors-expose-stripped",),
}
"""What looks like each cause from the client's side alone. Causes that are not here do not depend on it."""


_LOST = (
    *("network-stripped", "network-renamed", "network-cached", "network-replaced"),
    *("network-redirected", "cors-expose-stripped"),
)
ALIKE_BEHIND: dict[str, tuple[str, ...]] = {
    "client-never-extracted": (*_LOST, "network-request-stripped"),
    "client-fabricated-id": (*_LOST, "network-rewritten", "network-request-rewritten"),
    "client-case-sensitive": (*_LOST, "network-rewritten", "network-request-rewritten"),
    "client-stale-id": ("network-cached", "network-rewritten", "network-request-rewritten"),
    "client-cross-wired": ("network-rewritten", "network-request-rewritten"),
    "client-altered-id": ("network-duplicated", "network-rewritten", "network-request-rewritten"),
    "client-double-commit": ("network-request-repeated", "network-cached"),
}
"""What looks like each cause from the service's side of a hop alone."""
_ALIKE_5XX: dict[str, tuple[str, ...]] = {
    "cors-errors-unreadable": ("network-request-dropped", "network-replaced", "network-unreachable"),
    "cors-preflight-refused": ("network-replaced",),
}
"""The same, where the answer is a 5xx: it may be a hop's own."""


def looks_like(cause: str, vantage: Vantage = Vantage.CLIENT) -> tuple[str, ...]:
    """The other causes that cannot be told from this one from one side of a hop alone."""
    alike = {Vantage.CLIENT: ALIKE, Vantage.SERVER: ALIKE_BEHIND}.get(vantage, {}).get(cause, ())
    return tuple(each for each in alike if each != cause)


def as_seen_from(vantage: Vantage, incident: Incident) -> Incident:
    """The incident as it can be stated; inconclusive where another cause looks the same from there."""
    if vantage is Vantage.BOTH:
        return incident
    if vantage is Vantage.CLIENT:  # what its recorder calls the service's side is that of the hop
        seen = tuple(replace(each, side=Side.CLIENT) for each in incident.evidence)
        incident = replace(incident, evidence=seen)
    alike = looks_like(incident.cause, vantage)
    if vantage is Vantage.CLIENT and (incident.status or 0) >= 500:
        alike = (*alike, *_ALIKE_5XX.get(incident.cause, ()))
    if not alike:
        return incident
    own = incident.possible if incident.cause == INCONCLUSIVE else (incident.cause,)
    possible = tuple(dict.fromkeys((*own, *alike)))
    return replace(
        incident,
        cause=INCONCLUSIVE,
        confidence=Confidence.POSSIBLE,
        summary=f"{incident.summary} From one side of a hop alone, who did it cannot be told.",
        ruled_out=tuple(each for each in incident.ruled_out if each.cause not in possible),
        possible=possible,
        decides="a recording of the same traffic on the other side of the hop: "
        "--hop client-side=…,server-side=…",
    )
