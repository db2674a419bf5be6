"""rename-header: lines get through under another name."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.heads.head_fault import HeadFault
from faults.names import FieldName
from faults.scene import Scene


class RenameHeader(HeadFault):
    """Gives field lines another name."""

    kind: ClassVar[str] = "rename-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "Field lines under a name get another one."
    received: ClassVar[str] = (
        "All lines in their order and with their values; those under `header` are called `to`, written as "
        "it is given. The body as it came."
    )
    example: ClassVar[str] = 'header = "X-Streaming-Session-Id"\nto = "X-Stream-Id"'
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "HP702", "ID102")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    header: FieldName = Field(description="the name that is replaced, in any case")
    to: FieldName = Field(description="the name that stands there instead")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        name, to = self.header.lower().encode(), self.to.encode()
        return tuple((to if line[0].lower() == name else line[0], line[1]) for line in headers)
