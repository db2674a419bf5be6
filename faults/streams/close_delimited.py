"""close-delimited: only the end of the connection ends the body."""

from typing import ClassVar, override

from contract.headers import combined
from faults.fault import Family, Fault
from faults.framing import unframed
from faults.parts import Part, Start, with_fields
from faults.scene import Scene, What
from faults.stage import Stage


class CloseDelimited(Fault):
    """Takes the framing away."""

    kind: ClassVar[str] = "close-delimited"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The body has no length and no chunks: only the end of the connection ends it."
    received: ClassVar[str] = (
        "On HTTP/1.x, the head without Content-Length and Transfer-Encoding and with Connection: close; the "
        "body as it came, bare; then the end of the connection, so that a client cannot tell whether the "
        "body was complete (RFC 9112, section 8). On HTTP/2, all as it came."
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Bare(scene)


class _Bare(Stage):
    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if not self.scene.version.startswith("HTTP/1"):
            self.note(What.PASSED, f"{self.scene.version} frames every body itself")
            return [start]
        options = (combined(start.headers, b"connection") or b"").split(b",")
        kept = [
            each
            for option in options
            if (each := option.strip()).lower() not in (b"", b"keep-alive", b"close")
        ]
        fields = unframed(
            start.headers, b"content-length", b"transfer-encoding", b"connection", b"keep-alive"
        )
        return [with_fields(start, (*fields, (b"Connection", b", ".join([*kept, b"close"]))))]
