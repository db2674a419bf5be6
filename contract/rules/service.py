"""SV301–SV304: what the service made of the ID that came back."""

from contract.findings import Severity
from contract.rules.echo import TOLERATED, answered, is_foreign, is_newest, is_own_callers
from contract.subjects import NA, PASS, Answer, Echo, Ruling, fails, inconclusive, shown


def valid_rejected(echo: Echo) -> Ruling:
    """SV301: the service accepts the right ID. A retry after a failure or a lost connection is no refusal."""
    right = _is_right(echo)
    if echo.is_rewritten or right is False or echo.answer in (Answer.REFUSED, Answer.FAILED, Answer.NONE):
        return NA
    if echo.is_retry and echo.answer is not Answer.ACCEPTED:
        return NA  # the service may have accepted it before
    if echo.answer is Answer.ACCEPTED:
        return PASS if right else NA
    if right is None:
        return inconclusive(
            f"Whether {shown(echo.value)} was the right ID, refused wrongly, cannot be told: {echo.unsure}."
        )
    if echo.answer is Answer.UNREAD:
        return inconclusive(f"Whether {shown(echo.value)} was accepted cannot be told: {answered(echo)}.")
    issued = echo.own or echo.near
    assert issued is not None
    return fails(
        f"The service refused the right ID {shown(echo.value)}, which exchange {issued.exchange} "
        f"had issued; {answered(echo)}.",
        ("issued by exchange", str(issued.exchange)),
        *((("the service expected", echo.leaked),) if echo.leaked else ()),
    )


def invalid_accepted(echo: Echo) -> Ruling:
    """SV302: it refuses an ID that is missing, malformed, unknown, stale, someone else's, or altered."""
    flaw = _flaw(echo)
    if echo.is_rewritten or flaw == "":
        return NA
    if echo.answer is not Answer.ACCEPTED:
        refused = echo.answer in (Answer.MISMATCH, Answer.REFUSED)
        return PASS if refused and flaw else NA
    if flaw is None:
        why = echo.unsure or f"the ID belongs in {echo.returned.where}, but {echo.returned.why_unreadable}"
        return inconclusive(f"Whether the service was right to accept the update cannot be told: {why}.")
    return fails(
        f"The service accepted ({echo.status}) {flaw}.",
        *((("newest ID of the scope", echo.newest.id),) if echo.newest else ()),
    )


def wrong_status(echo: Echo) -> Ruling:
    """SV303: it refuses with the status and body that the profile names."""
    if echo.is_rewritten or echo.answer is not Answer.MISMATCH:
        return NA
    if not echo.deviation:
        return PASS
    sent = shown(echo.value) if echo.value else "an update without an ID"
    return fails(f"The service refused {sent} otherwise than the profile has it: {echo.deviation}.")


def id_leaked(echo: Echo) -> Ruling:
    """SV304: it refuses without telling the caller the expected ID."""
    if echo.answer is not Answer.MISMATCH:
        return NA
    if not echo.leaked:
        return PASS
    return fails(
        f"The refusal ({echo.status}) tells the caller the ID {shown(echo.leaked)}, which it did not send.",
        ("told", echo.leaked),
        severity=Severity.WARNING,
    )


def _is_right(echo: Echo) -> bool | None:
    """Whether it is the ID that the service has to accept; None where that cannot be told."""
    if echo.own is None:
        return echo.near is not None and _is_tolerated(echo) and echo.near == echo.newest
    if echo.is_over or not is_own_callers(echo) or not is_newest(echo):
        return False
    return None if echo.unsure else True


def _is_tolerated(echo: Echo) -> bool:
    return echo.profile.id.compare == "normalised" and echo.normalisation in TOLERATED


def _flaw(echo: Echo) -> str | None:
    """Why the service has to refuse, in words; empty if it has not to, None where that cannot be told."""
    if not echo.value:
        return None if echo.returned.why_unreadable else "an update without an ID"
    value = shown(echo.value)
    if echo.own is not None:
        if is_foreign(echo):
            return f"{value} of a caller to whom it was not issued"
        return "" if is_newest(echo) else f"{value}, which is not the newest ID of this scope"
    if echo.foreign is not None:
        return f"{value}, which was issued in the scope {shown(echo.foreign.scope)}"
    if echo.near is not None:
        return (
            ""
            if _is_tolerated(echo)
            else f"{value}, which equals {shown(echo.near.id)} only {echo.normalisation}"
        )
    if echo.handed is not None:
        return f"{value}, which it had not issued"
    if not echo.has_format:
        return f"{value}, which is not in the format of an ID"
    return None if echo.unsure else f"{value}, which it had not issued"
