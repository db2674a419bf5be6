"""recompress: the body is compressed on its way."""

import zlib
from typing import ClassVar, override

from pydantic import Field

from contract.events import Headers
from contract.headers import combined, content_coding
from faults.fault import Family, Fault
from faults.parts import Cut, Data, End, Part, ResponseStart, Start, with_fields
from faults.scene import Scene, What
from faults.stage import Stage


class Recompress(Fault):
    """Compresses, as a hop does that means well."""

    kind: ClassVar[str] = "recompress"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "The body is compressed with gzip."
    received: ClassVar[str] = (
        "The head with Content-Encoding: gzip, with Accept-Encoding in Vary and without Content-Length; the "
        "body in gzip. With `flush`, each chunk leaves as it comes; without, when the compressor has enough, "
        "which for a small body is at the end. Only where the request accepts gzip, unless `always`; never "
        "where the body is compressed already."
    )
    example: ClassVar[str] = "flush = false"
    breaks: ClassVar[tuple[str, ...]] = ("HP703", "HP704", "HT603", "HT604")

    flush: bool = Field(default=True, description="whether each chunk leaves as it comes")
    honour_no_transform: bool = Field(
        default=True, description="whether a body passes as it is where Cache-Control says no-transform"
    )
    always: bool = Field(default=False, description="also where the request does not accept gzip")

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        is_empty = isinstance(start, ResponseStart) and (
            start.status < 200 or start.status in (204, 206, 304)
        )
        return not is_empty and scene.request.method != b"HEAD"

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Compressing(self, scene)

    def obstacle(self, scene: Scene, start: Start) -> str:
        """Why the body is not compressed; empty where it is."""
        if coding := content_coding(start.headers):
            return f"the body is compressed already ({coding})"
        if self.honour_no_transform and b"no-transform" in _listed(start.headers, b"cache-control"):
            return "Cache-Control says no-transform"
        if not self.always and not accepts_gzip(scene.request.headers):
            return "the request does not accept gzip"
        return ""


class _Compressing(Stage):
    """`held` counts what has come since something left: what the compressor has cannot be told exactly."""

    changes_length = True

    def __init__(self, fault: Recompress, scene: Scene) -> None:
        super().__init__(scene)
        self._fault = fault
        self._offset = 0
        self._compressor: zlib._Compress | None = None

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if why := self._fault.obstacle(self.scene, start):
            self.changes_length = False
            self.note(What.PASSED, why)
            return [start]
        self._compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        added: Headers = ((b"Content-Encoding", b"gzip"),)
        if _listed(start.headers, b"vary").isdisjoint((b"accept-encoding", b"*")):
            added += ((b"Vary", b"Accept-Encoding"),)
        kept = tuple(line for line in start.headers if line[0].lower() != b"content-encoding")
        return [with_fields(start, (*kept, *added))]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._compressor is None:
            return [Data(data)]
        out = self._compressor.compress(data)
        if self._fault.flush:
            out += self._compressor.flush(zlib.Z_SYNC_FLUSH)
        self.held = 0 if out else self.held + len(data)
        self.note(What.BODY, "compressed", data, out, self._offset)
        self._offset += len(data)
        return [Data(out)] if out else []

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._compressor is None:
            return [end]
        out = self._compressor.flush()
        self.held = 0
        self.note(What.BODY, "compressed: the rest", b"", out, self._offset)
        return [Data(out), end]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self.held = 0
        return [cut]


def accepts_gzip(fields: Headers) -> bool:
    """Whether a request names gzip, or everything, and not with a weight of 0 (RFC 9110 §12.5.3)."""
    weights: dict[bytes, bool] = {}
    for part in _listed(fields, b"accept-encoding"):
        coding, *parameters = (each.strip() for each in part.split(b";"))
        weight = next((each[2:] for each in parameters if each.startswith(b"q=")), b"1")
        weights[coding.removeprefix(b"x-")] = bool(weight.strip(b"0."))
    return weights.get(b"gzip", weights.get(b"*", False))


def _listed(fields: Headers, name: bytes) -> set[bytes]:
    """The members of a list, in lower case."""
    value = combined(fields, name) or b""
    return {part.strip().lower() for part in value.split(b",")}
