"""Comparing an exchange with the recorded one: how it ended, status, head, body, and how long it took."""

from collections.abc import Iterator

from contract.events import Breaker
from contract.headers import content_coding, media_type
from replay.recorded import Recorded
from replay.resending.bodies import compare_json, compare_text, is_json, parsed
from replay.resending.differences import Difference
from replay.resending.events import compare_events, read_events
from replay.resending.heads import compare_heads
from replay.resending.likeness import UNMARKED, Likeness, Marks
from replay.resending.sequence import Way
from replay.resending.timing import compare_timing, timing_of

EVENT_STREAM = "text/event-stream"


def outcome_of(recorded: Recorded) -> str:
    """`complete`, or who broke it off: `client-abort`, `server-abort`, `proxy-abort`; `no-answer`, `open`."""
    if recorded.abort is not None:
        if recorded.response is None and recorded.abort.by is not Breaker.CLIENT:
            return "no-answer"
        return f"{recorded.abort.by.value}-abort"
    if recorded.response is None:
        return "no-answer"
    return "open" if recorded.response_body.ended_at is None else "complete"


def is_part(recorded: Recorded) -> bool:
    """Whether the answer would have gone on, had not the client or the proxy broken it off."""
    if recorded.abort is not None:
        return recorded.abort.by is not Breaker.SERVER
    return recorded.response is not None and recorded.response_body.ended_at is None


def compare(
    recorded: Recorded,
    new: Recorded,
    likeness: Likeness,
    *,
    marks: Marks = UNMARKED,
    timing: bool = False,
) -> Iterator[Difference]:
    """All differences of the new answer; `marks` says where it issues values."""
    yield from _endings(recorded, new)
    if timing:
        yield from compare_timing(timing_of(recorded), timing_of(new))
    old, now = recorded.response, new.response
    if old is None or now is None:
        return
    if old.status != now.status:
        yield Difference("status", "status", Way.CHANGED, str(old.status), str(now.status))
    same_version = old.version == now.version
    yield from compare_heads(old.headers, now.headers, likeness, marks, same_version=same_version)
    yield from _bodies(recorded, new, likeness, marks)


def why_not_compared(recorded: Recorded) -> str:
    """Why an answer's body is not compared; empty where it is."""
    if recorded.response_body.why_not_whole:
        return f"the recorded answer's body is not compared: {recorded.response_body.why_not_whole}"
    if recorded.response_text() is None:
        return "the recorded answer's body is not compared: its content-coding cannot be undone"
    return ""


def _endings(recorded: Recorded, new: Recorded) -> Iterator[Difference]:
    old, now = outcome_of(recorded), outcome_of(new)
    if old == now:
        return
    if is_part(recorded) and now == "complete":
        return  # it ended before the client left, or no one breaks it off as a proxy did
    if old in ("proxy-abort", "open") and now == "client-abort":
        return
    because = f"{now} ({new.abort.reason})" if new.abort is not None and new.abort.reason else now
    yield Difference("outcome", "outcome", Way.CHANGED, old, because)


def _bodies(recorded: Recorded, new: Recorded, likeness: Likeness, marks: Marks) -> Iterator[Difference]:
    assert recorded.response is not None
    assert new.response is not None
    old_text, new_text = recorded.response_text(), new.response_text()
    if old_text is None:
        return
    if new_text is None:
        coding = content_coding(new.response.headers) or "none"
        why = new.response_body.why_not_whole or f"content-coding {coding} that cannot be undone"
        yield Difference("body", "body", Way.CHANGED, f"{len(old_text):,} bytes", why)
        return
    medias = media_type(recorded.response.headers), media_type(new.response.headers)
    if medias == (EVENT_STREAM, EVENT_STREAM):
        part = is_part(recorded)
        old_events, new_events = read_events(old_text), read_events(new_text)
        yield from compare_events(old_events, new_events, likeness, marks, is_part=part)
        return
    if is_part(recorded):
        new_text = new_text[: len(old_text)]
    if is_json(recorded.response.headers) and is_json(new.response.headers):
        old_is_json, old_value = parsed(old_text)
        new_is_json, new_value = parsed(new_text)
        if old_is_json and new_is_json:
            yield from compare_json(old_value, new_value, likeness, marks)
            return
    yield from compare_text(old_text, new_text, likeness)
