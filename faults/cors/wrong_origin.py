"""wrong-origin: another origin is allowed than the one that asks."""

from typing import ClassVar, Literal, Self, override

from pydantic import Field, model_validator

from contract.events import Headers
from faults.cors.cors_fault import ALLOW_ORIGIN, CorsFault
from faults.fault import Family
from faults.fields import revalued
from faults.names import FieldValue
from faults.scene import Scene


class WrongOrigin(CorsFault):
    """Changes Access-Control-Allow-Origin."""

    kind: ClassVar[str] = "wrong-origin"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Access-Control-Allow-Origin allows another origin than asks."
    received: ClassVar[str] = (
        "In each Access-Control-Allow-Origin line: the value with a slash at its end (trailing-slash), "
        "null, or `value` (other). All other lines and the body as they came. Scripts of other origins "
        "get nothing of the response."
    )
    example: ClassVar[str] = 'how = "trailing-slash"'
    breaks: ClassVar[tuple[str, ...]] = ("CO401", "CO402", "CO406", "CO409", "HP703")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    how: Literal["trailing-slash", "null", "other"] = Field(description="what is wrong with it")
    value: FieldValue | None = Field(default=None, description="for other alone: the origin that is allowed")

    @model_validator(mode="after")
    def _has_its_value(self) -> Self:
        if (self.how == "other") != (self.value is not None):
            raise ValueError('value is for how = "other" alone, which needs it')
        return self

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        if self.how == "trailing-slash":
            return revalued(headers, ALLOW_ORIGIN, lambda value: value.rstrip(b" \t") + b"/")
        other = (self.value or "null").encode()
        return revalued(headers, ALLOW_ORIGIN, lambda _: other)
