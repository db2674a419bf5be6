"""zstd for bodies and timelines: one compressor per thread, because they are not safe to share."""

import threading

import zstandard

_WORTH_PACKING = 256


class _Codecs(threading.local):
    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=3).compress
        self.compress_quickly = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


CODECS = _Codecs()


def squeeze(data: bytes, least: int = _WORTH_PACKING) -> tuple[str, bytes]:
    """(coding, data) to store: zstd where it pays and there are `least` bytes, else the bytes as they are."""
    if len(data) >= least:
        packed = CODECS.compress(data)
        if len(packed) < len(data):
            return "zstd", packed
    return "", data


def unsqueeze(coding: str, data: bytes) -> bytes:
    """The bytes that `squeeze` was given. Raises `ValueError` where that fails."""
    if not coding:
        return data
    if coding != "zstd":
        raise ValueError(f"unknown coding {coding!r}")
    try:
        return CODECS.decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged zstd data: {error}") from error
