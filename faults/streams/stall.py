"""stall: for a time, or for ever, nothing more leaves."""

from collections import deque
from typing import Annotated, ClassVar, override

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.blocks import TOO_LONG, EventEnd, is_event_stream, unreadable


def _or_forever(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    return None if value == "forever" else handler(value)


type _HowLong = Annotated[Duration | None, WrapValidator(_or_forever)]
"""None: for ever."""


class Stall(Fault):
    """Lets the stream stand still."""

    kind: ClassVar[str] = "stall"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "After some events, or at once, nothing more leaves for a time, or for ever."
    received: ClassVar[str] = (
        "The head, and the body as it came up to the end of the n-th event; then nothing, for the time; then "
        "at once all that has come, in the chunks that it came in, and from there on all as it comes. The "
        "connection stays open, also for ever."
    )
    example: ClassVar[str] = 'events = 2\nfor = "3 s"'
    breaks: ClassVar[tuple[str, ...]] = ("HT603",)

    for_: _HowLong = Field(description='for how long, for example 3 s, or "forever"')
    events: int | None = Field(
        default=None, gt=0, description="after so many events; right after the head if not given"
    )

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return self.events is None or is_event_stream(start)

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Stalled(self, scene)


class _Stalled(Stage):
    def __init__(self, fault: Stall, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._place = EventEnd(fault.events) if fault.events else None
        self._queue: deque[Data | End] = deque()
        self._is_stalled = False

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if self._place is None:
            self._stall(now)
        elif why := unreadable(start):
            self._pass(why)
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        out = self.wake(now)
        if self._place is not None and (end := self._found(self._place, data)) is not None:
            out += [Data(data[:end])] if end else []
            data = data[end:]
            self._stall(now)
        if not data:
            return out
        return [*out, *self._one(Data(data))]

    @override
    def end(self, end: End, now: int) -> list[Part]:
        out = self.wake(now)
        if self._place is not None:
            if self._place.is_at_end():
                self._stall(now)
            else:
                self._pass(f"there was no event {self._fault.events}")
        return [*out, *self._one(end)]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._queue.clear()
        self.held, self.due = 0, None
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        if self.due is None or self.due > now:
            return []
        out = [*self._queue]
        self._queue.clear()
        self.held, self.due, self._is_stalled = 0, None, False
        return [*out]

    @override
    def release(self, now: int) -> list[Part]:
        out: list[Part] = [*self._queue]
        self._queue.clear()
        self.held, self.due = 0, None
        self._is_stalled = False
        return out

    def _one(self, part: Data | End) -> list[Part]:
        if not self._is_stalled:
            return [part]
        self.held += len(part.data) if isinstance(part, Data) else 0
        self._queue.append(part)
        return []

    def _found(self, place: EventEnd, data: bytes) -> int | None:
        end = place.find(data)
        if place.is_lost:
            self._pass(TOO_LONG)
        return end

    def _pass(self, why: str) -> None:
        self._place = None
        self.note(What.PASSED, why)

    def _stall(self, now: int) -> None:
        self._place, self._is_stalled = None, True
        how_long = "any more"
        if self._fault.for_ is not None:
            self.due = now + self._fault.for_
            how_long = f"for {self._fault.for_ // 1000} ms"
        place = f"event {self._fault.events}" if self._fault.events else "the head"
        self.note(What.TIME, f"after {place} nothing leaves {how_long}")
