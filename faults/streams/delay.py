"""delay: each part of the body leaves later than it came, by the same time."""

from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Data, End, Part
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.schedule import ScheduledStage


class Delay(Fault):
    """Lets each chunk wait."""

    kind: ClassVar[str] = "delay"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "Each chunk leaves later than it came, by the same time."
    received: ClassVar[str] = (
        "The head at once; then each chunk, and the end, `by` later than it came. All bytes and chunk "
        "boundaries are as they came."
    )
    example: ClassVar[str] = 'by = "800 ms"'
    breaks: ClassVar[tuple[str, ...]] = ("HT603",)

    by: Duration = Field(gt=0, description="by how much, for example 500 ms")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Delayed(self, scene)


class _Delayed(ScheduledStage):
    def __init__(self, fault: Delay, scene: Scene) -> None:
        super().__init__(scene)
        self._by = fault.by
        self.note(What.TIME, f"each chunk leaves {fault.by // 1000} ms later")

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        return self.later(Data(data), now + self._by, now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return self.later(end, now + self._by, now)
