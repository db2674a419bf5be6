"""expose-wildcard: `*` instead of names, which is only a name where credentials are included."""

from typing import ClassVar, override

from contract.events import Headers
from faults.cors.cors_fault import EXPOSE, CorsFault
from faults.fault import Family
from faults.fields import has, replaced
from faults.scene import Scene


class ExposeWildcard(CorsFault):
    """Puts `*` in the place of all names."""

    kind: ClassVar[str] = "expose-wildcard"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = (
        "Access-Control-Expose-Headers is *, which exposes nothing to scripts with cookies."
    )
    received: ClassVar[str] = (
        "One line Access-Control-Expose-Headers: * in the place of the lines that came; all other lines "
        "and the body as they came. Scripts that include credentials can read no field by it; whether a "
        "script does is seen only by its cookies. Responses without such a line are passed."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "CO403", "HP703")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return replaced(headers, EXPOSE, b"*") if has(headers, EXPOSE) else headers
