"""corrupt-event: one event comes broken."""

import re
from typing import ClassVar, Literal, override

from pydantic import Field

from faults.scene import Scene
from faults.stage import Stage
from faults.streams.blocks import Block
from faults.streams.events import EventFault, EventStage, told

# A line of data with its value; the byte order mark can stand before the first line of all.
_DATA = re.compile(rb"(?:(?<=[\r\n])|\A(?:\xef\xbb\xbf)?)data(?::\x20?([^\r\n]*)|(?=[\r\n]))")
_LAST = re.compile(rb"[\xc0-\xff][\x80-\xbf]{1,3}\Z|.\Z", re.DOTALL)


class CorruptEvent(EventFault):
    """Breaks an event."""

    kind: ClassVar[str] = "corrupt-event"
    summary: ClassVar[str] = "The n-th event has broken JSON, a byte that is no UTF-8, or no data field."
    received: ClassVar[str] = (
        "The stream as it came, but for the n-th event. `json`: the last character of its data is missing. "
        "`utf8`: the byte 0xFF stands before the last quotation mark of its data, or at its end. "
        "`field`: its data fields are named `dta`, so that no event is seen."
    )
    example: ClassVar[str] = 'nth = 2\nhow = "json"'
    breaks: ClassVar[tuple[str, ...]] = ("SS506", "HP704")

    nth: int = Field(gt=0, description="which event, counted from 1")
    how: Literal["json", "utf8", "field"] = Field(
        default="json", description="what is broken: json, utf8 or field"
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Corrupting(self, scene)


class _Corrupting(EventStage):
    def __init__(self, fault: CorruptEvent, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._was_empty = False

    @override
    def event(self, block: Block) -> list[bytes]:
        if block.number != self._fault.nth:
            return [block.raw]
        edits = _renamed(block.raw) if self._fault.how == "field" else self._in_data(block.raw)
        out, position = bytearray(), 0
        for at, before, after in edits:
            self.change(f"{told(block)} broken: {self._fault.how}", before, after, block.offset + at)
            out += block.raw[position:at] + after
            position = at + len(before)
        return [bytes(out) + block.raw[position:]]

    def _in_data(self, raw: bytes) -> list[tuple[int, bytes, bytes]]:
        """What is broken in the last line of data that has a value."""
        values = [found.span(1) for found in _DATA.finditer(raw) if found[1]]
        if not values:
            self._was_empty = True
            return []
        start, end = values[-1]
        if self._fault.how == "utf8":
            quote = raw.rfind(b'"', start, end)
            return [(quote if quote >= 0 else end, b"", b"\xff")]
        last = _LAST.search(raw[start:end])
        assert last is not None
        return [(start + last.start(), last[0], b"")]

    @override
    def missed(self) -> str:
        nth = self._fault.nth
        return f"event {nth} has empty data" if self._was_empty else f"there was no event {nth}"


def _renamed(raw: bytes) -> list[tuple[int, bytes, bytes]]:
    return [(raw.index(b"data", found.start()) + 1, b"a", b"") for found in _DATA.finditer(raw)]
