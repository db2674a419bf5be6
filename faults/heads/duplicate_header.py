"""duplicate-header: a field comes in two lines."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.fields import doubled
from faults.heads.head_fault import HeadFault
from faults.names import FieldName, FieldValue
from faults.scene import Scene


class DuplicateHeader(HeadFault):
    """Adds a second line."""

    kind: ClassVar[str] = "duplicate-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "A field comes twice, with the same value or with another one."
    received: ClassVar[str] = (
        "A second line right after the first under `header`, written in the same letters; all other lines "
        "and the body as they came. Scripts read both lines as one, joined by a comma and a space."
    )
    example: ClassVar[str] = 'header = "X-Streaming-Session-Id"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "ID104")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC206")

    header: FieldName = Field(description="the field's name, in any case")
    value: FieldValue | None = Field(
        default=None, description="the second line's value; by default the first one's"
    )

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        second = None if self.value is None else self.value.encode()
        return doubled(headers, self.header.lower().encode(), second)
