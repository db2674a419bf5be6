"""Other values in a recorded answer, with its pieces cut where they were.

Most new values are as long as the old ones, and then every bound stays at its byte. Where one is longer or
shorter, bounds behind it move with it, and the length that the head names is corrected.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import accumulate

import brotli
import zstandard

from contract.events import Headers
from contract.headers import content_coding
from recordings.decoding import decoder_for
from replay.playback.performance import Performance
from replay.recorded import Piece

_LENGTH = b"content-length"
_CODING = b"content-encoding"


def substituted(answer: Performance, values: Mapping[str, str], *, is_decoded: bool = False) -> Performance:
    """`answer` with each of `values` (old to new) replaced, in its fields, trailers and body.

    A body in a content-coding is decoded for that, and encoded again where something was in it.
    `is_decoded`: the pieces are without the content-coding that the head names; they get it again.
    """
    changed = {_bytes(old): _bytes(new) for old, new in values.items() if old and old != new}
    if not changed and not is_decoded:
        return answer
    coding = content_coding(answer.headers)
    plain = answer.pieces if is_decoded or not coding else _decoded(answer.pieces, coding)
    body = b"".join([data for _, data in plain])
    fields = b"\0".join([value for _, value in (*answer.headers, *answer.trailers)])
    # To look for each is quick, and a pattern of many is not.
    changed = {old: new for old, new in changed.items() if old in body or old in fields}
    if not changed and not is_decoded:
        return answer
    replaced = _replacer(changed)
    pieces = _replaced_in(plain, body, changed, replaced)
    if pieces is plain and not is_decoded:
        pieces = answer.pieces
    elif coding:
        pieces = encoded(pieces, coding, is_whole=answer.is_whole)
    headers = tuple([(name, replaced(value)) for name, value in answer.headers])
    if pieces is not answer.pieces:
        headers = _with_length(headers, answer, _size(pieces))
    trailers = tuple([(name, replaced(value)) for name, value in answer.trailers])
    return replace(answer, headers=headers, pieces=pieces, trailers=trailers)


def _pattern(changed: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, sorted(changed, key=len, reverse=True))))


def _replacer(changed: Mapping[bytes, bytes]) -> Callable[[bytes], bytes]:
    if not changed:
        return lambda text: text
    pattern = _pattern(changed)
    return lambda text: pattern.sub(lambda match: changed[match[0]], text)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate can only be said in a JSON string
        return text.encode("utf-8", "backslashreplace")


def _decoded(pieces: Iterable[Piece], coding: str) -> tuple[Piece, ...]:
    """The pieces without their content-coding; none where it cannot be undone."""
    decoder = decoder_for(coding)
    if decoder is None:
        return ()
    try:
        return tuple([Piece(at, decoder.feed(data)) for at, data in pieces])
    except ValueError:
        return ()


def _replaced_in(
    pieces: tuple[Piece, ...],
    text: bytes,
    changed: Mapping[bytes, bytes],
    replaced: Callable[[bytes], bytes],
) -> tuple[Piece, ...]:
    """Values may lie across bounds; a bound within one stays as far into it as it was, if it is so long.

    `text` is all pieces together. The very same pieces where nothing is in them.
    """
    found = (
        [(*match.span(), changed[match[0]]) for match in _pattern(changed).finditer(text)] if changed else []
    )
    if not found:
        return pieces
    starts = [start for start, _, _ in found]
    shifts = [0, *accumulate(len(new) - (end - start) for start, end, new in found)]

    def moved(bound: int) -> int:
        number = bisect_right(starts, bound) - 1
        if number < 0:
            return bound
        start, end, new = found[number]
        if bound >= end:
            return bound + shifts[number + 1]
        return start + shifts[number] + min(bound - start, len(new))

    whole = replaced(text)
    bounds = [0, *(moved(bound) for bound in accumulate(len(data) for _, data in pieces))]
    cut = [Piece(piece.at, whole[bounds[n] : bounds[n + 1]]) for n, piece in enumerate(pieces)]
    return tuple([new for new, old in zip(cut, pieces, strict=True) if new.data or not old.data])


def encoded(pieces: Iterable[Piece], coding: str, *, is_whole: bool = True) -> tuple[Piece, ...]:
    """Each piece in the content-coding, flushed at its end, so that a client can decode it at once.

    The end of the coding is there only if the body `is_whole`.
    """
    pieces = list(pieces)
    for name in coding.split(", "):
        pieces = _encoded_once(pieces, name, is_whole)
    return tuple(pieces)


def _encoded_once(pieces: list[Piece], coding: str, is_whole: bool) -> list[Piece]:
    import zlib

    feed: Callable[[bytes], bytes]
    if coding in ("gzip", "x-gzip", "deflate"):
        deflate = zlib.compressobj(wbits=31 if coding.endswith("gzip") else 15)

        def feed(data: bytes) -> bytes:
            return deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)

        end = deflate.flush
    elif coding == "br":
        packer = brotli.Compressor(quality=5)

        def feed(data: bytes) -> bytes:
            return bytes(packer.process(data) + packer.flush())

        end = packer.finish
    else:
        squeeze = zstandard.ZstdCompressor().compressobj()

        def feed(data: bytes) -> bytes:
            return squeeze.compress(data) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

        end = squeeze.flush
    out = [Piece(at, feed(data)) for at, data in pieces]
    if out and is_whole:
        out[-1] = Piece(out[-1].at, out[-1].data + end())
    return out


def _size(pieces: Iterable[Piece]) -> int:
    return sum(len(data) for _, data in pieces)


def _with_length(headers: Headers, answer: Performance, size: int) -> Headers:
    """The head with the length that the body has now; of one that broke off, still more than came."""

    def corrected(declared: bytes) -> bytes:
        before = _size(answer.pieces)
        if answer.is_whole or not declared.isdigit() or int(declared) <= before:
            return str(size).encode()
        return str(max(int(declared) + size - before, size + 1)).encode()

    return tuple([(name, corrected(value) if name.lower() == _LENGTH else value) for name, value in headers])
