"""strip-expose: nothing says which fields scripts may read."""

from typing import ClassVar, override

from contract.events import Headers
from faults.cors.cors_fault import EXPOSE, CorsFault
from faults.fault import Family
from faults.framing import unframed
from faults.scene import Scene


class StripExpose(CorsFault):
    """Leaves Access-Control-Expose-Headers out."""

    kind: ClassVar[str] = "strip-expose"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Access-Control-Expose-Headers is left out."
    received: ClassVar[str] = (
        "All lines but those under Access-Control-Expose-Headers, in their order; the body as it came. "
        "Scripts of other origins can read the body, but of the fields only those that need no leave."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "HP701")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return unframed(headers, EXPOSE)
