"""strip-cors-on-stream: event streams take another way than the other answers, without CORS headers."""

from typing import ClassVar, override

from contract.events import Headers
from contract.headers import media_type
from faults.cors.cors_fault import CorsFault, without_cors
from faults.fault import Family
from faults.parts import Start
from faults.scene import Scene


class StripCorsOnStream(CorsFault):
    """Leaves CORS headers out of event streams."""

    kind: ClassVar[str] = "strip-cors-on-stream"
    family: ClassVar[Family] = "cors"
    summary: ClassVar[str] = "Event streams come without CORS headers, all other answers with them."
    received: ClassVar[str] = (
        "Responses with text/event-stream without their Access-Control-* lines; all other lines and the "
        "body as they came. Scripts of other origins get nothing of the stream, though the service began "
        "it."
    )
    breaks: ClassVar[tuple[str, ...]] = ("CO401", "CO402", "HP701")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return media_type(start.headers) == "text/event-stream" and super().applies(scene, start)

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        return without_cors(headers)
