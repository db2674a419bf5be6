"""drop-vary: caches are not told that the answer depends on the origin."""

from typing import ClassVar, override

from contract.events import Headers
from faults.cors.cors_fault import VARY, CorsFault, without_name
from faults.fault import Family
from faults.scene import Scene


class DropVary(CorsFault):
    """Takes Origin out of Vary."""

    kind: ClassVar[str] = "drop-vary"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Vary does not name Origin, so a cache hands the answer to other origins."
    received: ClassVar[str] = (
        "Vary lines without Origin; a line that named nothing else is left out. Vary: * is passed. All "
        "other lines and the body as they came."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO408", "HP701")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return without_name(headers, VARY, b"origin")
