"""repeat-event: one event comes more than once."""

from typing import ClassVar, override

from pydantic import Field

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told, without_mark


class RepeatEvent(EventFault):
    """Lets an event out again."""

    kind: ClassVar[str] = "repeat-event"
    summary: ClassVar[str] = "The n-th event comes again, right after itself."
    received: ClassVar[str] = (
        "The stream as it came, and after the n-th event the same bytes again, `times` times, in the same "
        "chunk. A byte order mark is not repeated."
    )
    example: ClassVar[str] = "nth = 2"
    breaks: ClassVar[tuple[str, ...]] = ("HP704",)

    nth: int = Field(gt=0, description="which event, counted from 1")
    times: int = Field(default=1, gt=0, le=1000, description="how many times it comes again, 1000 at most")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Repeating(self, scene)


class _Repeating(EventStage):
    def __init__(self, fault: RepeatEvent, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def event(self, block: Block) -> list[bytes]:
        if block.number != self._fault.nth:
            return [block.raw]
        again = without_mark(block) * self._fault.times
        self.change(f"{told(block)} repeated", b"", again, block.offset + len(block.raw))
        return [block.raw, again]
