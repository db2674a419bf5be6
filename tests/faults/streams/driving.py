"""Drives one fault of streams through a pipeline, with a clock that only this file moves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contract.events import Headers
from faults.fault import Fault
from faults.parts import Cut, Data, End, Part, RequestStart, ResponseStart
from faults.pipeline import Pipeline
from faults.scene import Change, Scene, What

MS = 1000
REQUEST = RequestStart(b"POST", b"/stream", ((b"Accept-Encoding", b"gzip, br"),))
FIELDS: Headers = ((b"Content-Type", b"text/event-stream; charset=utf-8"), (b"Transfer-Encoding", b"chunked"))
HEAD = ResponseStart(200, b"OK", FIELDS)
CHUNK = b'event: chunk\ndata: {"text": "%d"}\n\n'
DONE = b'event: done\ndata: {"message": "Stream complete"}\n\n'
BODY = CHUNK % 1 + CHUNK % 2 + b": ping\n\n" + CHUNK % 3 + DONE


def head(*more: tuple[bytes, bytes]) -> ResponseStart:
    """A head with more field lines."""
    return ResponseStart(200, b"OK", (*FIELDS, *more))


@dataclass
class Run:
    """What left, and when (µs)."""

    pipeline: Pipeline
    scene: Scene
    journal: list[Change]
    parts: list[tuple[int, Part]] = field(default_factory=list)
    now: int = 0

    def feed(self, part: Part, now: int) -> None:
        """Let time pass until `now`, then feed a part."""
        self.until(now)
        self.parts += [(now, out) for out in self.pipeline.feed(part, now)]

    def until(self, now: int) -> None:
        """Let time pass."""
        while (due := self.pipeline.due) is not None and due <= now and not self.pipeline.is_over:
            assert due >= self.now, "it would be woken for the past"
            self.now = due
            self.parts += [(due, out) for out in self.pipeline.wake(due)]
            assert self.pipeline.due is None or self.pipeline.due > due, "it would be woken for ever"
        self.now = now

    @property
    def chunks(self) -> list[bytes]:
        return [part.data for _, part in self.parts if isinstance(part, Data)]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def head(self) -> ResponseStart:
        (found,) = (part for _, part in self.parts if isinstance(part, ResponseStart))
        return found

    @property
    def last(self) -> Part:
        return self.parts[-1][1]

    @property
    def times(self) -> list[tuple[int, bytes | Part]]:
        """Milliseconds, and the bytes of chunks."""
        return [(at // MS, part.data if isinstance(part, Data) else part) for at, part in self.parts]

    def notes(self, what: What) -> list[str]:
        return [change.name for change in self.journal if change.what is what]


def begun(fault: Fault, *, version: str = "HTTP/1.1", **known: Any) -> Run:
    """A pipeline of one fault, before the head has come."""
    journal: list[Change] = []
    settings = {"terminal": ("done", "error"), **known}
    scene = Scene(settings.pop("request", REQUEST), Random(1), journal.append, version=version, **settings)
    return Run(Pipeline([fault.stage(scene)], version), scene, journal)


def drive(
    fault: Fault,
    chunks: Iterable[bytes],
    *,
    start: ResponseStart = HEAD,
    every: int = 10 * MS,
    last: Part | None = None,
    wait: int = 3600_000 * MS,
    **known: Any,
) -> Run:
    """The head at 0, a chunk each `every` µs, the end with the last of them, then a wait."""
    run = begun(fault, **known)
    run.feed(start, 0)
    now = 0
    for chunk in chunks:
        now += every
        run.feed(Data(chunk), now)
    run.feed(last or End(), now)
    run.until(now + wait)
    if run.pipeline.is_over and not isinstance(run.last, Cut):
        assert run.pipeline.held == 0
    return run


def applied(came: bytes, journal: Sequence[Change]) -> bytes:
    """What leaves by the journal."""
    out, position = bytearray(), 0
    for change in sorted(
        (each for each in journal if each.what is What.BODY), key=lambda each: each.offset or 0
    ):
        assert change.offset is not None
        assert change.before is not None
        assert change.after is not None
        end = change.offset + len(change.before)
        assert came[change.offset : end] == change.before
        assert change.offset >= position
        out += came[position : change.offset] + change.after
        position = end
    cuts = [change.offset for change in journal if change.what is What.END]
    assert len(cuts) <= 1
    return bytes(out + came[position:])[: cuts[0] if cuts else None]
