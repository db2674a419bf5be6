"""replay-cached: later requests get an earlier answer, as from a cache."""

from dataclasses import dataclass
from typing import ClassVar, override

from contract.headers import first
from faults.fault import Family, Fault
from faults.framing import unframed, with_length
from faults.parts import Data, End, Instead, Part, ResponseStart, Start
from faults.scene import Change, Scene, What
from faults.stage import Stage

_LARGEST = 1 << 20
_MOST = 100
_SECOND = 1_000_000
_PER_CONNECTION = (b"connection", b"keep-alive", b"age")
_FRAMING = (b"content-length", b"transfer-encoding")


class ReplayCached(Fault):
    """Keeps answers that are nobody else's, and gives them away."""

    kind: ClassVar[str] = "replay-cached"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The first answer is kept, and later requests to the same target get it again."
    received: ClassVar[str] = (
        "The first request with a method and target gets its answer as it comes. Once that was complete, "
        "with a status of 2xx and no more than 1 MiB, later ones get the same status, field lines and body "
        "at once, with Age and a Content-Length, and the service is not asked. It is so for 100 targets at "
        "most."
    )
    breaks: ClassVar[tuple[str, ...]] = ("ID105",)
    follows: ClassVar[tuple[str, ...]] = ("EC207",)

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return isinstance(start, ResponseStart) and start.status // 100 == 2

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Learning(scene)

    @override
    def answer(self, scene: Scene, now: int) -> Instead | None:
        kept = scene.memory.get(_key(scene))
        if not isinstance(kept, _Kept):
            return None
        age = kept.age + max(0, now - kept.at) // _SECOND
        fields = (*unframed(kept.start.headers, *_PER_CONNECTION), (b"Age", b"%d" % age))
        scene.note(Change(What.START, f"answered with an answer of {age} s ago, without the service"))
        return Instead(
            _complete(ResponseStart(kept.start.status, kept.start.reason, fields), kept.body), kept.body
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, how old it was when it came, and when that was."""

    start: ResponseStart
    body: bytes
    age: int
    at: int


class _Learning(Stage):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._start: ResponseStart | None = None
        self._body = bytearray()

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        memory, key = self.scene.memory, _key(self.scene)
        if isinstance(start, ResponseStart) and key not in memory and len(memory) < _MOST:
            self._start = start
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._start is not None:
            self._body += data
            if len(self._body) > _LARGEST:
                self._start = None
                self._body.clear()
                self.note(What.PASSED, "the answer is longer than 1 MiB, and is not kept")
        return [Data(data)]

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._start is not None:
            age = first(self._start.headers, b"age") or b"0"
            kept = _Kept(self._start, bytes(self._body), int(age) if age.isdigit() else 0, now)
            self.scene.memory.setdefault(_key(self.scene), kept)
        return [end]


def _complete(start: ResponseStart, body: bytes) -> ResponseStart:
    """The head with the length of its body, which a 204 may not have (RFC 9110 §8.6)."""
    if start.status == 204:
        return ResponseStart(start.status, start.reason, unframed(start.headers, *_FRAMING))
    framed = with_length(start, len(body))
    return ResponseStart(start.status, start.reason, framed.headers)


def _key(scene: Scene) -> str:
    return f"{scene.request.method.decode('latin-1')} {scene.request.target.decode('latin-1')}"
