"""Recordings of two taps around a hop that strips, holds back, repeats and answers by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from contract.events import Event, Headers, Message, ResponseHead
from tests.contract.build import CHUNK, DONE, FIRST, ID_HEADER, SECOND, Talk
from tests.postmortem.two_taps import taken_apart, written, written_elsewhere

MS = 1_000
NGINX: Headers = ((b"Server", b"nginx/1.22.1"),)


@dataclass
class Story:
    """What A and B saw so far; each has numbers of its own."""

    a: list[Event] = field(default_factory=list)
    b: list[Event] = field(default_factory=list)
    _asked: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})

    def at_a(self, events: Iterable[Event], at: int, answer_at: int) -> None:
        """An exchange at A: all of its answer at once."""
        self.a += _timed(events, self._number("a"), at, answer_at, 0)

    def at_b(self, events: Iterable[Event], at: int, answer_at: int, pause: int = 0) -> None:
        """An exchange at B: a `pause` before each chunk of the answer."""
        self.b += _timed(events, self._number("b"), at, answer_at, pause)

    def _number(self, tap: str) -> int:
        self._asked[tap] += 1
        return self._asked[tap]

    def written(self, folder: Path) -> tuple[Path, Path]:
        """The recordings; B's clock is 3 s ahead and gains 50 ppm."""
        a = written(folder / "client-side.db", sorted(self.a, key=lambda event: event.at))
        ordered = sorted(self.b, key=lambda event: event.at)
        return a, written_elsewhere(folder / "server-side.db", ordered, 3e6, 50e-6)


def _timed(events: Iterable[Event], number: int, at: int, answer_at: int, pause: int) -> list[Event]:
    timed: list[Event] = []
    for event in events:
        is_answer = isinstance(event, ResponseHead) or getattr(event, "message", None) is Message.RESPONSE
        if is_answer and not isinstance(event, ResponseHead) and hasattr(event, "data"):
            answer_at += pause
        timed.append(replace(event, exchange=number, at=answer_at if is_answer else at))
    return timed


def told(folder: Path) -> tuple[Path, Path]:
    """Three chats of ten seconds each: `client-side.db` and `server-side.db` in `folder`."""
    story = Story()
    for place, identity in enumerate((FIRST, SECOND, FIRST.replace("1a", "9f"))):
        at = place * 10_000 * MS
        talk = Talk(session=f"s{place + 1}")
        answer = CHUNK * 9 + DONE
        stream = talk.stream(None, server=((ID_HEADER, identity),), answer=answer, size=len(CHUNK))
        ours, theirs = taken_apart(stream)
        story.at_b(theirs, at + 3 * MS, at + 40 * MS, 200 * MS)
        story.at_a(_served(ours), at, at + 2_243 * MS + place * MS)
        ours, theirs = taken_apart(talk.refused("stream-1732312346"))
        if place == 1:
            failed = [
                replace(each, status=503) if isinstance(each, ResponseHead) else each for each in theirs
            ]
            story.at_b(failed, at + 3_000 * MS, at + 3_004 * MS)
        story.at_b(theirs, at + 3_010 * MS, at + 3_015 * MS)
        story.at_a(_served(ours), at + 2_998 * MS, at + 3_017 * MS)
        health = Talk(token="").exchange("GET", "/health")
        story.at_b(taken_apart(health)[1], at + 5_000 * MS, at + 5_001 * MS)
    models = Talk().exchange("GET", "/api/models", status=504)
    story.at_a(_served(taken_apart(models)[0]), 33_000 * MS, 34_000 * MS)
    return story.written(folder)


def _served(events: Iterable[Event]) -> list[Event]:
    """As the hop passes them on: with its own name."""
    return [
        replace(event, headers=(*NGINX, *event.headers)) if isinstance(event, ResponseHead) else event
        for event in events
    ]
