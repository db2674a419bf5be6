"""An incremental parser of event streams, by HTML §9.2.5 and §9.2.6 to the letter.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

Any way of cutting the same bytes into chunks gives the same events with the same offsets. No bytes
make it raise: what is no UTF-8 becomes U+FFFD, as in a browser.

Two ways through it: at the start of a block, the usual events (`event`, then one `data` line, or the
`data` line alone) are taken by one regular expression for as long as they follow each other; all
else goes line by line until the next chunk.
"""

import re
from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"
# One usual event, or whatever is left: so that matches have no gaps between them.
_USUAL = {
    False: re.compile(rb"((?:event: ?([^\r\n]*)\n)?data: ?([^\r\n]*)\n\n)|(?s:.+)"),
    True: re.compile(rb"((?:event: ?([^\r\n]*)\r\n)?data: ?([^\r\n]*)\r\n\r\n)|(?s:.+)"),
}
# §9.2.5: lines are separated by CR LF, by a single LF, or by a single CR.
_LINE = re.compile(rb"([^\r\n]*)(\r\n?|\n)")
_LONGEST_RETRY = 18


class SseEvent(NamedTuple):
    """One event as a browser dispatches it.

    `offset` is the byte of the stream where the event's block begins (its first line, be it a
    comment). `end` is the byte after the blank line that dispatched it; where that ends with CR LF,
    its LF is not counted, for the CR alone dispatches. `at` is the time of the chunk that completed
    it, `id` the last event ID at dispatch, `retry` the reconnection time (ms) that its block set.
    """

    offset: int
    end: int
    at: int
    event: str
    data: str
    id: str
    retry: int | None


class SseTail(NamedTuple):
    """What was pending when the stream ended, and was dropped (§9.2.6).

    `data` is None if the block had no data yet; `unfinished` is the last line, if nothing ended it.
    """

    offset: int
    end: int
    event: str
    data: str | None
    unfinished: bytes


class SseParser:
    """Feed it the decoded body of one response with `text/event-stream`, in any pieces."""

    __slots__ = (
        "_at",
        "_block",
        "_data",
        "_event",
        "_id",
        "_position",
        "_retry",
        "_skip_lf",
        "_started",
        "_unfinished",
    )

    def __init__(self) -> None:
        self._position = 0  # of the next byte to parse
        self._block = 0  # where the current block began
        self._started = False  # past a possible byte order mark
        self._skip_lf = False  # the last byte was a CR that ended a line
        self._unfinished: list[bytes] = []  # pieces of a line that nothing has ended yet
        self._event = ""
        self._data: list[str] = []
        self._id = ""
        self._retry: int | None = None
        self._at = 0

    def feed(self, data: bytes, at: int = 0) -> list[SseEvent]:
        """The events that these bytes complete; `at` is given back in them."""
        self._at = at
        if not self._started:
            data = self._without_bom(data)
        if self._skip_lf and data:
            self._skip_lf = False
            if data[0] == 0x0A:
                data = data[1:]
                self._block += self._block == self._position
                self._position += 1
        if not data:
            return []
        events: list[SseEvent] = []
        start = 0
        if self._unfinished or self._position != self._block or self._pending():
            start = self._by_line(data, 0, events, once=True)
        if start < len(data):
            start = self._usual(data, start, events)
        if start < len(data):
            self._by_line(data, start, events, once=False)
        return events

    def end(self) -> SseTail | None:
        """What the end of the stream drops; None if nothing but comments was pending."""
        unfinished = b"".join(self._unfinished)
        end = self._position + len(unfinished)
        if not self._pending() and (not unfinished or unfinished.startswith(b":")):
            return None
        data = "\n".join(self._data) if self._data else None
        return SseTail(self._block, end, self._event or "message", data, unfinished)

    def _pending(self) -> bool:
        return bool(self._data or self._event or self._retry is not None)

    def _without_bom(self, data: bytes) -> bytes:
        """§9.2.5: one leading U+FEFF is ignored; it may arrive in pieces."""
        held = b"".join(self._unfinished) + data
        self._unfinished = []
        if len(held) < len(_BOM) and _BOM.startswith(held):
            self._unfinished = [held] if held else []
            return b""
        self._started = True
        if held.startswith(_BOM):
            self._position = self._block = len(_BOM)
            return held[len(_BOM) :]
        return held

    def _usual(self, data: bytes, start: int, events: list[SseEvent]) -> int:
        """Take the usual events from `start` on, at the start of a block; where they stop."""
        crlf = b"\r" in data
        base = self._position - start
        position, at, last_id, new = self._position, self._at, self._id, tuple.__new__
        rest = data[start:] if start else data
        for block, name, value in _USUAL[crlf].findall(rest):
            if not block:
                break
            try:
                text, event = value.decode(), name.decode() or "message"
            except UnicodeDecodeError:
                text = value.decode("utf-8", "replace")
                event = name.decode("utf-8", "replace") or "message"
            end = position + len(block)
            # tuple.__new__ itself: the generated __new__ costs half as much again.
            events.append(new(SseEvent, (position, end - crlf, at, event, text, last_id, None)))
            position = end
        self._position = self._block = position
        return position - base

    def _by_line(self, data: bytes, start: int, events: list[SseEvent], *, once: bool) -> int:
        """Take lines from `start` on – if `once`, up to the end of the block; where it stopped."""
        # Only up to the last line end: beyond it the pattern would try every start of an endless line.
        for line in _LINE.finditer(data, start, 1 + max(data.rfind(b"\n"), data.rfind(b"\r"))):
            content, ending = line.groups()
            if self._unfinished:
                self._unfinished.append(content)
                content = b"".join(self._unfinished)
                self._unfinished = []
            self._position += len(content) + len(ending)
            start = line.end()
            if content:
                self._field(content)
            else:
                self._dispatch(ending, events)
            if start == len(data):
                self._skip_lf = ending == b"\r"
            elif once and not content:
                return start
        if start < len(data):
            self._unfinished.append(data[start:])
        return len(data)

    def _field(self, line: bytes) -> None:
        """§9.2.6, "process the field"; a line that starts with a colon is a comment."""
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            # "If the field value does not contain U+0000 NULL …, otherwise ignore the field."
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self._retry = int(value[:_LONGEST_RETRY])

    def _dispatch(self, ending: bytes, events: list[SseEvent]) -> None:
        """§9.2.6, "dispatch the event": without any data it is dropped, though its `id` has stuck."""
        if self._data:
            end = self._position - (ending == b"\r\n")
            event, data = self._event or "message", "\n".join(self._data)
            events.append(SseEvent(self._block, end, self._at, event, data, self._id, self._retry))
            self._data = []
        self._event = ""
        self._retry = None
        self._block = self._position
