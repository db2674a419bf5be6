"""What a hop did to each exchange: told from the joined events of the taps on its two sides.

Header fields and bodies are compared by `contract.two_sides`, as the judge compares them; the judge's own
findings (HP701–HP704) come with them. What it has no rule for is told as well: fields that were added, names
written otherwise, a coding put on, events held back, an answer that the hop broke off.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from contract.checker import Checker
from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Headers,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.findings import Finding
from contract.headers import content_coding, media_type
from contract.profile import Profile
from contract.rules.stream import EVENT_STREAM
from contract.rules.transport import LATE
from contract.sse import SseEvent, SseParser
from contract.stream_bytes import StreamBytes
from contract.two_sides import Kind as ChangeKind
from contract.two_sides import TwoSides, compare_bodies, compare_heads
from recordings.decoding import DECODERS

RULES = ("HP",)
"""What the judge is asked about a hop; the rest is about the service and its client."""


class Kind(StrEnum):
    """What a hop did."""

    DROPPED = "dropped"
    """A header field did not leave; `before` is its value."""
    RENAMED = "renamed"
    """… left under the name `after`."""
    CHANGED = "changed"
    """… left with the value `after`."""
    ADDED = "added"
    """A field left that had not entered, with the value `after`."""
    CASE = "case"
    """Names of fields were written otherwise: those `before`, and `after`."""
    METHOD = "method"
    TARGET = "target"
    STATUS = "status"
    CODING = "coding"
    """The same content left in another content-coding."""
    BODY = "body"
    """Other bytes left, or another number of them."""
    EVENTS = "events"
    """The event stream gives other events; `name` is the place of the first one."""
    HELD = "held"
    """Events left later than they had come, by up to `after`."""
    ENDING = "ending"
    """The answer ended otherwise."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a hop did to a message. `before` entered, `after` left; latin-1 where from the wire."""

    kind: Kind
    message: Message
    name: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """What a hop added, in µs; None where it cannot be told. Of events: one by one, for event streams."""

    request: int | None = None
    first_byte: int | None = None
    end: int | None = None
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many chunks and events an answer had on each side: (as it came from B's side, as it reached A's)."""

    chunks: tuple[int, int] = (0, 0)
    events: tuple[int, int] = (0, 0)
    bytes: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One exchange that passed both taps: its joined number, what was asked, and what the hop did to it."""

    exchange: int
    at: int
    method: bytes
    target: bytes
    status: int | None
    differences: tuple[Difference, ...] = ()
    findings: tuple[Finding, ...] = ()
    latency: Latency = Latency()
    counted: Counted = Counted()
    versions: tuple[bytes, bytes] = (b"", b"")
    entered: tuple[tuple[Message, str], ...] = field(default=(), compare=False)
    """The messages that there were, and the names in lower case of the fields that entered the hop in them."""


def compared(
    events: Iterable[Event], is_paired: Callable[[int], bool], profile: Profile
) -> Iterator[Comparison]:
    """The exchanges of a joined sequence that passed both taps, each when it is over at both."""
    checker = Checker(profile, decoders=DECODERS, select=RULES)
    found: dict[int, list[Finding]] = {}
    open_ones: dict[int, _Passing] = {}
    for event in events:
        for output in checker.feed(event):
            if isinstance(output, Finding) and is_paired(output.exchange):
                found.setdefault(output.exchange, []).append(output)
        if not isinstance(event, RequestHead | ResponseHead | Chunk | End | Abort):
            continue
        one = open_ones.get(event.exchange)
        if one is None:
            if not isinstance(event, RequestHead) or not is_paired(event.exchange):
                continue
            one = open_ones[event.exchange] = _Passing(event.exchange)
        one.take(event)
        if one.is_over:
            del open_ones[event.exchange]
            yield one.compared(found.pop(event.exchange, []))
    for output in checker.end():
        if isinstance(output, Finding) and output.exchange in open_ones:
            found.setdefault(output.exchange, []).append(output)
    for number, one in sorted(open_ones.items()):
        yield one.compared(found.pop(number, []))


class _Answer:
    """An answer on one side."""

    __slots__ = (
        "_bytes",
        "_hash",
        "_parser",
        "abort",
        "chunks",
        "end_at",
        "events",
        "first_at",
        "head",
        "size",
    )

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.chunks = self.size = 0
        self.first_at: int | None = None
        self.end_at: int | None = None
        self.abort: Abort | None = None
        self.events: list[tuple[int, int]] = []
        self._parser: SseParser | None = None
        self._bytes = StreamBytes("", DECODERS)
        self._hash = blake2b(digest_size=16)

    def begin(self, head: ResponseHead) -> None:
        self.head = head
        self._bytes = StreamBytes(content_coding(head.headers), DECODERS)
        if media_type(head.headers) == EVENT_STREAM:
            self._parser = SseParser()

    @property
    def is_stream(self) -> bool:
        return self._parser is not None

    def feed(self, chunk: Chunk) -> None:
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


class _Passing:
    """An exchange on its way through the hop."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._asked: dict[Side, RequestHead] = {}
        self._sent: dict[Side, int] = {}
        self._answers = {Side.CLIENT: _Answer(), Side.SERVER: _Answer()}
        self._bodies = {message: TwoSides(message) for message in Message}
        self._open = 3

    @property
    def is_over(self) -> bool:
        """Whether nothing more of the answer comes on either side."""
        return self._open == 0

    def take(self, event: RequestHead | ResponseHead | Chunk | End | Abort) -> None:
        answer = self._answers[event.side]
        if isinstance(event, RequestHead):
            self._asked.setdefault(event.side, event)
        elif isinstance(event, ResponseHead):
            if event.status >= 200 or event.status == 101:
                answer.begin(event)
        elif isinstance(event, Chunk):
            self._bodies[event.message].feed(event)
            if event.message is Message.RESPONSE:
                answer.feed(event)
        elif isinstance(event, Abort):
            answer.abort = event
            self._open &= ~event.side
        elif event.message is Message.REQUEST:
            self._sent[event.side] = event.at
        else:
            answer.end_at = event.at
            self._open &= ~event.side

    def compared(self, findings: list[Finding]) -> Comparison:
        """What became of it."""
        one, other = self._asked.get(Side.CLIENT), self._asked.get(Side.SERVER)
        known = one or other
        assert known is not None
        ours, theirs = self._answers[Side.CLIENT], self._answers[Side.SERVER]
        latency = self._latency(ours, theirs)
        entered: list[tuple[Message, str]] = []
        differences: list[Difference] = []
        if one is not None and other is not None:
            entered += _names(Message.REQUEST, one.headers)
            differences += _of_lines(one, other)
            differences += _of_heads(Message.REQUEST, one.headers, other.headers)
            if len(self._sent) == 2:
                differences += _of_bodies(Message.REQUEST, self._bodies[Message.REQUEST])
        if ours.head is not None and theirs.head is not None:
            entered += _names(Message.RESPONSE, theirs.head.headers)
            differences += self._of_answers(ours, theirs, latency)
        return Comparison(
            self._number,
            known.at,
            known.method,
            known.target,
            ours.head.status if ours.head else None,
            tuple(differences),
            tuple(findings),
            latency,
            Counted(
                (theirs.chunks, ours.chunks),
                (len(theirs.events), len(ours.events)),
                (theirs.size, ours.size),
            ),
            (one.version if one else b"", other.version if other else b""),
            tuple(entered),
        )

    def _latency(self, ours: _Answer, theirs: _Answer) -> Latency:
        asked = [each.at for side in (Side.CLIENT, Side.SERVER) if (each := self._asked.get(side))]
        alike = min(len(ours.events), len(theirs.events))
        is_alike = [each for _, each in ours.events[:alike]] == [each for _, each in theirs.events[:alike]]
        return Latency(
            request=asked[1] - asked[0] if len(asked) == 2 else None,
            first_byte=_between(theirs.first_at, ours.first_at),
            end=_between(theirs.end_at, ours.end_at),
            events=tuple(
                late[0] - came[0] for late, came in zip(ours.events, theirs.events, strict=False) if is_alike
            ),
        )

    def _of_answers(self, ours: _Answer, theirs: _Answer, latency: Latency) -> Iterator[Difference]:
        assert ours.head is not None and theirs.head is not None
        message = Message.RESPONSE
        if ours.head.status != theirs.head.status:
            yield Difference(Kind.STATUS, message, "", str(theirs.head.status), str(ours.head.status))
        yield from _of_heads(message, theirs.head.headers, ours.head.headers)
        if ours.end_at is not None and theirs.end_at is not None:
            yield from _of_content(self._bodies[message], ours, theirs)
        yield from _of_endings(ours, theirs)
        held = max(latency.events, default=0)
        if held > LATE:
            yield Difference(Kind.HELD, message, "", _span(theirs), f"{held / 1e6:.3f} s")


def _between(came: int | None, left: int | None) -> int | None:
    return None if came is None or left is None else left - came


def _span(answer: _Answer) -> str:
    """Within how long the events came."""
    return f"{(answer.events[-1][0] - answer.events[0][0]) / 1e6:.3f} s"


def _names(message: Message, fields: Headers) -> list[tuple[Message, str]]:
    names = dict.fromkeys(name.lower().decode("latin-1") for name, _ in fields)
    return [(message, ""), *((message, name) for name in names)]


def _of_lines(entered: RequestHead, left: RequestHead) -> Iterator[Difference]:
    for kind, before, after in (
        (Kind.METHOD, entered.method, left.method),
        (Kind.TARGET, entered.target, left.target),
    ):
        if before != after:
            yield Difference(kind, Message.REQUEST, "", before.decode("latin-1"), after.decode("latin-1"))


def _of_heads(message: Message, entered: Headers, left: Headers) -> Iterator[Difference]:
    for change in compare_heads(message, entered, left):
        yield Difference(Kind(change.kind.value), message, change.name, change.before, change.after)
    # What left and had not entered is what would be missing on the way back.
    for change in compare_heads(message, left, entered):
        if change.kind is ChangeKind.DROPPED:
            yield Difference(Kind.ADDED, message, change.name, "", change.before)
    before, after = _spelled(entered), _spelled(left)
    recased = [name for name in before if name in after and before[name] != after[name]]
    if recased:
        was, now = (", ".join(side[name].decode("latin-1") for name in recased) for side in (before, after))
        yield Difference(Kind.CASE, message, "", was, now)


def _spelled(fields: Headers) -> dict[bytes, bytes]:
    spelled: dict[bytes, bytes] = {}
    for name, _ in fields:
        spelled.setdefault(name.lower(), name)
    return spelled


def _of_bodies(message: Message, sides: TwoSides) -> Iterator[Difference]:
    if not sides.why_unknown:
        for change in compare_bodies(message, sides):
            yield Difference(Kind.BODY, message, "", change.before, change.after)


def _of_content(sides: TwoSides, ours: _Answer, theirs: _Answer) -> Iterator[Difference]:
    """The bodies of complete answers: their content, whatever its coding."""
    assert ours.head is not None and theirs.head is not None
    came, left = content_coding(theirs.head.headers), content_coding(ours.head.headers)
    if came == left or ours.content is None or theirs.content is None:
        changes = list(_of_bodies(Message.RESPONSE, sides))
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


def _of_endings(ours: _Answer, theirs: _Answer) -> Iterator[Difference]:
    """How the answer ended, unless the client itself ended it."""
    if ours.abort is not None and ours.abort.by is Breaker.CLIENT:
        return
    before, after = _ending(theirs), _ending(ours)
    if before and after and before.partition(" after ")[0] != after.partition(" after ")[0]:
        yield Difference(Kind.ENDING, Message.RESPONSE, "", before, after)


def _ending(answer: _Answer) -> str:
    if answer.abort is not None:
        return f"broken off after {answer.size} bytes"
    return f"complete after {answer.size} bytes" if answer.end_at is not None else ""
