"""idle-cut: a silent stream is broken off."""

from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Cut, Data, End, Ending, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage


class IdleCut(Fault):
    """Breaks off where nothing comes, as the time-out of a proxy does."""

    kind: ClassVar[str] = "idle-cut"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The body is broken off when nothing has come for a time."
    received: ClassVar[str] = (
        "The head and each chunk as they come; once nothing has come for `after` since the latest of them, "
        "at once the ending: `clean` as if it were complete, `close` without the last chunk, `reset` with a "
        "reset. For `clean`, a Content-Length gives way to chunks on HTTP/1.1."
    )
    example: ClassVar[str] = 'after = "30 s"'

    after: Duration = Field(gt=0, description="how long nothing has come, for example 30 s")
    ending: Ending = Field(default=Ending.CLOSE, description="how it ends: clean, close or reset")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Watching(self, scene)


class _Watching(Stage):
    def __init__(self, fault: IdleCut, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._passed = 0
        self._is_over = False
        self.changes_length = fault.ending is Ending.CLEAN

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        self.due = now + self._fault.after
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if out := self.wake(now):
            return out
        self._passed += len(data)
        if not self._is_over:
            self.due = now + self._fault.after
        return [Data(data)]

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if out := self.wake(now):
            return out
        self.due = None
        if not self._is_over:
            self.note(What.PASSED, f"it was never silent for {self._fault.after // 1000} ms")
        return [end]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self.due = None
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        if self.due is None or self.due > now:
            return []
        self._is_over, self.due = True, None
        silence = f"{self._fault.after // 1000} ms of silence"
        self.note(What.END, f"{self._fault.ending} after {silence}", offset=self._passed)
        return [Cut(self._fault.ending)]
