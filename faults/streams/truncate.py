"""truncate: the message is broken off at a place or a time."""

from typing import ClassVar, Self, override

from pydantic import Field, model_validator

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Cut, Data, End, Ending, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.blocks import TOO_LONG, EventEnd, is_event_stream, unreadable


class Truncate(Fault):
    """Lets a part of the body out, and breaks off."""

    kind: ClassVar[str] = "truncate"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The body is broken off after some events, some bytes, or a time."
    received: ClassVar[str] = (
        "The head, and the body as it came up to the end of the n-th event, up to the n-th byte, or what had "
        "come by the time; then at once the ending: `clean` as if it were complete, `close` without the last "
        "chunk, `reset` with a reset. For `clean`, a Content-Length gives way to chunks on HTTP/1.1."
    )
    example: ClassVar[str] = 'events = 3\nending = "clean"'
    breaks: ClassVar[tuple[str, ...]] = ("SS503",)

    events: int | None = Field(default=None, ge=0, description="after so many events")
    bytes_: int | None = Field(default=None, ge=0, description="after so many bytes of the body")
    after: Duration | None = Field(
        default=None, gt=0, description="so long after the head came, for example 2 s"
    )
    ending: Ending = Field(default=Ending.CLOSE, description="how it ends: clean, close or reset")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if [self.events, self.bytes_, self.after].count(None) != 2:
            raise ValueError("give exactly one of events, bytes and after")
        return self

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return self.events is None or is_event_stream(start)

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Truncated(self, scene)


class _Truncated(Stage):
    def __init__(self, fault: Truncate, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._place = EventEnd(fault.events) if fault.events else None
        self._passed = 0
        self._is_passing = False
        self.changes_length = fault.ending is Ending.CLEAN

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if self._fault.events is not None and (why := unreadable(start)):
            self.changes_length = False
            self._pass(why)
            return [start]
        if 0 in (self._fault.events, self._fault.bytes_):
            return [start, self._cut()]
        if self._fault.after is not None:
            self.due = now + self._fault.after
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._is_passing:
            return [Data(data)]
        if self._is_due(now):
            return [self._cut()]
        end = self._end_in(data)
        out = data if end is None else data[:end]
        self._passed += len(out)
        parts: list[Part] = [Data(out)] if out else []
        return parts if end is None else [*parts, self._cut()]

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._is_passing:
            return [end]
        if self._is_due(now) or (self._place is not None and self._place.is_at_end()):
            return [self._cut()]
        self._pass(f"the body ended before that, after {self._passed} bytes")
        return [end]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self.due = None
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        return [self._cut()] if self._is_due(now) else []

    def _is_due(self, now: int) -> bool:
        return self.due is not None and self.due <= now

    def _end_in(self, data: bytes) -> int | None:
        if self._fault.bytes_ is not None:
            left = self._fault.bytes_ - self._passed
            return left if left <= len(data) else None
        if self._place is None:
            return None
        end = self._place.find(data)
        if self._place.is_lost:
            self._pass(TOO_LONG)
        return end

    def _pass(self, why: str) -> None:
        self._is_passing, self.due = True, None
        self.note(What.PASSED, why)

    def _cut(self) -> Cut:
        self._is_passing, self.due = True, None
        self.note(What.END, f"{self._fault.ending} after {self._passed} bytes", offset=self._passed)
        return Cut(self._fault.ending)
