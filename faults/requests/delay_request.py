"""delay-request: a request reaches the service later, by the same time for all of its parts."""

from collections import deque
from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, RequestFault
from faults.names import Duration
from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage


class DelayRequest(RequestFault):
    """Lets a request wait."""

    kind: ClassVar[str] = "delay-request"
    family: ClassVar[Family] = "requests"
    summary: ClassVar[str] = "Head and body of the request reach the service later than they came."
    received: ClassVar[str] = (
        "The head, each chunk and the end `by` later than they came; all bytes and chunk "
        "boundaries are as they came. If the client leaves before, no more is sent."
    )
    example: ClassVar[str] = 'by = "2 s"'

    by: Duration = Field(gt=0, description="by how much, for example 2 s")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Late(self, scene)


class _Late(Stage):
    def __init__(self, fault: DelayRequest, scene: Scene) -> None:
        super().__init__(scene)
        self._by = fault.by
        self._queue: deque[tuple[int, Part]] = deque()
        self.note(What.TIME, f"head and body leave {fault.by // 1000} ms later")

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        return self._later(start, now)

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        self.held += len(data)
        return self._later(Data(data), now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return self._later(end, now)

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._queue.clear()
        self.held, self.due = 0, None
        return [cut]

    def _later(self, part: Part, now: int) -> list[Part]:
        self._queue.append((now + self._by, part))
        self.due = self._queue[0][0]
        return []

    @override
    def wake(self, now: int) -> list[Part]:
        out: list[Part] = []
        while self._queue and self._queue[0][0] <= now:
            part = self._queue.popleft()[1]
            self.held -= len(part.data) if isinstance(part, Data) else 0
            out.append(part)
        self.due = self._queue[0][0] if self._queue else None
        return out
