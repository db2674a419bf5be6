"""duplicate-origin: two layers each say which origin is allowed."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.cors.cors_fault import ALLOW_ORIGIN, CorsFault
from faults.fault import Family
from faults.fields import doubled
from faults.names import FieldValue
from faults.scene import Scene


class DuplicateOrigin(CorsFault):
    """Adds a second Access-Control-Allow-Origin."""

    kind: ClassVar[str] = "duplicate-origin"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Access-Control-Allow-Origin comes twice, which no browser takes."
    received: ClassVar[str] = (
        "A second line right after the first Access-Control-Allow-Origin, with the same value or with "
        "`value`; all other lines and the body as they came. Scripts of other origins get nothing of the "
        "response."
    )
    example: ClassVar[str] = 'value = "*"'
    breaks: ClassVar[tuple[str, ...]] = ("CO401", "CO402", "CO406", "CO409", "HP703")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    value: FieldValue = Field(default="same", description='the second value: "same", "*" or any other')

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return doubled(headers, ALLOW_ORIGIN, None if self.value == "same" else self.value.encode())
