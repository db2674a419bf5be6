"""coalesce: what comes in many chunks leaves in a few."""

from typing import ClassVar, Self, override

from pydantic import Field, model_validator

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage


class Coalesce(Fault):
    """Collects chunks, as a buffering hop does."""

    kind: ClassVar[str] = "coalesce"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = (
        "Chunks are held, and leave as one: at the end, when they are enough, or by time."
    )
    received: ClassVar[str] = (
        "With neither `bytes` nor `every`, the whole body as one chunk when it is complete. With `bytes`, "
        "chunks of exactly so many bytes, each when it is full, and the rest at the end. With `every`, all "
        "that has come as one chunk, so long after the first of it came. All bytes are as they came. The "
        "head leaves at once, or with `hold-head` together with the first chunk."
    )
    example: ClassVar[str] = "hold-head = true"
    breaks: ClassVar[tuple[str, ...]] = ("HT603",)

    bytes_: int | None = Field(default=None, gt=0, description="how many bytes make a chunk")
    every: Duration | None = Field(
        default=None, gt=0, description="how long chunks are collected, for example 2 s"
    )
    hold_head: bool = Field(default=False, description="the head is held, too")

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if self.bytes_ is not None and self.every is not None:
            raise ValueError("give bytes or every, or neither to hold till the end")
        return self

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Coalescing(self, scene)


class _Coalescing(Stage):
    def __init__(self, fault: Coalesce, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._head: Start | None = None
        self._body = bytearray()
        self.waits_for_more = fault.every is None
        how = "till the end"
        if fault.bytes_ is not None:
            how = f"until they are {fault.bytes_} bytes"
        elif fault.every is not None:
            how = f"for {fault.every // 1000} ms"
        self.note(What.TIME, f"chunks are held {how}{', and the head' if fault.hold_head else ''}")

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if not self._fault.hold_head:
            return [start]
        self._head = start
        self._wait(now)
        return []

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        out = self.wake(now)
        self._body += data
        self.held = len(self._body)
        self._wait(now)
        size = self._fault.bytes_
        while size is not None and self.held >= size:
            out += self._release(size)
        return out

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return [*self._release(self.held), end]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._head = None
        self._release(self.held)
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        return self._release(self.held) if self.due is not None and self.due <= now else []

    @override
    def release(self, now: int) -> list[Part]:
        return self._release(self.held)

    def _wait(self, now: int) -> None:
        if self._fault.every is not None and self.due is None:
            self.due = now + self._fault.every

    def _release(self, size: int) -> list[Part]:
        out: list[Part] = [] if self._head is None else [self._head]
        if size:
            out.append(Data(bytes(self._body[:size])))
            del self._body[:size]
        self._head, self.due, self.held = None, None, len(self._body)
        return out
