"""What faults share that have to see a request whole before they let any of it go."""

from abc import abstractmethod
from typing import override

from faults.parts import Cut, Data, End, Part, RequestStart, Start
from faults.scene import Scene, What
from faults.stage import Stage

LIMIT = 1 << 20
"""How long a body may be (bytes)."""


class WholeRequest(Stage):
    """Keeps head and body back until the end; a body above `LIMIT` passes as it is."""

    waits_for_more = True

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._start: RequestStart | None = None
        self._parts: list[Data] = []

    @abstractmethod
    def whole(self, start: RequestStart, parts: list[Data], end: End, now: int) -> list[Part]:
        """What leaves now that all is here; `parts` is the body as it came."""

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        assert isinstance(start, RequestStart)
        self._start = start
        return []

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._start is None:
            return [Data(data)]
        self._parts.append(Data(data))
        self.held += len(data)
        if self.held <= LIMIT:
            return []
        self.note(What.PASSED, f"the body is longer than {LIMIT} bytes")
        return self.release(now)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._start is None:
            return [end]
        start, parts = self._start, self._parts
        self._start, self._parts, self.held = None, [], 0
        return self.whole(start, parts, end, now)

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self.held, self.due = 0, None
        return [cut]

    @override
    def release(self, now: int) -> list[Part]:
        out: list[Part] = [self._start, *self._parts] if self._start else []
        self._start, self._parts, self.held = None, [], 0
        return out


def body_of(parts: list[Data]) -> bytes:
    """The bytes of all parts."""
    return b"".join(part.data for part in parts)
