"""The facts of one event stream: what the rules about streams judge."""

from dataclasses import dataclass

SHORT = 80
"""Characters of a text that are told."""
ENOUGH = 400
"""Bytes that have so many characters, with a field's name."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What was seen of one event stream. Times are microseconds, texts are shortened and not escaped."""

    events: int
    """Events that a browser dispatches."""
    first_at: int
    last_at: int
    """When the chunks came that completed the first and the last of them; 0 if there were none."""
    terminals: int
    after_terminal: int
    """Terminal events, and events of any type after the first of those."""
    last_event: str
    """Its type; empty if there was none."""
    pending: str | None
    """What the end of the stream dropped (§9.2.6); None for nothing, or where the end was not seen."""
    escaped: str | None
    """The first line with a literal backslash and n where a line end was meant."""
    encoding: str
    """The first fault of the encoding as a clause, empty for none; offsets are those of the decoded body."""
    payload: tuple[str, ...]
    payload_failures: int
    """How many events do not fit their models; a clause for each of the first three."""
    unread: str
    """Why the rest, or all, could not be read: the other facts are about what came before."""


def kind(last: bytes | str) -> str:
    """The type of an event, given as it is, or as the beginning of a healthy block."""
    if isinstance(last, str):
        return shortened(last)
    if not last.startswith(b"event:"):
        return "message"
    line, _, _ = last.partition(b"\n")
    return shortened(line.removesuffix(b"\r").removeprefix(b"event:").removeprefix(b" ")) or "message"


def shortened(text: bytes | bytearray | str) -> str:
    """A text, or UTF-8, cut to what is told of it."""
    if not isinstance(text, str):
        text = text[:ENOUGH].decode("utf-8", "replace")
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
