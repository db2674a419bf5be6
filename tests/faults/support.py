"""Driving one fault by hand: a scene, a pipeline with its stage alone, the journal applied to what came."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contract.events import Headers
from faults.fault import Fault
from faults.parts import Cut, Data, End, Part, RequestStart, ResponseStart, Start
from faults.pipeline import Pipeline, line_of
from faults.scene import Change, Scene, What

ID = b"stream-1732312345678-1a2b3c4d"
ID_HEADER = "X-Streaming-Session-Id"
ORIGIN = b"https://app.example"
REQUEST = RequestStart(
    b"POST",
    b"/api/chat/sessions/s1/stream",
    ((b"Host", b"chat.test"), (b"Origin", ORIGIN), (b"Cookie", b"accessToken=abc")),
)
PREFLIGHT = RequestStart(
    b"OPTIONS",
    REQUEST.target,
    (
        (b"Host", b"chat.test"),
        (b"Origin", ORIGIN),
        (b"Access-Control-Request-Method", b"POST"),
        (b"Access-Control-Request-Headers", b"authorization,content-type,x-user-id"),
    ),
)
UNTOUCHED = (
    (b"dAtE", b" Mon, 24 Nov 2025 22:00:00 GMT"),
    (b"X-Odd", b"a"),
    (b"x-odd", b""),
    (b"X-Odd", b"a"),
)


@dataclass
class Drive:
    """One exchange with one fault: parts go in at `now` (µs), what leaves is kept with its time."""

    fault: Fault
    scene: Scene
    pipeline: Pipeline
    changes: list[Change]
    now: int = 0
    left: list[tuple[int, Part]] = field(default_factory=list)

    def feed(self, *parts: Part) -> list[Part]:
        """What leaves because these parts came."""
        return self._kept([out for part in parts for out in self.pipeline.feed(part, self.now)])

    def wait(self, time: int) -> list[Part]:
        """What leaves within `time` µs, woken whenever it is due."""
        until, out = self.now + time, list[Part]()
        while (due := self.pipeline.due) is not None and due <= until:
            self.now = max(self.now, due)
            out += self._kept(self.pipeline.wake(self.now))
        self.now = until
        return out

    def _kept(self, parts: list[Part]) -> list[Part]:
        self.left += [(self.now, part) for part in parts]
        return parts

    @property
    def parts(self) -> list[Part]:
        return [part for _, part in self.left]

    @property
    def noted(self) -> list[What]:
        return [change.what for change in self.changes]


def drive(fault: Fault, request: RequestStart = REQUEST, now: int = 0, **scene: Any) -> Drive:
    """The fault at work in one exchange."""
    changes: list[Change] = []
    seen = Scene(request, scene.pop("random", Random(1)), changes.append, **{"id_header": ID_HEADER} | scene)
    return Drive(fault, seen, Pipeline([fault.stage(seen)], seen.version), changes, now)


def head(fault: Fault, start: Start, request: RequestStart = REQUEST, **scene: Any) -> Start:
    """The head that leaves for `start`, after its journal was found to tell the difference."""
    run = drive(fault, request, **scene)
    (out,) = run.feed(start)
    assert isinstance(out, RequestStart | ResponseStart)
    assert sorted(applied(start.headers, run.changes)) == sorted(out.headers)
    told = [change.after for change in run.changes if change.what is What.START]
    assert told == ([line_of(out)] if line_of(out) != line_of(start) else [])
    assert (What.PASSED in run.noted) == (out == start)
    return out


def response(*lines: tuple[bytes, bytes], status: int = 200) -> ResponseStart:
    return ResponseStart(status, b"", lines)


def applied(headers: Headers, changes: Sequence[Change]) -> Headers:
    """Field lines after the journal, in some order."""
    lines = list(headers)
    for change in changes:
        if change.what is What.HEADER:
            name = change.name.encode("latin-1")
            if change.before is not None:
                lines.remove((name, change.before))
            if change.after is not None:
                lines.append((name, change.after))
    return tuple(lines)


def rewritten(body: bytes, changes: Sequence[Change]) -> bytes:
    """A body after the journal: what was replaced at each place, and where it ended."""
    out, place = b"", 0
    ends = [change.offset for change in changes if change.what is What.END and change.offset is not None]
    for change in changes:
        if change.what is What.BODY:
            assert change.offset is not None
            assert change.before is not None
            assert change.after is not None
            assert body[change.offset : change.offset + len(change.before)] == change.before
            out += body[place : change.offset] + change.after
            place = change.offset + len(change.before)
    return out + body[place : ends[0] if ends else None]


def body_of(parts: Sequence[Part]) -> bytes:
    return b"".join(part.data for part in parts if isinstance(part, Data))


def is_complete(parts: Sequence[Part]) -> bool:
    """Whether the message ends by its framing, and nothing follows."""
    ends = [part for part in parts if isinstance(part, End | Cut)]
    return len(ends) == 1 and isinstance(parts[-1], End)
