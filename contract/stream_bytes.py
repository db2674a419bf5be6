"""The decoded bytes of an event stream, however long it is, in pieces of bounded size."""

from collections.abc import Iterator

from contract.bodies import LOST, Decoders
from contract.events import Chunk, Form

_SLICE = 4096
"""Bytes of the wire that are decoded at once: deflate can make them a thousand times as many."""
_PIECE = 1 << 16
"""Bytes that are handed on at once."""
_ENOUGH = 1 << 24
_RATIO = 500
"""What decodes to more than `_ENOUGH` bytes and `_RATIO` times its size is no stream but a bomb."""


class StreamBytes:
    """One body on one side; `why` says why the rest cannot be read, and is empty as long as it can."""

    __slots__ = ("_coding", "_decoded", "_decoder", "_wire", "is_plain", "why")

    def __init__(self, coding: str, decoders: Decoders) -> None:
        make = decoders.get(coding) if coding else None
        self._coding = coding
        self._decoder = make() if make else None
        self._wire = self._decoded = 0
        self.is_plain = not coding
        self.why = ""

    def feed(self, chunk: Chunk) -> Iterator[bytes]:
        """What the chunk adds."""
        if self.why or not chunk.size:
            return
        if chunk.form is Form.LOST:
            self.why = LOST
        elif chunk.form is Form.DECODED:
            self._decoder = None  # from here on the coding has been undone for us
            yield from _cut(chunk.data)
        elif self._decoder is not None:
            yield from self._undone(chunk.data)
        elif self._coding:
            self.why = f"the content-coding {self._coding[:40]!r} cannot be undone"
        else:
            yield from _cut(chunk.data)

    def end(self) -> Iterator[bytes]:
        """What was still in the decoder when the body was complete."""
        if self._decoder is None or self.why:
            return
        try:
            rest = self._decoder.end()
        except ValueError:
            self.why = f"the body is not in its content-coding {self._coding[:40]!r}"
            return
        yield from _cut(rest)

    def _undone(self, data: bytes) -> Iterator[bytes]:
        assert self._decoder is not None
        for start in range(0, len(data), _SLICE):
            part = data[start : start + _SLICE]
            try:
                plain = self._decoder.feed(part)
            except ValueError:
                self.why = f"the body is not in its content-coding {self._coding[:40]!r}"
                return
            self._wire += len(part)
            self._decoded += len(plain)
            if self._decoded > _ENOUGH and self._decoded > _RATIO * self._wire:
                self.why = f"the body decodes to more than {_RATIO} times its size"
                return
            yield from _cut(plain)


def _cut(data: bytes) -> Iterator[bytes]:
    if len(data) <= _PIECE:
        yield data
        return
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]
