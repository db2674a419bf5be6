"""append-after-terminal: the stream goes on after the event that ends it."""

import re
from typing import Annotated, ClassVar, override

from pydantic import AfterValidator, Field

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told

_ENDING = re.compile(rb"\r\n|\r|\n")


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("the type of an event is one line")
    return value


class AppendAfterTerminal(EventFault):
    """Adds an event after the last one."""

    kind: ClassVar[str] = "append-after-terminal"
    summary: ClassVar[str] = "One more event comes after the event that ends the stream by the profile."
    received: ClassVar[str] = (
        "The stream as it came, and one event with this type and data right after the first terminal one, in "
        "the same chunk and with the same line ends."
    )
    example: ClassVar[str] = 'event = "chunk"\ndata = \'{"text": "one more"}\''
    breaks: ClassVar[tuple[str, ...]] = ("SS503", "HP704")

    data: str = Field(default="{}", description="the data of the event; each line of it becomes one")
    event: Annotated[str, AfterValidator(_one_line)] = Field(
        default="", description="the type of the event; message where it is empty"
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Appending(self, scene)


class _Appending(EventStage):
    def __init__(self, fault: AppendAfterTerminal, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._is_done = False

    @override
    def event(self, block: Block) -> list[bytes]:
        is_terminal = block.event is not None and block.event.event in self.scene.terminal
        if self._is_done or not is_terminal:
            return [block.raw]
        self._is_done = True
        ending = _ENDING.search(block.raw)
        assert ending is not None
        more = self._event(ending[0])
        self.change(f"one more event after {told(block)}", b"", more, block.offset + len(block.raw))
        return [block.raw, more]

    def _event(self, ending: bytes) -> bytes:
        lines = [f"event: {self._fault.event}"] if self._fault.event else []
        lines += [f"data: {line}" for line in re.split(r"\r\n|\r|\n", self._fault.data)]
        return b"".join(line.encode() + ending for line in [*lines, ""])

    @override
    def missed(self) -> str:
        return "no terminal event came" if self.scene.terminal else "the profile has no terminal events"
