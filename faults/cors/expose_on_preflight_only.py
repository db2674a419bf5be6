"""expose-on-preflight-only: the names are listed where they have no effect, and not where they have one."""

from typing import ClassVar, override

from contract import headers as lines
from contract.events import Headers
from faults.cors.cors_fault import EXPOSE, CorsFault
from faults.fault import Family
from faults.fields import has
from faults.framing import unframed
from faults.scene import Scene

_NAME, _LISTED = b"Access-Control-Expose-Headers", "listed"


class ExposeOnPreflightOnly(CorsFault):
    """Moves Access-Control-Expose-Headers to the answers to preflights."""

    kind: ClassVar[str] = "expose-on-preflight-only"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = (
        "Access-Control-Expose-Headers comes only on answers to preflights, without effect."
    )
    received: ClassVar[str] = (
        "Answers to all but OPTIONS without their Access-Control-Expose-Headers lines; answers to "
        "preflights with one at the end, which lists the profile's names, or what was left out before "
        "where the profile has none. All other lines and the body as they came."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO402", "CO405", "HP701")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        is_there = has(headers, EXPOSE)
        if scene.is_preflight:
            listed: bytes = ", ".join(scene.expose).encode() or scene.memory.get(_LISTED, b"")
            return headers if is_there or not listed else (*headers, (_NAME, listed))
        if scene.request.method == b"OPTIONS" or not is_there:
            return headers
        scene.memory[_LISTED] = lines.combined(headers, EXPOSE)
        return unframed(headers, EXPOSE)
