"""Chunk bounds and times of a run of chunks, packed into a few bytes.

A timeline is a header byte, the number of chunks (32 bits, little-endian) and columns. The first chunk's
sequence number and time are kept beside it; a chunk's own are given as differences to the chunk before.

    header bit 0: see below
           bit 1: two more columns follow, the form of each chunk and the bytes that are kept of it
           bit 2: what follows the header is zstd-compressed
           bit 3: each sequence number is the one before plus one, and their column is left out
    columns: sequence number differences, time differences (µs), sizes [, forms, kept sizes]

A column is the number of bytes that each of its numbers takes, then all numbers' lowest bytes, then their
second ones and so on: they compress better apart. Numbers of eight bytes are signed, shorter ones are not.

What is soon packed anew, because its message goes on, is only written down: if bit 0 is set, the header is
followed by three signed 64-bit numbers for each chunk, little-endian: sequence number, time and size.

One chunk whose bytes are all there needs no timeline at all: its size is the body's.
"""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import sub

from contract.events import Form
from recordings.compression import CODECS

_PLAIN, _FORMS, _ZSTD, _NEXT = 1, 2, 4, 8
_WORTH_PACKING = 64

FORMS = (Form.WIRE, Form.DECODED, Form.LOST)
"""A form's number in a timeline is its place here; append only."""

_NUMBERS = {form.value: number for number, form in enumerate(FORMS)}


@dataclass(slots=True)
class Timeline:
    """The columns of a run of chunks. `kept` and `forms` are None where all chunks are whole `WIRE` ones."""

    seqs: Sequence[int]
    ats: Sequence[int]
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
    parts = [len(seqs).to_bytes(4, "little")]
    header = _NEXT
    if seqs[-1] - seqs[0] != len(seqs) - 1:
        header = 0
        _add(parts, [0, *map(sub, seqs[1:], seqs)])
    _add(parts, [0, *(map(sub, ats[1:], ats) if steps is None else steps)])
    _add(parts, line.sizes)
    if line.forms is not None and line.kept is not None:
        header |= _FORMS
        _add(parts, [_NUMBERS[form.value] for form in line.forms])
        _add(parts, line.kept)
    plain = b"".join(parts)
    if len(plain) > _WORTH_PACKING:
        return bytes((header | _ZSTD,)) + CODECS.compress_quickly(plain)
    return bytes((header,)) + plain


def write_down(line: Timeline, steps: list[int] | None = None) -> bytes:
    """As `pack`, in less time and more room; for what is folded soon, see `joined`."""
    if line.forms is not None:
        return pack(line, steps)
    rows = array("q", [n for row in zip(line.seqs, line.ats, line.sizes, strict=True) for n in row])
    if sys.byteorder == "big":
        rows.byteswap()
    return bytes((_PLAIN,)) + rows.tobytes()


def joined(segments: list[tuple[bytes | None, int, int, int]]) -> Timeline:
    """One timeline of several: each as bytes (None: one whole chunk), its first number and time, its size."""
    if all(packed is None or packed[0] == _PLAIN for packed, *_ in segments):
        rows = [
            _single(seq, at, size) if packed is None else packed[1:] for packed, seq, at, size in segments
        ]
        return _written_down(b"".join(rows))
    lines = [
        Timeline([seq], [at], [size]) if packed is None else unpack(packed, seq, at)
        for packed, seq, at, size in segments
    ]
    whole = Timeline(
        list(chain.from_iterable([line.seqs for line in lines])),
        list(chain.from_iterable([line.ats for line in lines])),
        list(chain.from_iterable([line.sizes for line in lines])),
    )
    if any(line.forms is not None for line in lines):
        plain = [line.whole() for line in lines]
        whole.forms = [form for line in plain for form in line.forms or ()]
        whole.kept = [kept for line in plain for kept in line.kept or ()]
    return whole


def _single(seq: int, at: int, size: int) -> bytes:
    return b"".join([number.to_bytes(8, "little", signed=True) for number in (seq, at, size)])


def _add(parts: list[bytes], numbers: Sequence[int]) -> None:
    """Add the column of `numbers`; bytes that are zero in all of them are left out."""
    try:
        column = array("I", numbers)
    except OverflowError:
        column = array("q", numbers)
    if sys.byteorder == "big":
        column.byteswap()
    raw, width = column.tobytes(), column.itemsize
    planes = [raw[plane::width] for plane in range(width)]
    nothing = bytes(len(numbers))
    while planes and planes[-1] == nothing:
        planes.pop()
    parts.append(bytes((len(planes),)))
    parts += planes


def unpack(packed: bytes, seq: int, at: int) -> Timeline:
    """The chunks of `packed`, the first of them with sequence number `seq` at `at`."""
    header = packed[0]
    if header & _PLAIN:
        return _written_down(packed[1:])
    plain = CODECS.decompress(packed[1:]) if header & _ZSTD else packed[1:]
    count, rest = int.from_bytes(plain[:4], "little"), plain[4:]
    columns = []
    while rest:
        columns.append(_column(rest, count))
        rest = rest[1 + rest[0] * count :]
    seqs = range(seq, seq + count) if header & _NEXT else _running(columns.pop(0), seq)
    line = Timeline(seqs, _running(columns[0], at), columns[1])
    if header & _FORMS:
        line.forms = [FORMS[number] for number in columns[2]]
        line.kept = columns[3]
    return line


def _written_down(rows: bytes) -> Timeline:
    values = array("q")
    values.frombytes(rows)
    if sys.byteorder == "big":
        values.byteswap()
    return Timeline(values[0::3], values[1::3], values[2::3])


def _column(packed: bytes, count: int) -> "array[int]":
    """The column of `count` numbers with which `packed` begins."""
    stored = packed[0]
    column = array("I" if stored <= 4 else "q")
    width = column.itemsize
    raw = bytearray(width * count)
    for plane in range(stored):
        raw[plane::width] = packed[1 + plane * count : 1 + (plane + 1) * count]
    column.frombytes(raw)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _running(differences: "array[int]", first: int) -> list[int]:
    """Running totals that begin with `first`; the first difference is 0."""
    return list(accumulate(differences[1:], initial=first))
