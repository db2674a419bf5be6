"""Undo content-codings as the bytes come (RFC 9110 §8.4): gzip, deflate, br, zstd, and lists of them.

A decoder gives out all that can be decoded so far, so that a live stream is never waited for. What one
call may yield is bounded: a body that expands beyond it is an error, not an exhausted memory.
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import brotli
import zstandard

MOST_AT_ONCE = 16 * 1024 * 1024
"""Bytes that one `feed` may yield by default."""

_ZSTD_SLICE = 256
"""Bytes handed to zstd at once: it knows no bound, and four bytes can stand for a block of 128 KiB."""
_ZSTD_WINDOW = 8 * 1024 * 1024
"""RFC 9659 §3: no larger window in a content-coding."""


class Decoder(Protocol):
    """Undoes one content-coding (or a list of them), whatever the bounds of the pieces are.

    `feed` gives what is decoded by `data`, `end` what is left (nothing, in practice) and checks that the
    coding's own end was there. Both raise ValueError on what the coding does not allow, and on more than
    the bound at once.
    """

    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the decoded bytes."""
        ...

    def end(self) -> bytes:
        """The rest; raises ValueError where the coding was cut short."""
        ...


class _Zlib:
    """What gzip and deflate share: bounded inflating."""

    coding = "deflate"

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._inflate = zlib.decompressobj()
        self._head = b""
        """Bytes that are too few yet to tell what follows."""
        self._begun = False

    def _some(self, data: bytes, room: int) -> bytes:
        try:
            plain = self._inflate.decompress(data, room + 1)
        except zlib.error as error:
            raise ValueError(f"{self.coding}: {error}") from error
        if len(plain) > room:
            raise ValueError(f"{self.coding}: expands beyond {self._most:,} bytes at once")
        return plain

    def end(self) -> bytes:
        """Nothing more; raises ValueError where the coding was cut short."""
        if self._head or (self._begun and not self._inflate.eof):
            raise ValueError(f"{self.coding}: cut short")
        return b""


class GzipDecoder(_Zlib):
    """gzip (RFC 1952), of one or many members; zero bytes may follow them."""

    coding = "gzip"

    def feed(self, data: bytes) -> bytes:
        """What `data` adds."""
        data, self._head = self._head + data, b""
        plain = b""
        while data:
            if not self._begun or self._inflate.eof:
                if self._begun:
                    data = data.lstrip(b"\0")
                if len(data) < 2:
                    self._head = data
                    break
                if data[:2] != b"\x1f\x8b":
                    raise ValueError("gzip: no gzip member where one should start")
                self._inflate = zlib.decompressobj(wbits=31)
                self._begun = True
            plain += self._some(data, self._most - len(plain))
            data = self._inflate.unused_data
        return plain


class DeflateDecoder(_Zlib):
    """deflate: the zlib format (RFC 1950), or the bare one (RFC 1951) that some servers send."""

    def feed(self, data: bytes) -> bytes:
        """What `data` adds."""
        data, self._head = self._head + data, b""
        if not self._begun:
            if len(data) < 2:
                self._head = data
                return b""
            wrapped = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._inflate = zlib.decompressobj(wbits=15 if wrapped else -15)
            self._begun = True
        elif self._inflate.eof and data:
            raise ValueError("deflate: bytes after the end")
        plain = self._some(data, self._most)
        if self._inflate.unused_data:
            raise ValueError("deflate: bytes after the end")
        return plain


class BrotliDecoder:
    """br (RFC 7932)."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._brotli = brotli.Decompressor()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """What `data` adds."""
        if not data:
            return b""
        self._begun = True
        try:
            plain: bytes = self._brotli.process(data, output_buffer_limit=self._most + 1)
            while not self._brotli.can_accept_more_data() and len(plain) <= self._most:
                plain += self._brotli.process(b"", output_buffer_limit=self._most + 1)
        except brotli.error as error:
            raise ValueError(f"br: {error}") from error
        if len(plain) > self._most:
            raise ValueError(f"br: expands beyond {self._most:,} bytes at once")
        return plain

    def end(self) -> bytes:
        """Nothing more; raises ValueError where the coding was cut short."""
        if self._begun and not self._brotli.is_finished():
            raise ValueError("br: cut short")
        return b""


class ZstdDecoder:
    """zstd (RFC 8878), of one or many frames."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame = self._context.decompressobj()
        self._begun = False

    def feed(self, data: bytes) -> bytes:
        """What `data` adds."""
        plain = b""
        for at in range(0, len(data), _ZSTD_SLICE):
            plain += self._slice(data[at : at + _ZSTD_SLICE])
            if len(plain) > self._most:
                raise ValueError(f"zstd: expands beyond {self._most:,} bytes at once")
        return plain

    def _slice(self, data: bytes) -> bytes:
        plain = b""
        while data:
            if self._frame.eof:
                self._frame = self._context.decompressobj()
            self._begun = True
            try:
                plain += self._frame.decompress(data)
            except zstandard.ZstdError as error:
                raise ValueError(f"zstd: {error}") from error
            data = self._frame.unused_data
        return plain

    def end(self) -> bytes:
        """Nothing more; raises ValueError where the coding was cut short."""
        if self._begun and not self._frame.eof:
            raise ValueError("zstd: cut short")
        return b""


class _List:
    """Codings that were applied one after the other: the last is undone first."""

    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders

    def feed(self, data: bytes) -> bytes:
        """What `data` adds."""
        for decoder in self._decoders:
            data = decoder.feed(data)
        return data

    def end(self) -> bytes:
        """Nothing more; raises ValueError where the coding was cut short."""
        data = b""
        for decoder in self._decoders:
            data = decoder.feed(data) + decoder.end()
        return data


DECODERS: Mapping[str, Callable[[], Decoder]] = {
    "gzip": GzipDecoder,
    "x-gzip": GzipDecoder,
    "deflate": DeflateDecoder,
    "br": BrotliDecoder,
    "zstd": ZstdDecoder,
}
"""Decoders by the name of the coding, in lower case (`x-gzip`: RFC 9110 §8.4.1.3)."""

MOST_CODINGS = 5
"""More of them on one body are not undone: each can multiply the work of the next."""


def codings(content_encoding: str) -> list[str]:
    """The codings that a Content-Encoding field names, in the order in which they were applied."""
    names = (name.strip().lower() for name in content_encoding.split(","))
    return [name for name in names if name not in ("", "identity")]


def decoder_for(content_encoding: str) -> Decoder | None:
    """A decoder for the value of a Content-Encoding field.

    None where there is nothing to undo, or where a coding is not known (or too many are listed): the
    bytes are then taken as they are.
    """
    names = codings(content_encoding)
    if not names or len(names) > MOST_CODINGS or any(name not in DECODERS for name in names):
        return None
    decoders = [DECODERS[name]() for name in reversed(names)]
    return decoders[0] if len(decoders) == 1 else _List(decoders)
