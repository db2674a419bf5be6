"""From two recordings of the same traffic, before and behind a hop, to the incidents between their ends."""

from itertools import batched

from contract.profile import Profile
from postmortem.diagnosing import LIMIT, Advance, Diagnosed, Keep, diagnose_events, everything, unheard
from postmortem.joining import Flavour, Joint
from postmortem.taps import Taps
from recordings.reader import Recording

_AT_ONCE = 4096


def diagnose_taps(
    before: Recording,
    behind: Recording,
    profile: Profile,
    *,
    limit: int = LIMIT,
    keep: Keep = everything,
    advance: Advance = unheard,
) -> tuple[Diagnosed, Joint]:
    """The incidents, by the numbers of `before`, and how both were joined. Raises `NoPairError`."""
    joint = Taps(before, behind, advance).joint(Flavour.ENDS)
    diagnosed = diagnose_events(
        f"{before.path} → {behind.path}",
        (list(some) for some in batched(joint.events(), _AT_ONCE)),
        profile,
        is_joined=True,
        limit=limit,
        keep=keep,
        advance=advance,
    )
    return diagnosed, joint
