"""throttle: the body leaves at no more than a number of bytes per second."""

from collections import deque
from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, Fault
from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage

_SECOND = 1_000_000
_BETWEEN = 20_000
"""µs between two pieces, at least."""


class Throttle(Fault):
    """Makes the line slow."""

    kind: ClassVar[str] = "throttle"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The body leaves at no more than a number of bytes per second."
    received: ClassVar[str] = (
        "The head at once. Then each chunk as it comes, as long as the rate and the burst let it; beyond "
        "that, in pieces of chunks as large as the rate allows, every 20 ms or less often. Chunks are cut, "
        "but never joined; all bytes are as they came. The end comes after the last of them."
    )
    example: ClassVar[str] = "rate = 100\nburst = 1"
    breaks: ClassVar[tuple[str, ...]] = ("HT603",)

    rate: int = Field(gt=0, description="bytes per second")
    burst: int | None = Field(
        default=None,
        gt=0,
        description="bytes that may leave at once after a silence; by default a tenth of the rate",
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Throttled(self, scene)


class _Throttled(Stage):
    """Counts in millionths of a byte, so that the rate is exact.

    What 20 ms bring may always be saved up, for less would be lost between two pieces.
    """

    def __init__(self, fault: Throttle, scene: Scene) -> None:
        super().__init__(scene)
        self._rate = fault.rate
        burst = fault.burst or max(1, fault.rate // 10)
        self._most = max(burst * _SECOND, _SECOND + _BETWEEN * fault.rate)
        self._credit = burst * _SECOND
        self._counted_at = 0
        self._free_at = 0
        self._queue: deque[Data | End] = deque()
        self.note(What.TIME, f"no more than {fault.rate} bytes leave per second")

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        self._counted_at = now
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        self.held += len(data)
        self._queue.append(Data(data))
        return self._pump(now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        self._queue.append(end)
        return self._pump(now)

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._queue.clear()
        self.held, self.due = 0, None
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        return self._pump(now)

    @override
    def release(self, now: int) -> list[Part]:
        out: list[Part] = [*self._queue]
        self._queue.clear()
        self.held, self.due = 0, None
        return out

    def _pump(self, now: int) -> list[Part]:
        if self.due is not None and now < self.due:
            return []
        may_cut = now >= self._free_at
        if self.due is not None:
            self.due, self._free_at = None, now + _BETWEEN
        self._credit = min(self._most, self._credit + (now - self._counted_at) * self._rate)
        self._counted_at = now
        out: list[Part] = []
        while self._queue and self.due is None:
            part = self._queue.popleft()
            if isinstance(part, End) or self._take(len(part.data)):
                out.append(part)
                continue
            size = self._credit // _SECOND if may_cut else 0
            if size and self._take(size):
                out.append(Data(part.data[:size]))
                part = Data(part.data[size:])
                self._free_at = now + _BETWEEN
            self._queue.appendleft(part)
            self.due = max(self._free_at, now - (self._credit - _SECOND) // self._rate)
        return out

    def _take(self, size: int) -> bool:
        """Whether so many bytes may leave now; then they count as gone."""
        if size * _SECOND > self._credit:
            return False
        self._credit -= size * _SECOND
        self.held -= size
        return True
