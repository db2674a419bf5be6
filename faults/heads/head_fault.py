"""What faults of heads share: they replace one start by another."""

from abc import abstractmethod
from typing import Literal, override

from pydantic import Field

from contract.events import Headers, Message
from faults.fault import Fault
from faults.parts import Part, Start, with_fields
from faults.scene import Scene
from faults.stage import Stage


class HeadFault(Fault):
    """A fault that changes nothing but the head of a message."""

    on: Literal["request", "response"] = Field("response", description="the message whose head it changes")

    @property
    @override
    def message(self) -> Message:
        return Message(self.on)

    @abstractmethod
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        """The field lines that leave instead of `headers`."""

    @override
    def stage(self, scene: Scene) -> Stage:
        return _HeadStage(self, scene)


class _HeadStage(Stage):
    def __init__(self, fault: HeadFault, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        fields = self._fault.fields(start.headers, self.scene)
        return [with_fields(start, fields)]
