"""replace-expose: a layer that knows only its own fields says which ones scripts may read."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.cors.cors_fault import EXPOSE, CorsFault
from faults.fault import Family
from faults.fields import has, replaced
from faults.names import FieldName
from faults.scene import Scene


class ReplaceExpose(CorsFault):
    """Lists other fields."""

    kind: ClassVar[str] = "replace-expose"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Access-Control-Expose-Headers lists other fields than the service's."
    received: ClassVar[str] = (
        "One line Access-Control-Expose-Headers with the names of `value`, in the place of the lines that "
        "came; all other lines and the body as they came. Responses without such a line are passed."
    )
    example: ClassVar[str] = 'value = ["X-Request-Id"]'
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "HP703")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    value: tuple[FieldName, ...] = Field(min_length=1, description="the names that are listed instead")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return replaced(headers, EXPOSE, ", ".join(self.value).encode()) if has(headers, EXPOSE) else headers
