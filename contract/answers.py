"""What the service said to an echo: by status and body, never by a status alone."""

import re
from dataclasses import dataclass
from typing import Any

from contract import headers
from contract.bodies import MISSING, Decoders, Plain, fulfils, parsed
from contract.events import Chunk, ResponseHead
from contract.profile import Profile
from contract.profile_sections import Echo, JsonIs, Matcher
from contract.routes import fits_status
from contract.sse import SseParser
from contract.subjects import Answer

_EVENT_STREAM = "text/event-stream"


class AnswerBody:
    """The body of an answer to an echo, as far as it decides: all of it, of a long stream its first event."""

    __slots__ = ("_first", "_pieces", "_plain", "is_over")

    def __init__(self, profile: Profile, head: ResponseHead, decoders: Decoders) -> None:
        self._plain = Plain(headers.content_coding(head.headers), decoders)
        self._pieces: list[bytes] = []
        is_stream = headers.media_type(head.headers) == _EVENT_STREAM
        # An accepted call may be answered with a stream that runs for hours.
        self._first = SseParser() if is_stream and not _may_refuse(profile, head.status) else None
        self.is_over = False

    @property
    def why(self) -> str:
        """Why the body cannot be read; empty if it can, as far as it is needed."""
        return self._plain.why

    def feed(self, chunk: Chunk) -> None:
        """Add a chunk."""
        if self.is_over:
            return
        piece = self._plain.feed(chunk)
        self._pieces.append(piece)
        self.is_over = bool(self._plain.why or (self._first and self._first.feed(piece)))

    def end(self) -> None:
        """The body is complete."""
        if not self.is_over:
            self._pieces.append(self._plain.end())
            self.is_over = True

    def stop(self, why: str) -> None:
        """The body will not be complete."""
        if not self.is_over:
            self._plain.stop(why)
            self.is_over = True

    def content(self) -> bytes:
        """The decoded bytes."""
        return b"".join(self._pieces)


@dataclass(frozen=True, slots=True)
class Said:
    """What the service said. `deviation` says how a refusal came otherwise than the profile has it."""

    answer: Answer
    deviation: str = ""
    content: bytes = b""


def needs_body(profile: Profile) -> bool:
    """Whether the body of an answer may say that an ID is refused."""
    return bool(profile.mismatch.all)


def said(profile: Profile, echo: Echo, response: ResponseHead | None, body: AnswerBody | None) -> Said:
    """What the service answered; `body` is there where the body may decide."""
    if response is None:
        return Said(Answer.NONE)
    content = body.content() if body is not None and not body.why else b""
    if _may_refuse(profile, response.status):
        if body is None or body.why:
            return Said(Answer.UNREAD)
        if is_mismatch(profile, response.status, content):
            return Said(Answer.MISMATCH, content=content)
    if content and (deviation := _deviation(profile, response, content)):
        return Said(Answer.MISMATCH, deviation, content)
    if fits_status(echo.status, response.status):
        return Said(Answer.ACCEPTED)
    return Said(Answer.REFUSED if 400 <= response.status < 500 else Answer.FAILED)


def _may_refuse(profile: Profile, status: int) -> bool:
    return any(fits_status(matcher.status, status) for _, matcher in profile.mismatch.all)


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


def _deviation(profile: Profile, response: ResponseHead, content: bytes) -> str:
    """How an answer refuses an ID in the profile's words, but under another status or in another form."""
    matchers = [matcher for _, matcher in profile.mismatch.all if _has_words(matcher)]
    statuses = ", ".join(dict.fromkeys(str(status) for each in matchers for status in each.status))
    if headers.media_type(response.headers) == _EVENT_STREAM:
        for event in SseParser().feed(content):
            if event.event == "error" and any(_says(each, event.data.encode()) for each in matchers):
                return f"in an SSE error event of a {response.status}, not with {statuses}"
        return ""
    if response.status < 400:
        says = any(matcher.event is None and _fits(matcher, content) for matcher in matchers)
    else:
        says = any(_says(matcher, content) for matcher in matchers)
    return f"with {response.status}, not with {statuses}" if says else ""


def _has_words(matcher: Matcher) -> bool:
    """Whether a matcher asks for words, not only for a member that many answers have."""
    return matcher.text is not None or any(_is_telling(test) for test in matcher.where)


def _is_telling(test: JsonIs) -> bool:
    return test.matches is not None or isinstance(test.equals, str)


def _says(matcher: Matcher, content: bytes) -> bool:
    """Whether the words of a refusal are in a body, at whatever member they are."""
    if _fits(matcher, content):
        return True
    value = parsed(content)
    texts = [each for each in value.values() if isinstance(each, str)] if isinstance(value, dict) else []
    tests = [test for test in matcher.where if _is_telling(test)]
    return bool(tests) and all(any(_speaks(test, text) for text in texts) for test in tests)


def _speaks(test: JsonIs, text: Any) -> bool:
    return text == test.equals if test.matches is None else re.search(test.matches, text) is not None
