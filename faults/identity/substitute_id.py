"""substitute-id: the client gets an ID of the gateway's own."""

from random import Random
from typing import ClassVar, override

from pydantic import Field

from faults.fault import Family
from faults.identity.id_fault import OtherIdFault
from faults.names import FieldValue
from faults.scene import Scene

_DIGITS = b"0123456789"
_HEX, _LETTERS = b"abcdef", b"abcdefghijklmnopqrstuvwxyz"


class SubstituteId(OtherIdFault):
    """Hands out another ID."""

    kind: ClassVar[str] = "substitute-id"
    family: ClassVar[Family] = "id"
    summary: ClassVar[str] = "The client gets an ID of the gateway's own, which the service does not know."
    received: ClassVar[str] = (
        "In the ID's line: `value`, or else the ID with each digit, and each letter behind the first "
        "digit, replaced by a random one of its kind: digits, small letters, capitals; only a to f where "
        "it has no others there. All other lines and the body as they came."
    )
    example: ClassVar[str] = 'header = "X-Streaming-Session-Id"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703",)
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "EC203")

    value: FieldValue | None = Field(default=None, description="the ID; by default one of the same shape")

    @override
    def other(self, real: bytes, scene: Scene) -> bytes:
        return self.value.encode() if self.value is not None else alike(real, scene.random)


def alike(real: bytes, random: Random) -> bytes:
    """Another ID of the same shape; the same one where it has neither digits nor letters."""
    first = next((place for place, byte in enumerate(real) if byte in _DIGITS), 0)
    rest = real[first:]
    if not any(_kind(byte, _LETTERS) for byte in rest):
        return real
    found = {byte for byte in rest.lower() if byte in _LETTERS}
    letters = _HEX if found <= set(_HEX) else _LETTERS
    while True:
        made = bytes(random.choice(kind) if (kind := _kind(byte, letters)) else byte for byte in rest)
        if made != rest:
            return real[:first] + made


def _kind(byte: int, letters: bytes) -> bytes:
    """The characters that may stand in the place of one; empty where it stays."""
    return next((kind for kind in (_DIGITS, letters, letters.upper()) if byte in kind), b"")
