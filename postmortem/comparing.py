"""What a hop did to each exchange: told from the joined events of the taps on its two sides.

Header fields and bodies are compared by `contract.two_sides`, as the judge compares them; the judge's own
findings (HP701–HP704) come with them. What it has no rule for is told as well: fields that were added, names
written otherwise, a coding put on, events held back, an answer that the hop broke off.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from contract.checker import Checker
from contract.events import Abort, Chunk, End, Event, Headers, Message, RequestHead, ResponseHead, Side
from contract.findings import Finding
from contract.profile import Profile
from contract.rules.transport import LATE
from contract.two_sides import TwoSides
from postmortem.differences import (
    Answer,
    Difference,
    Kind,
    of_bodies,
    of_content,
    of_endings,
    of_heads,
    of_lines,
)
from recordings.decoding import DECODERS

RULES = ("HP",)
"""What the judge is asked about a hop; the rest is about the service and its client."""


@dataclass(frozen=True, slots=True)
class Latency:
    """What a hop added, in µs; None where it cannot be told. Of events: one by one, for event streams."""

    request: int | None = None
    first_byte: int | None = None
    end: int | None = None
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many chunks, events and bytes an answer had: (as it left B, as it reached A)."""

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
    """The messages that there were (name ''), and the names of the fields that entered in them."""


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


class _Passing:
    """An exchange on its way through the hop."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._asked: dict[Side, RequestHead] = {}
        self._sent: dict[Side, int] = {}
        self._answers = {Side.CLIENT: Answer(), Side.SERVER: Answer()}
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
            differences += of_lines(one, other)
            differences += of_heads(Message.REQUEST, one.headers, other.headers)
            if len(self._sent) == 2:
                differences += of_bodies(Message.REQUEST, self._bodies[Message.REQUEST])
        if theirs.head is not None:
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

    def _latency(self, ours: Answer, theirs: Answer) -> Latency:
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

    def _of_answers(self, ours: Answer, theirs: Answer, latency: Latency) -> Iterator[Difference]:
        message = Message.RESPONSE
        yield from of_endings(ours, theirs)
        if ours.head is None or theirs.head is None:
            return
        if ours.head.status != theirs.head.status:
            yield Difference(Kind.STATUS, message, "", str(theirs.head.status), str(ours.head.status))
        yield from of_heads(message, theirs.head.headers, ours.head.headers)
        if ours.end_at is not None and theirs.end_at is not None:
            yield from of_content(self._bodies[message], ours, theirs)
        held = max(latency.events, default=0)
        if held > LATE:
            yield Difference(Kind.HELD, message, "", _span(theirs), f"{held / 1e6:.3f} s")


def _between(came: int | None, left: int | None) -> int | None:
    return None if came is None or left is None else left - came


def _span(answer: Answer) -> str:
    """Within how long the events came."""
    return f"{(answer.events[-1][0] - answer.events[0][0]) / 1e6:.3f} s"


def _names(message: Message, fields: Headers) -> list[tuple[Message, str]]:
    names = dict.fromkeys(name.lower().decode("latin-1") for name, _ in fields)
    return [(message, ""), *((message, name) for name in names)]
