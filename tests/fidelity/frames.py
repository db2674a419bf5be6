"""HTTP/2 frames as they are on the wire (RFC 9113 §4, §6): written one by one, read one by one.

Deliberately below any HTTP/2 connection object: what a test says is what is sent, and what it sees
is what arrived, with the frames' bounds and flags.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import hpack
import hyperframe.frame as wire

type Fields = tuple[tuple[bytes, bytes], ...]

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW = 2**24


@dataclass(frozen=True)
class Headers:
    """A header section: a head or, later in the stream, trailers. `parts` > 1 adds CONTINUATION frames."""

    stream: int
    fields: Fields
    end: bool = False
    parts: int = 1

    def encode(self, encoder: hpack.Encoder) -> bytes:
        block = encoder.encode(list(self.fields), huffman=False)
        size = -(-len(block) // self.parts)
        pieces = [block[start : start + size] for start in range(0, len(block), size)]
        first = wire.HeadersFrame(self.stream, data=pieces[0], flags=["END_STREAM"] if self.end else [])
        frames: list[wire.Frame] = [first]
        frames += [wire.ContinuationFrame(self.stream, data=piece) for piece in pieces[1:]]
        frames[-1].flags.add("END_HEADERS")
        return b"".join(frame.serialize() for frame in frames)


@dataclass(frozen=True)
class Data:
    """One DATA frame, with `pad` bytes of padding where that is not None."""

    stream: int
    data: bytes
    end: bool = False
    pad: int | None = None

    def encode(self, _: hpack.Encoder) -> bytes:
        frame = wire.DataFrame(self.stream, data=self.data, pad_length=self.pad or 0)
        if self.end:
            frame.flags.add("END_STREAM")
        if self.pad is not None:
            frame.flags.add("PADDED")
        return frame.serialize()


@dataclass(frozen=True)
class Reset:
    """RST_STREAM."""

    stream: int
    code: int

    def encode(self, _: hpack.Encoder) -> bytes:
        return wire.RstStreamFrame(self.stream, error_code=self.code).serialize()


@dataclass(frozen=True)
class Raw:
    """Any frame's bytes."""

    data: bytes

    def encode(self, _: hpack.Encoder) -> bytes:
        return self.data


type Outgoing = Headers | Data | Reset | Raw


def opening(*, client: bool) -> bytes:
    """What an end says first: windows so large that no test has to wait for an update."""
    settings = wire.SettingsFrame(settings={wire.SettingsFrame.INITIAL_WINDOW_SIZE: WINDOW})
    grown = wire.WindowUpdateFrame(0, window_increment=WINDOW)
    return (PREFACE if client else b"") + settings.serialize() + grown.serialize()


class Frame(NamedTuple):
    """A frame that arrived: HEADERS with the decoded fields, DATA with its bytes, others in words."""

    kind: str
    stream: int
    flags: tuple[str, ...]
    content: Fields | bytes | str | int


class FrameReader:
    """Frames out of the bytes of one direction of a connection."""

    def __init__(self) -> None:
        self._unread = b""
        self._decoder = hpack.Decoder(max_header_list_size=2**20)
        self._block: bytes = b""
        self._head: wire.Frame | None = None

    def feed(self, data: bytes) -> list[Frame]:
        self._unread += data
        if self._unread.startswith(PREFACE):
            self._unread = self._unread[len(PREFACE) :]
        return [seen for frame in self._split() for seen in self._read(frame)]

    def _split(self) -> Iterator[wire.Frame]:
        while len(self._unread) >= 9:
            frame, length = wire.Frame.parse_frame_header(memoryview(self._unread[:9]))
            if len(self._unread) < 9 + length:
                return
            frame.parse_body(memoryview(self._unread[9 : 9 + length]))
            self._unread = self._unread[9 + length :]
            yield frame

    def _read(self, frame: wire.Frame) -> Iterable[Frame]:
        flags = tuple(sorted(frame.flags))
        match frame:
            case wire.HeadersFrame() | wire.ContinuationFrame():
                return self._fields(frame)
            case wire.DataFrame():
                return [Frame("DATA", frame.stream_id, flags, bytes(frame.data))]
            case wire.RstStreamFrame():
                return [Frame("RST_STREAM", frame.stream_id, flags, frame.error_code)]
        kind = frame.__class__.__name__.removesuffix("Frame").upper()
        return [Frame(kind, frame.stream_id, flags, frame._body_repr())]

    def _fields(self, frame: wire.HeadersFrame | wire.ContinuationFrame) -> list[Frame]:
        self._head = self._head or frame
        self._block += bytes(frame.data)
        if "END_HEADERS" not in frame.flags:
            return []
        decoded = self._decoder.decode(self._block, raw=True)
        fields = tuple((bytes(name), bytes(value)) for name, value in decoded)
        flags = tuple(sorted({*self._head.flags, "END_HEADERS"}))
        self._head, self._block = None, b""
        return [Frame("HEADERS", frame.stream_id, flags, fields)]
