"""What tells echoes apart for all their causes: negative tests, and what was not the client's doing."""

from contract.case import Case, handed_out, is_refused
from contract.events import RequestHead, Side
from contract.headers import first
from contract.incidents import Fact
from contract.rules.echo import answered
from contract.subjects import Answer, Echo, shown
from contract.testimony import Testimony

_ID_LOST = frozenset(
    (
        "network-stripped",
        "network-renamed",
        "network-replaced",
        "network-duplicated",
        "network-rewritten",
        "network-cached",
        "network-redirected",
        "server-never-issued",
        "server-name-mismatch",
        "server-malformed-id",
        "server-duplicated",
        "server-reused-id",
    )
)
"""Causes for which a client that sends no ID, or a wrong one, is not to blame."""
HANDED_OLD = frozenset(("network-cached", "network-rewritten", "server-reused-id"))
"""Those by which a client may be handed an ID whose life is over."""
UNREADABLE = frozenset(
    (
        "cors-not-exposed",
        "cors-expose-stripped",
        "cors-expose-malformed",
        "cors-wildcard-credentials",
        "cors-preflight-only",
        "cors-origin-rejected",
        "cors-duplicate-origin",
    )
)
"""The same, for a script in a browser."""


def echo_of(testimony: Testimony) -> Echo:
    """The echo that it has."""
    assert testimony.echo is not None
    return testimony.echo


def is_expected(case: Case, testimony: Testimony) -> bool:
    """Whether it is a negative test, refused as it should be.

    That is a probe of the profile's, a wrong try after the same credential had echoed rightly, or a try
    without an ID by a caller that sends IDs otherwise. An ID that was made up to look like one is none.
    """
    echo = echo_of(testimony)
    if not (is_refused(testimony) or echo.answer is Answer.UNREAD) or (echo.value and not echo.is_unknown):
        return False
    if testimony.fails("EC203"):
        return False
    if echo.is_negative_test or (echo.is_probe and bool(echo.value)):
        return True
    return not echo.value and not echo.returned.why_unreadable and _sends_ids(case, testimony)


def is_probe(case: Case, testimony: Testimony) -> bool:
    """Whether it is a negative test, whatever the answer: what it brings is not held against the client."""
    echo = echo_of(testimony)
    return echo.is_probe if echo.value else _sends_ids(case, testimony)


def _sends_ids(case: Case, testimony: Testimony) -> bool:
    return any(
        echo_of(other).value and not echo_of(other).is_probe and other.caller == testimony.caller
        for other in case.echoes
    )


def innocent_of(case: Case, testimony: Testimony) -> str:
    """The cause for which the client is not to blame for a wrong echo; empty if there is none."""
    issue = case.issue_before(testimony)
    if issue is None:
        return ""
    echo, causes = echo_of(testimony), case.causes_of(issue.exchange)
    lost = sorted(causes & _ID_LOST)
    if lost and (not echo.value or echo.is_unknown or echo.value in handed_out(issue) or echo.handed):
        return lost[0]
    if is_without_id(testimony) and issue.is_cross_origin and may_be_script(testimony.request):
        return next(iter(sorted(causes & UNREADABLE)), "")
    return ""


def consequence(case: Case, issue: Testimony) -> Fact | None:
    """What the client sent back after an answer whose ID it could not have: the first such echo."""
    followers = (each for each in case.echoes if case.issue_before(each) is issue)
    lost = (each for each in followers if is_without_id(each) and not is_expected(case, each))
    first_one = next(lost, None)
    if first_one is None:
        return None
    echo = echo_of(first_one)
    sent = f"{shown(echo.value)}, an ID of its own" if echo.value else "no ID"
    return Fact(f"the client then sent {sent}; {answered(echo)}", first_one.exchange, Side.CLIENT)


def is_without_id(testimony: Testimony) -> bool:
    """Whether it brings none of the IDs that the client can have been given."""
    echo = echo_of(testimony)
    return not (echo.value and (echo.own or echo.foreign or echo.near))


def may_be_script(request: RequestHead) -> bool:
    """Whether a script in a browser may have sent it: CORS keeps nothing from any other program.

    All browsers call themselves Mozilla, and send `Sec-Fetch-…` to origins that they trust (Fetch Metadata).
    """
    agent = first(request.headers, b"user-agent")
    return (
        agent is None
        or agent.startswith(b"Mozilla/")
        or first(request.headers, b"sec-fetch-mode") is not None
    )


def was_handed(case: Case, testimony: Testimony) -> bool:
    """Whether the client sent just what its latest stream had brought it."""
    issue = case.issue_before(testimony)
    return issue is not None and echo_of(testimony).value in handed_out(issue)
