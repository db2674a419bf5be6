"""Chunk bounds and times of a run of chunks, packed into a few bytes.

A timeline is a header byte and columns of equal length, little-endian. The first chunk's sequence
number and time are kept beside it; a chunk's own are given as differences to the chunk before.

    header bit 0: the columns are signed 64-bit, not unsigned 32-bit
           bit 1: two more columns follow, the form of each chunk and the bytes that are kept of it
           bit 2: what follows the header is zstd-compressed, all numbers' lowest bytes first, then
                  their second ones and so on (high bytes are mostly zero, and so compress to nothing)
           bit 3: each sequence number is the one before plus one, and their column is left out
    columns: sequence number differences, time differences (µs), sizes [, forms, kept sizes]

One chunk whose bytes are all there needs no timeline at all: its size is the body's.
"""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import sub

from contract.events import Form
from recordings.compression import CODECS

_WIDE, _FORMS, _ZSTD, _NEXT = 1, 2, 4, 8
_WORTH_PACKING = 64

FORMS = (Form.WIRE, Form.DECODED, Form.LOST)
"""A form's number in a timeline is its place here; append only."""

_NUMBERS = {form.value: number for number, form in enumerate(FORMS)}


@dataclass(slots=True)
class Timeline:
    """The columns of a run of chunks. `kept` and `forms` are None where all chunks are whole `WIRE` ones."""

    seqs: list[int]
    ats: list[int]
    sizes: Sequence[int]
    forms: Sequence[Form] | None = None
    kept: Sequence[int] | None = None

    def whole(self) -> "Timeline":
        """The same with all columns filled in."""
        if self.forms is not None:
            return self
        return Timeline(self.seqs, self.ats, self.sizes, [Form.WIRE] * len(self.sizes), self.sizes)


def pack(line: Timeline, steps: list[int] | None = None) -> bytes:
    """`line` (at least one chunk) as bytes, without its first sequence number and time.

    Sequence numbers increase. `steps` are the differences of its times, if the caller has them.
    """
    seqs, ats = line.seqs, line.ats
    columns: list[Sequence[int]] = [
        (0,),
        list(map(sub, ats[1:], ats)) if steps is None else steps,
        line.sizes,
    ]
    header = 0
    if seqs[-1] - seqs[0] == len(seqs) - 1:
        header |= _NEXT
    else:
        columns[:0] = [(0,), list(map(sub, seqs[1:], seqs))]
    if line.forms is not None and line.kept is not None:
        header |= _FORMS
        columns += [[_NUMBERS[form.value] for form in line.forms], line.kept]
    try:
        packed = _array("I", columns)
    except OverflowError:
        header |= _WIDE
        packed = _array("q", columns)
    raw = packed.tobytes()
    if len(raw) > _WORTH_PACKING:
        planes = b"".join([raw[plane :: packed.itemsize] for plane in range(packed.itemsize)])
        return bytes((header | _ZSTD,)) + CODECS.compress(planes)
    return bytes((header,)) + raw


def _array(kind: str, columns: list[Sequence[int]]) -> "array[int]":
    packed = array(kind)
    for column in columns:
        packed.extend(column)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed


def unpack(packed: bytes, seq: int, at: int) -> Timeline:
    """The chunks of `packed`, the first of them with sequence number `seq` at `at`."""
    header = packed[0]
    values = array("q" if header & _WIDE else "I")
    values.frombytes(_planes_joined(packed[1:], values.itemsize) if header & _ZSTD else packed[1:])
    if sys.byteorder == "big":
        values.byteswap()
    count = len(values) // (2 + (not header & _NEXT) + 2 * bool(header & _FORMS))
    columns = [values[first : first + count] for first in range(0, len(values), count)]
    seqs = list(range(seq, seq + count)) if header & _NEXT else _running(columns.pop(0), seq)
    line = Timeline(seqs, _running(columns[0], at), columns[1])
    if header & _FORMS:
        line.forms = [FORMS[number] for number in columns[2]]
        line.kept = columns[3]
    return line


def _planes_joined(packed: bytes, width: int) -> bytearray:
    planes = CODECS.decompress(packed)
    count = len(planes) // width
    raw = bytearray(len(planes))
    for plane in range(width):
        raw[plane::width] = planes[plane * count : (plane + 1) * count]
    return raw


def _running(differences: "array[int]", first: int) -> list[int]:
    """Running totals that begin with `first`; the first difference is 0."""
    return list(accumulate(differences[1:], initial=first))
