"""SS501–SS506: the event stream as the client got it.

The sections are those of HTML, https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from contract import headers
from contract.subjects import NA, PASS, Reply, Ruling, Stream, fails, inconclusive, shown

EVENT_STREAM = "text/event-stream"


def sse_media_type(reply: Reply) -> Ruling:
    """SS501: a stream is answered with 200 and `text/event-stream`."""
    status = reply.response.status
    if not reply.is_to_stream or not 200 <= status < 300:
        return NA
    # §9.2.3: where the status is not 200, or the type is not text/event-stream, "fail the connection".
    media_type = headers.media_type(reply.response.headers)
    if status == 200 and media_type == EVENT_STREAM:
        return PASS
    said = shown(media_type) if media_type else "no media type"
    return fails(f"The stream was answered with {status} and {said}, not with 200 and {EVENT_STREAM}.")


def sse_incomplete_event(stream: Stream) -> Ruling:
    """SS502: nothing is pending at the end of the stream."""
    if not stream.is_complete:
        return NA
    if stream.facts.unread:
        return _unread(stream, "whether its last event is complete")
    # §9.2.6: "Once the end of the file is reached, any pending data must be discarded."
    if stream.facts.pending is None:
        return PASS
    return fails(
        f"The stream ended in the middle of an event, and clients drop {shown(stream.facts.pending)}."
    )


def sse_no_terminal(stream: Stream) -> Ruling:
    """SS503: the terminal event arrives, once, last."""
    terminal = " or ".join(stream.profile.sse.terminal)
    if not terminal or not stream.is_complete:
        return NA
    facts = stream.facts
    if facts.terminals > 1:
        return fails(f"The stream had {facts.terminals} terminal events ({terminal}), not one.")
    if facts.after_terminal:
        return fails(f"The stream went on after its terminal event, with {facts.after_terminal} more.")
    if facts.terminals == 1:
        return PASS
    if facts.unread:
        return _unread(stream, f"whether {terminal} arrived")
    last = f"its last event is {shown(facts.last_event)}" if facts.events else "it has no events"
    return fails(f"The stream ended without its terminal event {terminal}; {last}.")


def sse_escaped_newline(stream: Stream) -> Ruling:
    r"""SS504: no literal `\n` where a line end was meant."""
    facts = stream.facts
    if facts.escaped is not None:
        # §9.2.5: lines are ended by CR LF, LF, or CR; a backslash and an n are two letters of a value.
        return fails(
            "The stream has a backslash and an n where a line should end, and clients see no event there: "
            f"{shown(facts.escaped)}."
        )
    return _unread(stream, "whether its lines end rightly") if facts.unread else PASS


def sse_encoding(stream: Stream) -> Ruling:
    """SS505: valid UTF-8, with at most one byte order mark, first."""
    facts = stream.facts
    if facts.encoding:
        # §9.2.5: "Event streams … must always be encoded as UTF-8"; one leading U+FEFF is ignored.
        return fails(f"The stream is not clean UTF-8: {facts.encoding}.")
    return _unread(stream, "whether it is clean UTF-8") if facts.unread else PASS


def sse_payload(stream: Stream) -> Ruling:
    """SS506: each event's JSON fits the profile's model of it."""
    facts = stream.facts
    if not stream.profile.sse.payloads:
        return NA
    if facts.payload_failures:
        more = facts.payload_failures - len(facts.payload)
        rest = f", and {more} more" if more else ""
        return fails(f"Payloads do not fit the profile: {'; '.join(facts.payload)}{rest}.")
    return _unread(stream, "whether its payloads fit") if facts.unread else PASS


def _unread(stream: Stream, what: str) -> Ruling:
    return inconclusive(
        f"The stream could not be read whole, so {what} cannot be told: {stream.facts.unread}."
    )
