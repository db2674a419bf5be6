"""Cut the body of an event stream into the pieces whose times are known."""

from collections.abc import Sequence
from typing import NamedTuple

from contract.events import Form
from contract.sse import SseParser
from replay.importing.foreign import Part

_MESSAGE = "message"


class TimedEvent(NamedTuple):
    """An event as a browser noted it; `at` is µs since 1970."""

    at: int
    event: str
    id: str
    data: str


def pieces(
    data: bytes, size: int, form: Form, events: Sequence[TimedEvent], begun: int, ended: int
) -> list[Part]:
    """`data`, the decoded body, in parts; `size` bytes on the wire, between the times `begun` and `ended`.

    With a time for each of its events there is a part for each. Without, all that is known is that the
    first event came no earlier than the head, and all were there at the end: so that one is put at
    `begun` and the rest at `ended`. Anything else would say of a stream that it came in one burst.
    """
    parsed = SseParser().feed(data)
    if parsed and len(parsed) == len(events):
        cuts = [
            (each.end, min(max(noted.at, begun), ended)) for each, noted in zip(parsed, events, strict=True)
        ]
    elif len(parsed) > 1:
        cuts = [(parsed[0].end, begun)]
    else:
        cuts = []
    if not cuts or cuts[-1][0] < len(data):
        cuts.append((len(data), ended))
    parts, start, told = [], 0, 0
    for end, at in cuts:
        # Of an encoded body each part is given its share of the bytes that passed.
        until = size * end // len(data) if data else size
        parts.append(Part(at, data[start:end], until - told, form))
        start, told = end, until
    return parts


def written_anew(events: Sequence[TimedEvent]) -> bytes:
    """A stream that gives these events (HTML §9.2.6); the bytes that really came are not known."""
    lines, last = [], ""
    for each in events:
        if each.event and each.event != _MESSAGE:
            lines.append(f"event: {each.event}")
        if each.id != last:
            lines.append(f"id: {each.id}")
            last = each.id
        lines += [f"data: {line}" for line in each.data.split("\n")]
        lines.append("")
    return "".join([f"{line}\n" for line in lines]).encode("utf-8", "replace")
