"""reorder-events: an event changes places with the next one."""

from typing import ClassVar, override

from pydantic import Field

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told, without_mark


class ReorderEvents(EventFault):
    """Swaps two events."""

    kind: ClassVar[str] = "reorder-events"
    summary: ClassVar[str] = "The n-th event changes places with the next one."
    received: ClassVar[str] = (
        "All events as they came, the n-th after the next one. It waits for that, and so do comments between "
        "the two, which then come before both. Where there is no next event, all leaves at the end, as it "
        "came. A byte order mark stays at the beginning."
    )
    example: ClassVar[str] = "nth = 2"
    breaks: ClassVar[tuple[str, ...]] = ("HP704",)

    nth: int = Field(gt=0, description="which event, counted from 1")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Reordering(self, scene)


class _Reordering(EventStage):
    def __init__(self, fault: ReorderEvents, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._first: Block | None = None

    @override
    def event(self, block: Block) -> list[bytes]:
        if block.number == self._fault.nth:
            self._first = block
            self.kept = without_mark(block)
            return [block.raw.removesuffix(self.kept)]
        if self._first is None or not self.kept:
            return [block.raw]
        return self._swapped(self._first, block)

    @override
    def other(self, block: Block) -> list[bytes]:
        if not self.kept:
            return [block.raw]
        self.kept += block.raw
        return []

    def _swapped(self, first: Block, second: Block) -> list[bytes]:
        late = without_mark(first)
        between, self.kept = self.kept.removeprefix(late), b""
        held_at = first.offset + len(first.raw) - len(late)
        self.change(f"{told(first)} held back", late, b"", held_at)
        then = second.offset + len(second.raw)
        self.change(f"{told(first)} after {told(second)}", b"", late, then)
        return [between, second.raw, late]

    @override
    def missed(self) -> str:
        nth = self._fault.nth
        return f"no event came after event {nth}" if self._first else f"there was no event {nth}"
