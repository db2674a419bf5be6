"""delay: each part of the body leaves later than it came, by the same time."""

from collections import deque
from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Data, End, Part
from faults.scene import Scene, What
from faults.stage import Stage


class Delay(Fault):
    """Lets each chunk wait."""

    kind: ClassVar[str] = "delay"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "Each chunk leaves later than it came, by the same time."
    received: ClassVar[str] = (
        "The head at once; then each chunk, and the end, `by` later than it came. All bytes and chunk "
        "boundaries are as they came."
    )
    example: ClassVar[str] = 'by = "500 ms"'

    by: Duration = Field(gt=0, description="by how much, for example 500 ms")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Delayed(self, scene)


class _Delayed(Stage):
    def __init__(self, fault: Delay, scene: Scene) -> None:
        super().__init__(scene)
        self._by = fault.by
        self._queue: deque[tuple[int, Data | End]] = deque()
        self.note(What.TIME, f"each chunk leaves {fault.by // 1000} ms later")

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        self.held += len(data)
        return self._later(Data(data), now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return self._later(end, now)

    def _later(self, part: Data | End, now: int) -> list[Part]:
        self._queue.append((now + self._by, part))
        self.due = self._queue[0][0]
        return []

    @override
    def wake(self, now: int) -> list[Part]:
        out: list[Part] = []
        while self._queue and self._queue[0][0] <= now:
            part = self._queue.popleft()[1]
            self.held -= len(part.data) if isinstance(part, Data) else 0
            out.append(part)
        self.due = self._queue[0][0] if self._queue else None
        return out
