"""strip-cors-on-errors: a layer adds the CORS headers to what succeeds, and to nothing else."""

from typing import ClassVar, override

from contract.events import Headers
from faults.cors.cors_fault import CorsFault, without_cors
from faults.fault import Family
from faults.parts import ResponseStart, Start
from faults.scene import Scene


class StripCorsOnErrors(CorsFault):
    """Leaves CORS headers out of errors."""

    kind: ClassVar[str] = "strip-cors-on-errors"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Errors come without CORS headers, so scripts cannot read why they were refused."
    received: ClassVar[str] = (
        "Responses with a status from 400 on without their Access-Control-* lines; all other lines, the "
        "status and the body as they came. Scripts of other origins see only that the request failed."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO409", "HP701")

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        is_error = isinstance(start, ResponseStart) and start.status >= 400
        return is_error and super().applies(scene, start)

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return without_cors(headers)
