"""HP701–HP704: what a hop did to headers and bodies, told from its two sides."""

from collections.abc import Callable

from contract.findings import Severity
from contract.profile import Profile
from contract.subjects import NA, PASS, Passage, Ruling, fails, inconclusive, shown
from contract.two_sides import Change, Kind


def hop_dropped(passage: Passage) -> Ruling:
    """HP701: each end-to-end header that entered a hop left it."""
    return _judged(passage, Kind.DROPPED, "dropped", lambda change: f"{change.name}: {shown(change.before)}")


def hop_renamed(passage: Passage) -> Ruling:
    """HP702: under its own name."""
    return _judged(passage, Kind.RENAMED, "renamed", lambda change: f"{change.name} to {shown(change.after)}")


def hop_changed(passage: Passage) -> Ruling:
    """HP703: with its own value."""
    return _judged(
        passage,
        Kind.CHANGED,
        "changed",
        lambda change: f"{change.name} from {shown(change.before)} to {shown(change.after)}",
    )


def hop_body(passage: Passage) -> Ruling:
    """HP704: and the body with its own bytes."""
    if passage.why_unknown:
        return inconclusive(f"Whether a body was changed on its way cannot be told: {passage.why_unknown}.")
    if not passage.has_bodies:
        return NA
    if not passage.bodies:
        return PASS
    told = "; ".join(
        f"of the {each.message}'s, {each.before} entered and {each.after} left" for each in passage.bodies
    )
    return fails(f"A body was changed between the two sides of the proxy: {told}, not the same ones.")


def _judged(passage: Passage, kind: Kind, verb: str, told: Callable[[Change], str]) -> Ruling:
    if not passage.has_heads:
        return NA
    changes = [change for change in passage.heads if change.kind is kind]
    if not changes:
        return PASS
    what = "; ".join(f"in the {change.message}, {told(change)}" for change in changes)
    severity = None if any(_is_named(passage.profile, change) for change in changes) else Severity.WARNING
    return fails(f"Between the two sides of the proxy was {verb}: {what}.", severity=severity)


def _is_named(profile: Profile, change: Change) -> bool:
    """Whether the protocol cannot do without the header: the profile names it, or browsers do."""
    name = change.name.lower()
    return name in profile.vital_headers or name.startswith("access-control-")
