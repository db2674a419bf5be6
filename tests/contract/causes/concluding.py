"""Running a diagnosis over sequences of events."""

from collections.abc import Iterable
from typing import Any

from contract.events import Event
from contract.explainer import Explainer
from contract.findings import Output
from contract.incidents import Incident
from contract.profile import Profile, builtin

CHAT = builtin("chat")


def explained(
    events: Iterable[Event], profile: Profile = CHAT, **options: Any
) -> tuple[Explainer, list[Incident]]:
    """The incidents, as a reader of a recording gets them, and what concluded them."""
    explainer = Explainer(profile, **{"waits": True, **options})
    out: list[Output] = []
    explainer.feed_all(events, out)
    out += explainer.end()
    return explainer, [each for each in out if isinstance(each, Incident)]


def incidents(events: Iterable[Event], profile: Profile = CHAT, **options: Any) -> list[Incident]:
    return explained(events, profile, **options)[1]


def causes(events: Iterable[Event], profile: Profile = CHAT, **options: Any) -> tuple[str, ...]:
    """Each cause once."""
    return tuple(sorted({each.cause for each in incidents(events, profile, **options)}))
