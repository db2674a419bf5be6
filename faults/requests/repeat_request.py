"""repeat-request: the service gets a request twice."""

from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, RequestFault
from faults.names import Duration
from faults.parts import Data, End, Part, Repeat, RequestStart
from faults.requests.whole_request import WholeRequest, body_of
from faults.scene import Scene, What
from faults.stage import Stage


class RepeatRequest(RequestFault):
    """Sends a copy ahead."""

    kind: ClassVar[str] = "repeat-request"
    family: ClassVar[Family] = "requests"
    summary: ClassVar[str] = "The service gets the request twice; the client gets the second answer."
    received: ClassVar[str] = (
        "Once all of the request is here, the service gets a copy of it, whose answer nobody gets, and "
        "`after` later the request itself, byte for byte. A body longer than 1 MiB is sent once."
    )
    example: ClassVar[str] = 'after = "50 ms"'

    after: Duration = Field(default=50_000, description="how long after the copy the request is sent")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Repeating(self, scene)


class _Repeating(WholeRequest):
    def __init__(self, fault: RepeatRequest, scene: Scene) -> None:
        super().__init__(scene)
        self._after = fault.after
        self._kept: list[Part] = []

    @override
    def whole(self, start: RequestStart, parts: list[Data], end: End, now: int) -> list[Part]:
        body = body_of(parts)
        self.note(What.TIME, f"sent {self._after // 1000} ms after a copy of it")
        self._kept = [start, *parts, end]
        self.held, self.due, self.waits_for_more = len(body), now + self._after, False
        return [Repeat(start, body)]

    @override
    def wake(self, now: int) -> list[Part]:
        out, self._kept = self._kept, []
        self.held, self.due = 0, None
        return out

    @override
    def release(self, now: int) -> list[Part]:
        return self.wake(now) if self._kept else super().release(now)
