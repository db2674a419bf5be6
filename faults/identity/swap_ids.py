"""swap-ids: of two streams at the same time, each gets the other's ID."""

from dataclasses import dataclass
from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family
from faults.identity.id_fault import IdFault
from faults.names import Duration
from faults.parts import Cut, Data, End, Part, Start, with_fields
from faults.scene import Scene, What
from faults.stage import Stage

_SLOT = "waiting"
_EACH = 10_000
"""µs between two looks at whether another stream has come."""


class SwapIds(IdFault):
    """Exchanges the IDs of two streams."""

    kind: ClassVar[str] = "swap-ids"
    family: ClassVar[Family] = "id"
    summary: ClassVar[str] = "Of two streams at the same time, each gets the other's ID."
    received: ClassVar[str] = (
        "The head of a stream waits until another one's comes; then both leave, each with the other's ID, "
        "the one that waited within 10 ms. What has come of its body meanwhile leaves right behind it. "
        "Where no other one comes `within` that time, all leaves as it came. All other lines and bytes "
        "are as they came."
    )
    example: ClassVar[str] = 'within = "2 s"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "ID105")
    follows: ClassVar[tuple[str, ...]] = ("EC204", "EC205", "EC207")

    within: Duration = Field(default=2_000_000, gt=0, description="how long a head waits, for example 2 s")

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Swapped(self, scene)


@dataclass(slots=True)
class _Slot:
    """A head that waits: its own ID, until when, and the ID that the other stream left for it."""

    real: bytes
    deadline: int
    other: bytes | None = None


class _Swapped(Stage):
    def __init__(self, fault: SwapIds, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._slot: _Slot | None = None
        self._since = 0
        self._head: Start | None = None
        self._held: list[Part] = []

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        real = self._fault.id_of(start.headers, self.scene)
        if not real:
            self.note(What.PASSED, "the head has no ID")
            return [start]
        waiting: _Slot | None = self.scene.memory.get(_SLOT)
        if waiting is not None and now <= waiting.deadline and waiting.real != real:
            waiting.other = real
            del self.scene.memory[_SLOT]
            return [self._with(start, waiting.real)]
        self._slot = self.scene.memory[_SLOT] = _Slot(real, now + self._fault.within)
        self._since, self._head = now, start
        self._look_again(now)
        return []

    def _with(self, start: Start, other: bytes) -> Start:
        return with_fields(start, self._fault.with_id(start.headers, self.scene, other))

    def _look_again(self, now: int) -> None:
        assert self._slot is not None
        self.due = min(now + _EACH, self._slot.deadline)

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._slot is None:
            return [Data(data)]
        self._held.append(Data(data))
        self.held += len(data)
        return []

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._slot is None:
            return [end]
        self._held.append(end)
        return []

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._give_up()
        return [cut]

    @override
    def wake(self, now: int) -> list[Part]:
        slot, start, held = self._slot, self._head, self._held
        if slot is None or start is None:
            return super().wake(now)
        if slot.other is None and now < slot.deadline:
            self._look_again(now)
            return []
        if slot.other is None:
            self.note(What.PASSED, f"no other stream came within {self._fault.within // 1000} ms")
        else:
            start = self._with(start, slot.other)
        self.note(What.TIME, f"the head waited {(now - self._since) // 1000} ms")
        self._give_up()
        return [start, *held]

    def _give_up(self) -> None:
        """Wait no more."""
        if self._slot is not None and self.scene.memory.get(_SLOT) is self._slot:
            del self.scene.memory[_SLOT]
        self._slot, self.due, self.held, self._held = None, None, 0, []
