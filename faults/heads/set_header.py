"""set-header: a field has another value, or is there though nobody sent it."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.fields import replaced
from faults.heads.head_fault import HeadFault
from faults.names import FieldName, FieldValue
from faults.scene import Scene


class SetHeader(HeadFault):
    """Replaces a field, or adds it."""

    kind: ClassVar[str] = "set-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "A field gets another value; where it was not there, it is added."
    received: ClassVar[str] = (
        "One line with `value` in the place of all lines under `header`, which keeps the letters of the "
        "first; where there was none, a line at the end. All other lines and the body as they came."
    )
    example: ClassVar[str] = 'header = "X-Streaming-Session-Id"\nvalue = "stream-1700000000000-00000000"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "ID106")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "EC203")

    header: FieldName = Field(description="the field's name, in any case")
    value: FieldValue = Field(description="its value")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return replaced(headers, self.header.encode(), self.value.encode())
