"""What faults of the ID share: they are about responses whose head carries one."""

from abc import abstractmethod
from typing import override

from pydantic import Field

from contract.events import Headers
from contract.headers import first
from faults.fault import Fault
from faults.fields import revalued
from faults.heads.head_fault import FieldsFault
from faults.names import FieldName
from faults.parts import Start
from faults.scene import Scene


class IdFault(Fault):
    """A fault that strikes only responses with an ID."""

    header: FieldName | None = Field(default=None, description="the ID's header; by default the profile's")

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return bool(self.id_of(start.headers, scene))

    def name(self, scene: Scene) -> bytes:
        """The ID's header, in lower case."""
        return (self.header or scene.id_header).lower().encode()

    def id_of(self, headers: Headers, scene: Scene) -> bytes:
        """The ID of a head; empty where it has none."""
        name = self.name(scene)
        return (first(headers, name) if name else None) or b""

    def with_id(self, headers: Headers, scene: Scene, value: bytes) -> Headers:
        """The head with another ID in each line that has one."""
        return revalued(headers, self.name(scene), lambda _: value)


class OtherIdFault(IdFault, FieldsFault):
    """A fault that puts another ID in the place of the real one."""

    @abstractmethod
    def other(self, real: bytes, scene: Scene) -> bytes:
        """The ID that leaves instead; the real one where there is none."""

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        real = self.id_of(headers, scene)
        return self.with_id(headers, scene, self.other(real, scene)) if real else headers
