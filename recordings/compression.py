"""zstd for bodies and timelines: one compressor per thread, because they are not safe to share."""

import threading

import zstandard

_WORTH_PACKING = 256
PLAIN, RAW, ZSTD = "", "raw", "zstd"
"""How bytes are stored: as they are, being UTF-8; as they are, and no UTF-8; packed. Views show only the
first as text, because many SQLite libraries raise where a text is no UTF-8."""


class _Codecs(threading.local):
    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=3).compress
        self.compress_quickly = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


CODECS = _Codecs()


def squeeze(data: bytes, least: int = _WORTH_PACKING) -> tuple[str, bytes]:
    """(coding, data) to store: packed where it pays and there are `least` bytes, else as they are."""
    if len(data) >= least:
        packed = CODECS.compress(data)
        if len(packed) < len(data):
            return ZSTD, packed
    return (PLAIN if is_utf8(data) else RAW), data


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def unsqueeze(coding: str, data: bytes) -> bytes:
    """The bytes that `squeeze` was given. Raises `ValueError` where that fails."""
    if coding in (PLAIN, RAW):
        return data
    if coding != ZSTD:
        raise ValueError(f"unknown coding {coding!r}")
    try:
        return CODECS.decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged zstd data: {error}") from error
