"""drop-event: some events do not get through."""

from typing import ClassVar, Self, override

from pydantic import Field, model_validator

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told


class DropEvent(EventFault):
    """Leaves events out."""

    kind: ClassVar[str] = "drop-event"
    summary: ClassVar[str] = "The n-th event, every n-th one, or those of a type are left out."
    received: ClassVar[str] = (
        "The stream without those events, each left out from its first line (be it a comment) to its blank "
        "line. All other events as they came, each when it is complete."
    )
    example: ClassVar[str] = "nth = 2"
    breaks: ClassVar[tuple[str, ...]] = ("HP704",)

    nth: int | None = Field(default=None, gt=0, description="which event, counted from 1")
    every: int | None = Field(
        default=None, gt=0, description="2: every second event, beginning with the second"
    )
    type_: str | None = Field(
        default=None, min_length=1, description="the type of events; message where none is given"
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if [self.nth, self.every, self.type_].count(None) != 2:
            raise ValueError("give exactly one of nth, every and type")
        return self

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Dropping(self, scene)


class _Dropping(EventStage):
    def __init__(self, fault: DropEvent, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def event(self, block: Block) -> list[bytes]:
        if not self._is_meant(block):
            return [block.raw]
        self.change(f"{told(block)} left out", block.raw, b"", block.offset)
        return []

    def _is_meant(self, block: Block) -> bool:
        if self._fault.every is not None:
            return block.number % self._fault.every == 0
        if self._fault.type_ is not None:
            return block.event is not None and block.event.event == self._fault.type_
        return block.number == self._fault.nth
