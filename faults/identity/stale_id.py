"""stale-id: the client gets the ID of the stream before."""

from typing import ClassVar, Literal, override

from pydantic import Field

from faults.fault import Family
from faults.identity.id_fault import OtherIdFault
from faults.scene import Scene

_MOST = 10_000


class StaleId(OtherIdFault):
    """Hands out an ID that was handed out before."""

    kind: ClassVar[str] = "stale-id"
    family: ClassVar[Family] = "id"
    summary: ClassVar[str] = "The client gets the ID of the stream before, as from a cache of heads."
    received: ClassVar[str] = (
        "In the ID's line: the ID that the service had issued the last time that the fault struck, in the "
        "same scope or in any. The first one passes as it is. All other lines and the body as they came."
    )
    example: ClassVar[str] = 'of = "scope"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "ID105")
    follows: ClassVar[tuple[str, ...]] = ("EC204", "EC205", "EC207")
    passed: ClassVar[str] = "the service issued no other ID before that this fault saw"

    of: Literal["scope", "any"] = Field(
        default="scope", description="whose ID: one of the same scope, or of any"
    )

    @override
    def other(self, real: bytes, scene: Scene) -> bytes:
        """What is remembered; and remember the real one instead."""
        key = scene.scope if self.of == "scope" else ""
        before: bytes | None = scene.memory.pop(key, None)
        scene.memory[key] = real
        if len(scene.memory) > _MOST:
            del scene.memory[next(iter(scene.memory))]
        return real if before is None else before
