"""Drives one fault of requests through a pipeline, with a clock that only this file moves."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contract.events import Headers
from faults.fault import Fault
from faults.parts import Data, End, Part, RequestStart
from faults.pipeline import Pipeline
from faults.registry import KINDS
from faults.scene import Change, Scene, What

MS = 1000
FIELDS: Headers = (
    (b"Host", b"chat.test"),
    (b"X-Odd", b"a"),
    (b"Content-Type", b"application/json"),
    (b"Content-Length", b"%d"),
    (b"x-odd", b""),
)


def fault(kind: str, **settings: Any) -> Fault:
    return KINDS[kind].model_validate(settings)


def post(size: int, **fields: str) -> RequestStart:
    """An update with a body so long; fields in words are more of them, or others."""
    others = {name.replace("_", "-").lower().encode(): value.encode() for name, value in fields.items()}
    lines = tuple((name, b"%d" % size if value == b"%d" else value) for name, value in FIELDS)
    kept = tuple(line for line in lines if line[0].lower() not in others)
    return RequestStart(b"POST", b"/update", (*kept, *others.items()))


@dataclass
class Run:
    """What left, and when (µs)."""

    pipeline: Pipeline
    scene: Scene
    journal: list[Change]
    parts: list[tuple[int, Part]] = field(default_factory=list)

    @property
    def left(self) -> list[Part]:
        return [part for _, part in self.parts]

    @property
    def body(self) -> bytes:
        return b"".join(part.data for part in self.left if isinstance(part, Data))

    @property
    def headers(self) -> Headers:
        (found,) = (part for part in self.left if isinstance(part, RequestStart))
        return found.headers

    def notes(self, what: What) -> list[str]:
        return [change.name for change in self.journal if change.what is what]

    def applied(self, came: bytes) -> bytes:
        """What leaves of a body by the journal."""
        out, place = b"", 0
        for change in self.journal:
            if change.what is What.BODY:
                assert change.offset is not None
                assert change.before is not None
                assert change.after is not None
                end = change.offset + len(change.before)
                assert came[change.offset : end] == change.before
                out, place = out + came[place : change.offset] + change.after, end
        return out + came[place:]


def drive(
    what: Fault,
    chunks: Iterable[bytes],
    *,
    start: RequestStart | None = None,
    last: Part | None = None,
    memory: dict[str, Any] | None = None,
    **known: Any,
) -> Run:
    """The head at 0, a chunk each 10 ms, the end with the last of them, then a wait."""
    chunks = [chunk for chunk in chunks if chunk]
    came = start or post(sum(map(len, chunks)))
    journal: list[Change] = []
    scene = Scene(came, Random(1), journal.append, {} if memory is None else memory, **known)
    pipeline = Pipeline([what.stage(scene)], scene.version)
    run, now = Run(pipeline, scene, journal), 0
    for part in (came, *map(Data, chunks), last or End()):
        now += 10 * MS if isinstance(part, Data) else 0
        _wake(run, now)
        run.parts += [(now, out) for out in pipeline.feed(part, now)]
    _wake(run, now + 3600_000 * MS)
    assert pipeline.held == 0
    return run


def _wake(run: Run, until: int) -> None:
    while (due := run.pipeline.due) is not None and due <= until and not run.pipeline.is_over:
        run.parts += [(due, out) for out in run.pipeline.wake(due)]


def cut_up(body: bytes, places: Iterable[int]) -> list[bytes]:
    """A body in chunks that end at these places."""
    ends = sorted({min(place, len(body)) for place in places} | {len(body)})
    return [body[begin:end] for begin, end in zip([0, *ends], ends, strict=False) if begin < end]
