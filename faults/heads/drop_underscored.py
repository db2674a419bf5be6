"""drop-underscored: names with an underscore do not get through."""

from typing import ClassVar, Literal, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.heads.head_fault import HeadFault
from faults.scene import Scene


class DropUnderscored(HeadFault):
    """Leaves field lines out whose names have an underscore."""

    kind: ClassVar[str] = "drop-underscored"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "Field lines with an underscore in their name are left out."
    received: ClassVar[str] = (
        "All lines without an underscore in their name, in their order; the body as it came. Nothing says "
        "that lines are missing."
    )
    example: ClassVar[str] = 'on = "request"'
    breaks: ClassVar[tuple[str, ...]] = ("HP701",)

    on: Literal["request", "response"] = Field(
        default="request", description="the message whose head it changes"
    )

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return tuple(line for line in headers if b"_" not in line[0])
