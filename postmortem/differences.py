"""What can differ between the two sides of a hop, and how it is found.

`contract.two_sides` compares header fields and bodies; what it has no word for is found here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    Headers,
    Message,
    RequestHead,
    ResponseHead,
)
from contract.headers import content_coding, media_type
from contract.rules.stream import EVENT_STREAM
from contract.sse import SseEvent, SseParser
from contract.stream_bytes import StreamBytes
from contract.two_sides import Kind as ChangeKind
from contract.two_sides import TwoSides, compare_bodies, compare_heads
from recordings.decoding import DECODERS


class Kind(StrEnum):
    """What a hop did; what breaks most comes first."""

    DROPPED = "dropped"
    """A header field did not leave; `before` is its value."""
    RENAMED = "renamed"
    """… left under the name `after`."""
    CHANGED = "changed"
    """… left with the value `after`."""
    STATUS = "status"
    ENDING = "ending"
    """The answer ended otherwise."""
    METHOD = "method"
    TARGET = "target"
    """Another path or query."""
    BODY = "body"
    """Other bytes left, or another number of them."""
    EVENTS = "events"
    """The event stream gives other events; `name` is the place of the first one."""
    CODING = "coding"
    """The same content left in another content-coding."""
    HELD = "held"
    """Events left later than they had come, by up to `after`."""
    ADDED = "added"
    """A field left that had not entered, with the value `after`."""
    CASE = "case"
    """Names of fields were written otherwise: those `before`, and `after`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a hop did to a message. `before` entered, `after` left; latin-1 where from the wire."""

    kind: Kind
    message: Message
    name: str = ""
    before: str = ""
    after: str = ""


class Answer:
    """An answer on one side, as it comes. Of its events are kept (time in µs, a hash of the content)."""

    __slots__ = (
        *("_bytes", "_hash", "_parser", "abort", "chunks", "coding", "end_at", "events", "first_at", "head"),
        "size",
    )

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.coding = ""
        self.chunks = self.size = 0
        self.first_at: int | None = None
        self.end_at: int | None = None
        self.abort: Abort | None = None
        self.events: list[tuple[int, int]] = []
        self._parser: SseParser | None = None
        self._bytes = StreamBytes("", DECODERS)
        self._hash = blake2b(digest_size=16)

    def begin(self, head: ResponseHead) -> None:
        """Take its head."""
        self.head = head
        self.coding = content_coding(head.headers)
        self._bytes = StreamBytes(self.coding, DECODERS)
        if media_type(head.headers) == EVENT_STREAM:
            self._parser = SseParser()

    def feed(self, chunk: Chunk) -> None:
        """Take a piece of its body."""
        self.chunks += 1
        self.size += chunk.size
        if self.first_at is None:
            self.first_at = chunk.at
        for some in self._bytes.feed(chunk):
            self._hash.update(some)
            if self._parser is not None:
                self.events += [(event.at, _content(event)) for event in self._parser.feed(some, chunk.at)]

    @property
    def content(self) -> bytes | None:
        """A digest of the body without its coding; None where it cannot be had."""
        return None if self._bytes.why else self._hash.digest()


def _content(event: SseEvent) -> int:
    return hash((event.event, event.data, event.id, event.retry))


def of_lines(entered: RequestHead, left: RequestHead) -> Iterator[Difference]:
    """The request lines."""
    for kind, before, after in (
        (Kind.METHOD, entered.method, left.method),
        (Kind.TARGET, entered.target, left.target),
    ):
        if before != after:
            yield Difference(kind, Message.REQUEST, "", before.decode("latin-1"), after.decode("latin-1"))


def of_heads(message: Message, entered: Headers, left: Headers) -> Iterator[Difference]:
    """The header sections."""
    before, after = _spelled(entered), _spelled(left)
    for change in compare_heads(message, entered, left):
        kind = Kind(change.kind.value)
        then = after.get(change.after, change.after) if kind is Kind.RENAMED else change.after
        yield Difference(kind, message, before[change.name], change.before, then)
    # What left and had not entered is what would be missing on the way back.
    for change in compare_heads(message, left, entered):
        if change.kind is ChangeKind.DROPPED:
            yield Difference(Kind.ADDED, message, after[change.name], "", change.before)
    recased = [name for name in before if name in after and before[name] != after[name]]
    if recased:
        was, now = (", ".join(side[name] for name in recased) for side in (before, after))
        yield Difference(Kind.CASE, message, "", was, now)


def _spelled(fields: Headers) -> dict[str, str]:
    spelled: dict[str, str] = {}
    for each, _ in fields:
        name = each.decode("latin-1")
        spelled.setdefault(each.lower().decode("latin-1"), name)
    return spelled


def of_bodies(message: Message, sides: TwoSides) -> Iterator[Difference]:
    """Bodies that are complete, byte by byte."""
    if not sides.why_unknown:
        for change in compare_bodies(message, sides):
            yield Difference(Kind.BODY, message, "", change.before, change.after)


def of_content(sides: TwoSides, ours: Answer, theirs: Answer) -> Iterator[Difference]:
    """The bodies of complete answers: their content, whatever its coding."""
    came, left = theirs.coding, ours.coding
    if came == left or ours.content is None or theirs.content is None:
        changes = list(of_bodies(Message.RESPONSE, sides))
    elif ours.content == theirs.content:
        sizes = f"{theirs.size} bytes", f"{ours.size} bytes"
        before, after = (
            f"{coding or 'identity'}, {size}" for coding, size in zip((came, left), sizes, strict=True)
        )
        yield Difference(Kind.CODING, Message.RESPONSE, "", before, after)
        return
    else:
        changes = [
            Difference(Kind.BODY, Message.RESPONSE, "", f"{theirs.size} bytes", f"{ours.size} bytes"),
        ]
    yield from changes
    first = _first_other(theirs.events, ours.events)
    if first is not None:
        counts = f"{len(theirs.events)} events", f"{len(ours.events)} events"
        yield Difference(Kind.EVENTS, Message.RESPONSE, str(first), *counts)


def _first_other(came: list[tuple[int, int]], left: list[tuple[int, int]]) -> int | None:
    """The place, from 1 on, of the first event that is another one or is missing."""
    for place, (one, other) in enumerate(zip(came, left, strict=False), 1):
        if one[1] != other[1]:
            return place
    return None if len(came) == len(left) else min(len(came), len(left)) + 1


def of_endings(ours: Answer, theirs: Answer) -> Iterator[Difference]:
    """How the answer ended, unless the client itself ended it, or the server's side did for both."""
    before, after = _ending(theirs), _ending(ours)
    if not before or not after or (ours.abort is not None and ours.abort.by is Breaker.CLIENT):
        return
    by_hop = any(each.abort is not None and each.abort.by is Breaker.PROXY for each in (ours, theirs))
    if by_hop or (ours.abort is None) != (theirs.abort is None):
        yield Difference(Kind.ENDING, Message.RESPONSE, "", before, after)


def _ending(answer: Answer) -> str:
    if answer.abort is not None:
        by = "by the hop" if answer.abort.by is Breaker.PROXY else "by the server's side"
        return f"broken off {by} after {answer.size} bytes"
    return f"complete after {answer.size} bytes" if answer.end_at is not None else ""
