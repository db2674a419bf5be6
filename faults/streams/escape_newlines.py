r"""escape-newlines: lines of events end in a backslash and an n."""

import re
from typing import ClassVar, override

from pydantic import Field

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told

_LINE_END = re.compile(rb"\r\n|\r|\n")


class EscapeNewlines(EventFault):
    """Writes line ends as two letters."""

    kind: ClassVar[str] = "escape-newlines"
    summary: ClassVar[str] = r"Each line end of the events is a backslash and an n, two letters."
    received: ClassVar[str] = (
        r"From the chosen event on, `\n` as two letters for each line end of the events, the blank line "
        "too, so that clients see no event there; what is no event passes as it came."
    )
    example: ClassVar[str] = "from = 1"
    breaks: ClassVar[tuple[str, ...]] = ("SS502", "SS503", "SS504", "HP704")

    from_: int = Field(default=1, gt=0, description="from which event on, counted from 1")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Escaping(self, scene)


class _Escaping(EventStage):
    def __init__(self, fault: EscapeNewlines, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def event(self, block: Block) -> list[bytes]:
        if block.number < self._fault.from_:
            return [block.raw]
        after = _LINE_END.sub(rb"\\n", block.raw)
        self.change(f"{told(block)} without line ends", block.raw, after, block.offset)
        return [after]
