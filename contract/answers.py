"""What the service said to an echo: by status and body, never by a status alone."""

import re

from contract.bodies import MISSING, Body, fulfils, parsed
from contract.events import ResponseHead
from contract.exchange import fits_status
from contract.profile import Profile
from contract.profile_sections import Echo, Matcher
from contract.sse import SseParser
from contract.subjects import Answer


def needs_body(profile: Profile, status: int) -> bool:
    """Whether a mismatch may have this status, so that the body decides."""
    return any(fits_status(matcher.status, status) for _, matcher in profile.mismatch.all)


def answer(profile: Profile, echo: Echo, response: ResponseHead | None, body: Body | None) -> Answer:
    """What the service answered; `body` is there where the body decides."""
    if response is None:
        return Answer.NONE
    if needs_body(profile, response.status):
        if body is None or body.why:
            return Answer.UNREAD
        if is_mismatch(profile, response.status, body.content()):
            return Answer.MISMATCH
    if fits_status(echo.status, response.status):
        return Answer.ACCEPTED
    return Answer.REFUSED if 400 <= response.status < 500 else Answer.FAILED


def is_mismatch(profile: Profile, status: int, content: bytes) -> bool:
    """Whether an answer is one of those with which the service refuses an ID."""
    fitting = [matcher for _, matcher in profile.mismatch.all if fits_status(matcher.status, status)]
    return any(_matches(matcher, content) for matcher in fitting)


def _matches(matcher: Matcher, content: bytes) -> bool:
    if matcher.event is None:
        return _fits(matcher, content)
    events = SseParser().feed(content)
    return any(event.event == matcher.event and _fits(matcher, event.data.encode()) for event in events)


def _fits(matcher: Matcher, content: bytes) -> bool:
    if matcher.text is not None and not re.search(matcher.text, content.decode("utf-8", "replace")):
        return False
    if not matcher.where:
        return True
    value = parsed(content)
    return value is not MISSING and fulfils(value, matcher.where)
