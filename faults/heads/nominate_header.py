"""nominate-header: `Connection` declares fields to be for this connection only (RFC 9110 §7.6.1)."""

from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from contract.token_lists import split
from faults.fault import Family
from faults.fields import has, revalued
from faults.heads.head_fault import HeadFault, is_by_http2
from faults.names import FieldName
from faults.scene import Scene

_CONNECTION = b"connection"


class NominateHeader(HeadFault):
    """Names fields in `Connection`."""

    kind: ClassVar[str] = "nominate-header"
    family: ClassVar[Family] = "heads"
    summary: ClassVar[str] = "Connection names fields, so that the next hop has to leave them out."
    received: ClassVar[str] = (
        "All lines as they came, those under the names too. The last Connection line names them behind "
        "what it named already; where there was none, there is one at the end. Whoever passes the message "
        "on leaves the fields out. HTTP/2 has no Connection: with a client that speaks it, all is passed."
    )
    example: ClassVar[str] = 'names = ["X-Streaming-Session-Id"]'
    breaks: ClassVar[tuple[str, ...]] = ("HP701",)
    follows: ClassVar[tuple[str, ...]] = ("EC201", "EC203")

    names: tuple[FieldName, ...] = Field(min_length=1, description="names, written as they are to be named")

    @override
    def fields(self, headers: Headers, scene: Scene) -> Headers:
        if is_by_http2(scene):
            return headers
        lines = [value for name, value in headers if name.lower() == _CONNECTION]
        there = {name.lower() for name in split(b",".join(lines))}
        new = b", ".join(name.encode() for name in self.names if name.lower().encode() not in there)
        if not new:
            return headers
        if not has(headers, _CONNECTION):
            return (*headers, (b"Connection", new))
        return _extended(headers, new)


def _extended(headers: Headers, new: bytes) -> Headers:
    """The last `Connection` line with more names in it."""
    lines = sum(name.lower() == _CONNECTION for name, _ in headers)
    seen = 0

    def extend(value: bytes) -> bytes:
        nonlocal seen
        seen += 1
        if seen < lines:
            return value
        return value + b", " + new if value.strip() else new

    return revalued(headers, _CONNECTION, extend)
