"""What faults share that let the parts of a body out later, in their order."""

from collections import deque
from typing import override

from faults.parts import Cut, Data, End, Part
from faults.scene import Scene
from faults.stage import Stage


class ScheduledStage(Stage):
    """Parts wait for their times. The end leaves with the last of them, unless it is given its own time."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.last = 0
        """When the last of what has been taken leaves."""
        self._queue: deque[tuple[int, Data | End]] = deque()

    def later(self, part: Data | End, at: int, now: int) -> list[Part]:
        """Let a part leave at a time, but never before an earlier one; what leaves by now."""
        self.last = max(self.last, at)
        self.held += len(part.data) if isinstance(part, Data) else 0
        self._queue.append((self.last, part))
        return self.wake(now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        return self.later(end, now, now)

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._queue.clear()
        self.held, self.due = 0, None
        return [cut]

    @override
    def release(self, now: int) -> list[Part]:
        return self.wake(self.last)

    @override
    def wake(self, now: int) -> list[Part]:
        out: list[Part] = []
        while self._queue and self._queue[0][0] <= now:
            part = self._queue.popleft()[1]
            self.held -= len(part.data) if isinstance(part, Data) else 0
            out.append(part)
        self.due = self._queue[0][0] if self._queue else None
        return out
