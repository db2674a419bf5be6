"""Exchanges on their way through a hop that does what a test says: what each tap saw, and which is which."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from contract.events import Chunk, End, Event, Headers, Message, RequestHead, ResponseHead, Side
from postmortem.taps import Taps
from recordings.reader import Recording
from tests.postmortem.two_taps import written, written_elsewhere

OFFSET, DRIFT = 3e6, 50e-6
AGENT = (b"User-Agent", b"poller/1.0")


@dataclass(frozen=True)
class Part:
    """A request or an answer: its first line, fields and body."""

    line: bytes
    headers: Headers = ()
    body: bytes = b""
    version: bytes = b"HTTP/1.1"


@dataclass(frozen=True)
class Trip:
    """One exchange at A, and the tries that reached B. Times in µs; `tries` are (arrived, left, status)."""

    at: int
    over: int
    asked: Part
    status: int = 200
    answer: Part = Part(b"OK")
    tries: tuple[tuple[int, int, int], ...] = ()
    asked_there: Part | None = None
    answer_there: Part | None = None


def through(at: int, asked: Part, forward: int = 800, work: int = 4_000, back: int = 700) -> Trip:
    """An exchange that reaches B once and unchanged."""
    arrived = at + forward
    return Trip(at, arrived + work + back, asked, tries=((arrived, arrived + work, 200),))


def get(path: str, *headers: tuple[bytes, bytes]) -> Part:
    """A GET request."""
    return Part(f"GET {path}".encode(), (AGENT, *headers))


def post(path: str, body: bytes, *headers: tuple[bytes, bytes]) -> Part:
    """A POST request."""
    return Part(f"POST {path}".encode(), (AGENT, *headers), body)


@dataclass
class Told:
    """What was paired: numbers of B by number of A, as it truly was and as it was found."""

    taps: Taps
    truth: dict[int, list[int]]
    found: dict[int, list[int]] = field(default_factory=dict)


def recorded(
    folder: Path, trips: Iterable[Trip], only_b: Iterable[Trip] = ()
) -> tuple[Path, Path, dict[int, list[int]]]:
    """Two recordings of `trips`, B's by a clock that is 3 s ahead and gains 50 ppm; and what became what."""
    ours: list[tuple[int, list[Event]]] = []
    theirs: list[tuple[int, int | None, tuple[int, int, int], Trip]] = []
    ordered = sorted(trips, key=lambda trip: trip.at)
    for number, trip in enumerate(ordered, 1):
        ours.append((trip.at, exchange(number, trip.at, trip.over, trip.asked, trip.status, trip.answer)))
        theirs += [(each[0], number, each, trip) for each in trip.tries]
    theirs += [(trip.tries[0][0], None, trip.tries[0], trip) for trip in only_b]
    truth: dict[int, list[int]] = {}
    events_b: list[Event] = []
    for number, (_, a, (arrived, left, status), trip) in enumerate(
        sorted(theirs, key=lambda each: each[0]), 1
    ):
        if a is not None:
            truth.setdefault(a, []).append(number)
        asked, answer = trip.asked_there or trip.asked, trip.answer_there or trip.answer
        events_b += exchange(number, arrived, left, asked, status, answer)
    events_a = [event for _, events in ours for event in events]
    a_path = written(folder / "a.db", sorted(events_a, key=lambda event: event.at))
    b_path = written_elsewhere(folder / "b.db", sorted(events_b, key=lambda event: event.at), OFFSET, DRIFT)
    return a_path, b_path, truth


def paired(folder: Path, trips: Iterable[Trip], only_b: Iterable[Trip] = ()) -> Told:
    """The same, paired again."""
    a, b, truth = recorded(folder, trips, only_b)
    with Recording(a) as first, Recording(b) as second:
        taps = Taps(first, second)
    told = Told(taps, truth)
    for pair in taps.pairing.pairs:
        told.found[pair.a.exchange] = sorted(each.exchange for each in (pair.b, *pair.others))
    return told


def exchange(number: int, at: int, over: int, asked: Part, status: int, answer: Part) -> list[Event]:
    """The events of one exchange, as one tap saw them on both its sides."""
    method, _, target = asked.line.partition(b" ")
    side, up, down = Side.BOTH, Message.REQUEST, Message.RESPONSE
    events: list[Event] = [
        RequestHead(number, side, at, method, "http", "hop", 80, target, asked.version, asked.headers)
    ]
    if asked.body:
        events.append(Chunk(number, up, side, at, asked.body, len(asked.body)))
    events.append(End(number, up, side, at))
    if status:
        events.append(ResponseHead(number, side, over, status, answer.line, answer.version, answer.headers))
        if answer.body:
            events.append(Chunk(number, down, side, over, answer.body, len(answer.body)))
        events.append(End(number, down, side, over))
    return events
