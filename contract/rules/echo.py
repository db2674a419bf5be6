"""EC201–EC207: the ID that the client sent back, against what the service had issued."""

from contract.findings import Severity
from contract.subjects import NA, PASS, Answer, Echo, Ruling, fails, inconclusive, shown


def echo_missing(echo: Echo) -> Ruling:
    """EC201: the update carries an ID. `info` for a negative test that was refused."""
    if echo.value:
        return PASS
    if echo.returned.why_unreadable:
        return inconclusive(f"The ID belongs in {echo.returned.where}, but {echo.returned.why_unreadable}.")
    what = "an empty ID" if echo.returned.value == "" else "no ID"
    return fails(
        f"The request carries {what} in {echo.returned.where}; {answered(echo)}.",
        *_newest(echo),
        severity=_softened(echo),
    )


def echo_unknown(echo: Echo) -> Ruling:
    """EC202: the ID was issued in this traffic. `info` for a negative test that was refused."""
    if not echo.value or echo.near:
        return NA
    if echo.handed and not (echo.own or echo.foreign):
        return fails(
            f"The service did not issue {shown(echo.value)}: the client has it from exchange "
            f"{echo.handed.exchange}, whose response did not issue it or was changed on the way.",
            *_newest(echo),
        )
    if not echo.is_unknown:
        return PASS
    if echo.unsure:
        return inconclusive(f"Whether {shown(echo.value)} was issued cannot be told: {echo.unsure}.")
    return fails(
        f"The ID {shown(echo.value)} was not issued in this scope, nor among the latest elsewhere; "
        f"{answered(echo)}.",
        *_newest(echo),
        severity=_softened(echo),
    )


def echo_fabricated(echo: Echo) -> Ruling:
    """EC203: not invented by the client: right shape, never issued, issuing response seen."""
    if not echo.value:
        return NA
    if not echo.is_unknown:
        return PASS
    if echo.unsure or not echo.has_shape or echo.is_probe:
        return NA
    issued = f"issued was {shown(echo.newest.id)}" if echo.newest else "none was issued"
    return fails(f"The client invented the ID {shown(echo.value)}; {issued}.", *_newest(echo))


def echo_stale(echo: Echo) -> Ruling:
    """EC204: the newest ID of its scope, not an earlier one."""
    if echo.own is None or echo.newest is None or not echo.is_scoped:
        return NA
    if is_newest(echo):
        return PASS
    return fails(
        f"The ID {shown(echo.value)} is of exchange {echo.own.exchange}; "
        f"the newest of this scope is {shown(echo.newest.id)} of exchange {echo.newest.exchange}.",
        *_newest(echo),
    )


def echo_foreign(echo: Echo) -> Ruling:
    """EC205: issued to this scope and credential, not another's."""
    if echo.own is None:
        return _of_another_scope(echo) if echo.foreign else NA
    then, now = echo.own.caller, echo.caller
    issued = ("issued by exchange", str(echo.own.exchange))
    if is_foreign(echo):
        return fails(
            f"The ID {shown(echo.value)} was issued to the user {shown(then.user)}, "
            f"and sent back by {shown(now.user)}.",
            issued,
        )
    if is_own_callers(echo):
        return PASS
    if echo.answer in (Answer.MISMATCH, Answer.REFUSED):
        return fails(
            f"The ID {shown(echo.value)} was issued to another credential than sent it back; "
            f"{answered(echo)}.",
            issued,
        )
    return inconclusive(
        f"The credential changed since {shown(echo.value)} was issued: whether it was renewed or is "
        "someone else's cannot be seen.",
        issued,
    )


def _of_another_scope(echo: Echo) -> Ruling:
    foreign = echo.foreign
    assert foreign is not None
    return fails(
        f"The ID {shown(echo.value)} was issued by exchange {foreign.exchange} "
        f"in the scope {shown(foreign.scope)}, not in this one.",
        ("issued in scope", foreign.scope),
        *_newest(echo),
    )


def echo_altered(echo: Echo) -> Ruling:
    """EC206: byte-equal to what was issued, unless the service compares otherwise."""
    if not echo.value:
        return NA
    if echo.near is None:
        return PASS
    if echo.profile.id.compare == "normalised" and echo.normalisation in TOLERATED:
        return PASS
    return fails(
        f"The ID {shown(echo.value)} is not the issued {shown(echo.near.id)}, "
        f"but would be equal {echo.normalisation}.",
        ("issued", echo.near.id),
        ("normalisation", echo.normalisation),
    )


def echo_after_end(echo: Echo) -> Ruling:
    """EC207: the life of the ID was not over."""
    if echo.own is None:
        return NA
    if not echo.is_over:
        return PASS
    return fails(f"The life of the ID {shown(echo.value)} was over: {echo.is_over}.")


TRIMMED = "without white space around it"
FOLDED = "without regard to case"
TRIMMED_AND_FOLDED = f"{TRIMMED} and {FOLDED}"
TOLERATED = (TRIMMED, FOLDED, TRIMMED_AND_FOLDED)


def is_newest(echo: Echo) -> bool:
    """Whether the echoed ID is the newest of its scope, as far as it has one that IDs belong to."""
    own, newest = echo.own, echo.newest
    if own is None or newest is None or not echo.is_scoped:
        return own is not None
    return own.id == newest.id or own.since > newest.since


def is_own_callers(echo: Echo) -> bool:
    """Whether who sent the ID back is who got it: nothing says otherwise, or only the token is new."""
    if echo.own is None:
        return False
    then, now = echo.own.caller, echo.caller
    if not then.credential or not now.credential or then.credential == now.credential:
        return True
    return bool(then.user) and then.user == now.user


def is_foreign(echo: Echo) -> bool:
    """Whether the echoed ID was issued to another user than sent it back, as far as both say who they are."""
    if echo.own is None or is_own_callers(echo):
        return False
    return bool(echo.own.caller.user and echo.caller.user)


def _softened(echo: Echo) -> Severity | None:
    return Severity.INFO if echo.is_negative_test else None


def answered(echo: Echo) -> str:
    """What the service said to it, as a clause."""
    status = f" with {echo.status}" if echo.status else ""
    subject = "the service has" if echo.answer is Answer.FAILED else "it was"
    return f"{subject} {echo.answer}{status}"


def _newest(echo: Echo) -> tuple[tuple[str, str], ...]:
    return (("newest ID of the scope", echo.newest.id),) if echo.newest else ()
