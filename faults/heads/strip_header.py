"""strip-header: lines under some names do not get through."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.heads.head_fault import HeadFault
from faults.names import FieldName
from faults.scene import Scene


class StripHeader(HeadFault):
    """Leaves field lines out."""

    kind: ClassVar[str] = "strip-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "Field lines under some names are left out."
    received: ClassVar[str] = "All lines but those under the names, in their order; the body as it came."
    example: ClassVar[str] = 'names = ["X-Streaming-Session-Id"]'
    breaks: ClassVar[tuple[str, ...]] = ("ID101", "HP701")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "EC203")

    names: tuple[FieldName, ...] = Field(min_length=1, description="names, in any case")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        names = {name.lower().encode() for name in self.names}
        return tuple(line for line in headers if line[0].lower() not in names)
