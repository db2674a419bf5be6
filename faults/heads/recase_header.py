"""recase-header: names are written in other letters, which mean the same to whoever follows the standard."""

from collections.abc import Callable
from typing import ClassVar, Literal, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.fields import named
from faults.heads.head_fault import HeadFault, is_by_http2
from faults.names import FieldName
from faults.scene import Scene


def _title(name: bytes) -> bytes:
    return b"-".join(part.capitalize() for part in name.split(b"-"))


_STYLES: dict[str, Callable[[bytes], bytes]] = {"lower": bytes.lower, "upper": bytes.upper, "title": _title}


class RecaseHeader(HeadFault):
    """Writes names in other letters."""

    kind: ClassVar[str] = "recase-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "Names of fields come in small letters, in capitals, or Like-This."
    received: ClassVar[str] = (
        "All lines in their order and with their values, the names in other letters. The body as it came. "
        "HTTP/2 has all names in small letters: with a client that speaks it, all is passed."
    )
    example: ClassVar[str] = 'style = "lower"'
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    names: tuple[FieldName, ...] = Field(
        default=(), description="names, in any case; all where none is given"
    )
    style: Literal["lower", "upper", "title"] = Field(description="how they are written")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        if is_by_http2(scene):
            return headers
        names, write = named(self.names), _STYLES[self.style]
        return tuple(
            (write(name) if not names or name.lower() in names else name, value) for name, value in headers
        )
