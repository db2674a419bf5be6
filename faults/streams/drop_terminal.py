"""drop-terminal: the event that ends the stream does not get through."""

from typing import ClassVar, override

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told


class DropTerminal(EventFault):
    """Leaves out what says that the stream is complete."""

    kind: ClassVar[str] = "drop-terminal"
    summary: ClassVar[str] = "Events that end the stream by the profile are left out."
    received: ClassVar[str] = "The stream without its terminal events; it ends by its framing all the same."
    breaks: ClassVar[tuple[str, ...]] = ("SS503", "HP704")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Dropping(scene)


class _Dropping(EventStage):
    @override
    def event(self, block: Block) -> list[bytes]:
        if block.event is None or block.event.event not in self.scene.terminal:
            return [block.raw]
        self.change(f"{told(block)} left out", block.raw, b"", block.offset)
        return []

    @override
    def missed(self) -> str:
        return "no terminal event came" if self.scene.terminal else "the profile has no terminal events"
