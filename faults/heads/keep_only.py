"""keep-only: a gateway that builds the response anew copies the fields that it knows."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from faults.fault import Family
from faults.fields import named, only
from faults.heads.head_fault import FieldsFault
from faults.names import FieldName
from faults.scene import Scene

_FRAMING = frozenset((b"content-length", b"transfer-encoding"))


class KeepOnly(FieldsFault):
    """Leaves out all field lines that are not listed."""

    kind: ClassVar[str] = "keep-only"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = (
        "Of a response, only the listed fields get through, as if a gateway built it anew."
    )
    received: ClassVar[str] = (
        "The lines under the names in their order, and Content-Length and Transfer-Encoding, which frame "
        "the body; no others, so that Content-Type and Content-Encoding have to be listed. The body as it "
        "came."
    )
    example: ClassVar[str] = 'names = ["Content-Type", "Content-Encoding", "Cache-Control", "Date"]'
    breaks: ClassVar[tuple[str, ...]] = ("CO401", "CO406", "CO409", "HP701", "ID101")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "EC203")

    names: tuple[FieldName, ...] = Field(description="names that stay, in any case")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        kept = named(self.names) | _FRAMING
        return only(headers, lambda name: name in kept)
