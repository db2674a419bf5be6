"""consume-body: a hop reads the body of a request and forwards none."""

from typing import ClassVar, override

from contract import headers
from faults.fault import Family, RequestFault
from faults.framing import with_length
from faults.parts import Part, RequestStart, Start
from faults.scene import Scene, What
from faults.stage import Stage

_WITHOUT = (b"GET", b"HEAD", b"OPTIONS")


class ConsumeBody(RequestFault):
    """Loses a body."""

    kind: ClassVar[str] = "consume-body"
    family: ClassVar[Family] = "requests"
    summary: ClassVar[str] = "The request's body does not get through, as if a hop had read and kept it."
    received: ClassVar[str] = (
        "The head at once, with Content-Length: 0 and without Transfer-Encoding; and no body."
    )
    breaks: ClassVar[tuple[str, ...]] = ("HP704",)

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        """Whether there is a body; on HTTP/2 its head need not tell."""
        length = headers.first(start.headers, b"content-length")
        if length is not None:
            return length.strip(b"0") != b""
        if headers.first(start.headers, b"transfer-encoding") is not None:
            return True
        is_http2 = not scene.version.startswith("HTTP/1")
        return is_http2 and isinstance(start, RequestStart) and start.method not in _WITHOUT

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Consuming(scene)


class _Consuming(Stage):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._seen = 0

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        return [with_length(start, 0)]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        self.note(What.BODY, "", data, b"", self._seen)
        self._seen += len(data)
        return []
