"""Event streams block by block, to the byte (HTML §9.2.5).

A block is all up to and including a blank line; a byte order mark and comments belong to the block
that follows them. Any way of cutting the same bytes into chunks gives the same blocks. Where a line
ends with a lone CR, so does the blank line after it: an LF that may follow is a block of its own,
without any event.
"""

import re
from typing import NamedTuple

from contract.headers import content_coding, media_type
from contract.sse import SseEvent, SseParser
from faults.parts import Start

LIMIT = 1 << 20
"""Bytes of a block that are waited for."""
TOO_LONG = "an event is longer than 1 MiB"

_EVENT_STREAM = "text/event-stream"
# Where a line end and a blank line meet; a CR at the very end may be half of a CR LF.
_BLANK = re.compile(rb"\n(?:\n|\r\n|\r(?=[^\n]))|\r\r")
_BLANK_FIRST = re.compile(rb"\n|\r\n|\r(?=[^\n])")


class Block(NamedTuple):
    """A whole block: its bytes, where they begin in the body, and the event that it dispatches, if any.

    `number` counts the events from 1; it is 0 where there is none.
    """

    raw: bytes
    offset: int
    number: int
    event: SseEvent | None


def is_event_stream(start: Start) -> bool:
    """Whether the head says so."""
    return media_type(start.headers) == _EVENT_STREAM


def unreadable(start: Start) -> str:
    """Why the events of this message cannot be seen; empty where they can."""
    if coding := content_coding(start.headers):
        return f"the body is compressed ({coding})"
    return "" if is_event_stream(start) else "the body is no event stream"


class Blocks:
    """Feed it a body. `rest` is what has come of the next block; `is_too_long` says that it gave up there."""

    def __init__(self) -> None:
        self.rest = bytearray()
        self.is_too_long = False
        self._offset = 0
        self._number = 0
        self._parser = SseParser()

    def feed(self, data: bytes) -> list[Block]:
        """The blocks that these bytes complete; none any more once it gave up."""
        seen = max(0, len(self.rest) - 2)
        self.rest += data
        blocks: list[Block] = []
        begin = 0
        while begin < len(self.rest):
            end = self._end(begin, max(begin, seen))
            if end is None or end - begin > LIMIT:
                break
            blocks.append(self._block(bytes(self.rest[begin:end]), self._offset + begin))
            begin = end
        del self.rest[:begin]
        self._offset += begin
        self.is_too_long = len(self.rest) > LIMIT
        return blocks

    def end(self) -> list[Block]:
        """The block that only the end of the body completes, for nothing can follow its CR any more."""
        raw = bytes(self.rest)
        if raw != b"\r" and not raw.endswith(b"\n\r"):
            return []
        self.rest.clear()
        return [self._block(raw, self._offset)]

    def _end(self, begin: int, seen: int) -> int | None:
        found = _BLANK_FIRST.match(self.rest, begin) or _BLANK.search(self.rest, seen)
        return found.end() if found else None

    def _block(self, raw: bytes, offset: int) -> Block:
        event = next(iter(self._parser.feed(raw)), None)
        self._number += event is not None
        return Block(raw, offset, self._number if event else 0, event)


class EventEnd:
    """Finds where the `number`-th event of a stream ends, while its bytes go by."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._blocks = Blocks()
        self._fed = 0
        self.is_lost = False
        """It gave up, for an event was too long."""

    def find(self, data: bytes) -> int | None:
        """Where in these bytes it ends; None if it does not."""
        if self.is_lost:
            return None
        before, self._fed = self._fed, self._fed + len(data)
        for block in self._blocks.feed(data):
            if block.number == self._number:
                return block.offset + len(block.raw) - before
        if self._blocks.is_too_long:
            self.is_lost = True
            self._blocks.rest.clear()
        return None

    def is_at_end(self) -> bool:
        """Whether it ends with the body."""
        return any(block.number == self._number for block in self._blocks.end())
