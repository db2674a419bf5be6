"""thin-preflight: the answer to a preflight does not allow all that clients need."""

from typing import ClassVar, override

from pydantic import Field

from contract import headers as lines
from contract.events import Headers
from contract.token_lists import split
from faults.cors.cors_fault import ALLOW_HEADERS, ALLOW_METHODS, CorsFault, without_name
from faults.fault import Family
from faults.fields import replaced
from faults.names import FieldName
from faults.scene import Scene

_ASKED = (
    (ALLOW_HEADERS, b"access-control-request-headers"),
    (ALLOW_METHODS, b"access-control-request-method"),
)


class ThinPreflight(CorsFault):
    """Leaves one name out of what a preflight allows."""

    kind: ClassVar[str] = "thin-preflight"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "The answer to a preflight does not allow one of the headers, or the method."
    received: ClassVar[str] = (
        "Access-Control-Allow-Headers and Access-Control-Allow-Methods of answers to preflights without "
        "the name `leave-out`; by default the first header that was asked for, or else the method. A line "
        "that lists nothing else is left out; a * becomes what was asked for without the name. All other "
        "lines and the body as they came. Methods that need no leave (GET, HEAD, POST) are allowed all "
        "the same."
    )
    example: ClassVar[str] = 'leave-out = "Authorization"'
    breaks: ClassVar[tuple[str, ...]] = ("CO407", "HP703")

    leave_out: FieldName | None = Field(default=None, description="the header or method that is not allowed")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        if not scene.is_preflight:
            return headers
        asked = {field: split(scene.header(name) or b"") for field, name in _ASKED}
        first = next((name for names in asked.values() for name in names), b"")
        out = self.leave_out.encode() if self.leave_out is not None else first
        for field, names in asked.items():
            is_all = b"*" in split(lines.combined(headers, field) or b"")
            if is_all and out.lower() in {name.lower() for name in names}:
                headers = replaced(headers, field, b", ".join(names))
            headers = without_name(headers, field, out)
        return headers
