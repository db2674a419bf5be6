"""split: chunks leave in pieces, cut at awkward places."""

import re
from itertools import pairwise
from typing import Annotated, ClassVar, override

from pydantic import BeforeValidator, Field

from contract.headers import content_coding
from faults.fault import Family, Fault
from faults.names import Duration
from faults.parts import Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.schedule import ScheduledStage

_UTF8 = re.compile(rb"[\xc2-\xf4](?=[\x80-\xbf])")
_CRLF = re.compile(rb"\r(?=\n)")
_FIELD = re.compile(rb"(?<![^\r\n])(?:event|data|id|retry)(?=[:\r\n])")


def _place(value: object) -> object:
    is_size = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not is_size and value not in ("utf-8", "crlf", "field"):
        raise ValueError('at is a number of bytes, "utf-8", "crlf" or "field"')
    return value


class Split(Fault):
    """Cuts chunks."""

    kind: ClassVar[str] = "split"
    family: ClassVar[Family] = "streams"
    summary: ClassVar[str] = "Chunks are cut: every n bytes, inside characters, line ends or field names."
    received: ClassVar[str] = (
        "All bytes as they came, each chunk in pieces: of n bytes (the last one may be shorter); or cut "
        "after the first byte of each character of more than one byte; or between each CR and its LF; or in "
        "the middle of each `event`, `data`, `id` and `retry` that begins a line. Pieces leave at once, or "
        "with the gap between the pieces of a chunk."
    )
    example: ClassVar[str] = 'at = "field"\ngap = "5 ms"'

    at: Annotated[int | str, BeforeValidator(_place)] = Field(
        description='where chunks are cut: a number of bytes, "utf-8", "crlf" or "field"'
    )
    gap: Duration = Field(
        default=0, ge=0, description="the time between the pieces of a chunk, for example 5 ms"
    )

    @override
    def stage(self, scene: Scene) -> Stage:
        return _Splitting(self, scene)


class _Splitting(ScheduledStage):
    def __init__(self, fault: Split, scene: Scene) -> None:
        super().__init__(scene)
        self._at, self._gap = fault.at, fault.gap
        self._before = b"\n"
        self._is_passing = False
        self._has_cut = False

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        coding = content_coding(start.headers)
        if coding and isinstance(self._at, str):
            self._is_passing = True
            self.note(What.PASSED, f"the body is compressed ({coding})")
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._is_passing:
            return [Data(data)]
        places = [0, *self._places(data), len(data)]
        self._before = data[-1:]
        if len(places) > 2 and not self._has_cut:
            self._has_cut = True
            where = f"every {self._at} bytes" if isinstance(self._at, int) else f"at {self._at}"
            self.note(What.TIME, f"chunks are cut {where}")
        out: list[Part] = []
        at = now
        for start, stop in pairwise(places):
            out += self.later(Data(data[start:stop]), at, now)
            at = self.last + self._gap
        return out

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if not self._is_passing and not self._has_cut:
            self.note(What.PASSED, "there was nothing to cut")
        return super().end(end, now)

    def _places(self, data: bytes) -> list[int]:
        if isinstance(self._at, int):
            return list(range(self._at, len(data), self._at))
        if self._at == "utf-8":
            return [found.end() for found in _UTF8.finditer(data)]
        if self._at == "crlf":
            return [found.end() for found in _CRLF.finditer(data)]
        # Whether the chunk begins with a line is known by the byte before it.
        known = self._before + data
        return [(found.start() + found.end()) // 2 - 1 for found in _FIELD.finditer(known, 1)]
