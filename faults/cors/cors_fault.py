"""What faults of cors share: the names that the Fetch standard gives, and what is done with lists."""

from typing import override

from contract.events import Headers
from contract.token_lists import split
from faults.fields import only, revalued
from faults.heads.head_fault import FieldsFault
from faults.parts import ResponseStart, Start
from faults.scene import Scene

ALLOW_ORIGIN = b"access-control-allow-origin"
ALLOW_METHODS = b"access-control-allow-methods"
ALLOW_HEADERS = b"access-control-allow-headers"
EXPOSE = b"access-control-expose-headers"
VARY = b"vary"


class CorsFault(FieldsFault):
    """A fault that strikes responses in whose head it has something to change."""

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return isinstance(start, ResponseStart) and self.fields(start.headers, scene) != start.headers


def without_cors(headers: Headers) -> Headers:
    """A head without what it says to scripts of other origins."""
    return only(headers, lambda name: not name.startswith(b"access-control-"))


def without_name(headers: Headers, field: bytes, name: bytes) -> Headers:
    """The list `field` without a name, in whatever case; a line of which nothing is left goes with it."""

    def thinned(value: bytes) -> bytes | None:
        names = split(value)
        kept = [each for each in names if each.lower() != name.lower()]
        return value if kept == names else b", ".join(kept) or None

    return revalued(headers, field, thinned)
