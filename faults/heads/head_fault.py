"""What faults of heads share: they replace the field lines of one start by others."""

from abc import abstractmethod
from typing import ClassVar, Literal, override

from pydantic import Field

from contract.events import Headers, Message
from faults.fault import Fault
from faults.parts import Part, Start, with_fields
from faults.scene import Scene, What
from faults.stage import Stage


class FieldsFault(Fault):
    """A fault that changes nothing but field lines, of a response where nothing else is said.

    `passed` is what the journal says where there was nothing to change.
    """

    passed: ClassVar[str] = "the head has nothing that this fault could change"

    @abstractmethod
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        """The field lines that leave instead of `headers`."""

    @override
    def stage(self, scene: Scene) -> Stage:
        return _HeadStage(self, scene)


class HeadFault(FieldsFault):
    """A fault that changes nothing but the head of a message."""

    on: Literal["request", "response"] = Field(
        default="response", description="the message whose head it changes"
    )

    @property
    @override
    def message(self) -> Message:
        return Message(self.on)


def is_by_http2(scene: Scene) -> bool:
    """Whether a message may leave by HTTP/2 or later, with names in lower case and without `Connection`.

    A request may where the client speaks it: on the other side, it is mostly the same.
    """
    return not scene.version.startswith("HTTP/1")


class _HeadStage(Stage):
    def __init__(self, fault: FieldsFault, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        fields = self._fault.fields(start.headers, self.scene)
        if fields == start.headers:
            self.note(What.PASSED, self._fault.passed)
        return [with_fields(start, fields)]
