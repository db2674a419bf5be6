"""mangle-id: the ID gets through, but not as it was."""

from collections.abc import Callable
from string import ascii_letters, digits
from typing import ClassVar, Literal, Self, override

from pydantic import Field, model_validator

from faults.fault import Family
from faults.identity.id_fault import OtherIdFault
from faults.scene import Scene

_JUNK = b"%0D%0A"
_PLAIN = frozenset((ascii_letters + digits).encode())


def _percent_encoded(value: bytes) -> bytes:
    """All but letters and digits as `%XX`; the first byte where there is nothing else."""
    out = b"".join(b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte for byte in value)
    return out if out != value else b"%%%02X" % value[0] + value[1:]


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    "lower": bytes.lower,
    "upper": bytes.upper,
    "trim": lambda value: value[:-1],
    "quote": lambda value: b'"' + value + b'"',
    "junk": lambda value: value + _JUNK,
    "percent-encode": _percent_encoded,
}


class MangleId(OtherIdFault):
    """Changes some of the ID's characters."""

    kind: ClassVar[str] = "mangle-id"
    family: ClassVar[Family] = "id"
    summary: ClassVar[str] = "The ID gets through in other letters, shortened, quoted, encoded or with junk."
    received: ClassVar[str] = (
        "In the ID's line: its letters as small ones (lower) or capitals (upper), all but its last "
        "character (trim), its first `length` ones (truncate), the ID in quotation marks (quote), with "
        'the text "%0D%0A" behind it (junk), or with all but letters and digits as %XX (percent-encode). '
        "All other lines and the body as they came."
    )
    example: ClassVar[str] = 'how = "upper"'
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "ID103")
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC202", "EC206")

    how: Literal["lower", "upper", "trim", "truncate", "quote", "junk", "percent-encode"] = Field(
        description="what becomes of it"
    )
    length: int | None = Field(
        default=None, ge=0, description="for truncate alone: how many characters are left"
    )

    @model_validator(mode="after")
    def _has_its_length(self) -> Self:
        if (self.how == "truncate") != (self.length is not None):
            raise ValueError('length is for how = "truncate" alone, which needs it')
        return self

    @override
    def other(self, real: bytes, scene: Scene) -> bytes:
        return real[: self.length] if self.length is not None else _WAYS[self.how](real)
