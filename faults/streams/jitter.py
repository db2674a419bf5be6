"""jitter: each chunk leaves later than it came, by a random time."""

from typing import ClassVar, Self, override

from pydantic import Field, model_validator

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Data, Part
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.schedule import ScheduledStage


class Jitter(Fault):
    """Lets each chunk wait for another time."""

    kind: ClassVar[str] = "jitter"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "Each chunk leaves later than it came, by a random time."
    received: ClassVar[str] = (
        "The head at once; then each chunk between `from` and `to` later than it came, but never before an "
        "earlier one, and the end with the last chunk. All bytes and chunk boundaries are as they came. The "
        "times are the same for the same seed."
    )
    example: ClassVar[str] = 'from = "0 ms"\nto = "300 ms"'

    from_: Duration = Field(default=0, ge=0, description="the least time, for example 0 ms")
    to: Duration = Field(gt=0, description="the longest time, for example 300 ms")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ > self.to:
            raise ValueError("from is longer than to")
        return self

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Jittery(self, scene)


class _Jittery(ScheduledStage):
    def __init__(self, fault: Jitter, scene: Scene) -> None:
        super().__init__(scene)
        self._least, self._most = fault.from_, fault.to
        self.note(What.TIME, f"each chunk leaves {self._least // 1000} to {self._most // 1000} ms later")

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        return self.later(Data(data), now + self.scene.random.randint(self._least, self._most), now)
