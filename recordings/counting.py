"""How many events of an event stream a browser would dispatch, without parsing what is in them.

An event is dispatched at the blank line after it if it had a `data` field, even an empty one
(HTML, 9.2.6). So only line ends and lines that begin with `data` matter, and a summary column of a
recording costs a few nanoseconds a byte. `contract.sse` says what the events are.
"""

_LONG = 65536


class EventCount:
    """Counts the dispatched events of one stream, in whatever pieces it comes."""

    __slots__ = ("_begun", "_rest", "events")

    def __init__(self) -> None:
        self.events = 0
        self._rest = b""
        self._begun = False

    def feed(self, data: bytes) -> None:
        """Count what `data` completes."""
        if not self._begun:
            if len(self._rest) + len(data) < 3:
                self._rest += data
                return
            self._begun = True
            data = (self._rest + data).removeprefix(b"\xef\xbb\xbf")
            self._rest = b""
        text = self._rest + data
        held = b""
        if b"\r" in text:
            if text.endswith(b"\r"):
                text, held = text[:-1], b"\r"
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *blocks, rest = text.split(b"\n\n")
        self.events += sum([_dispatched(block) for block in blocks])
        if len(rest) > _LONG:
            rest = _shortened(rest)
        self._rest = rest + held

    def end(self) -> int:
        """The number of events, the stream being over: a last CR is a line end, no half of one."""
        if self._rest.endswith(b"\r"):
            self.feed(b"\n")
        return self.events


def _dispatched(block: bytes) -> bool:
    """Whether `block`, lines between line feeds, has a `data` field."""
    block = b"\n" + block
    return b"\ndata:" in block or b"\ndata\n" in block or block.endswith(b"\ndata")


def _shortened(block: bytes) -> bytes:
    """What matters of an unfinished block: whether it has a `data` field, and how its last line begins."""
    lines, _, last = block.rpartition(b"\n")
    return (b"data:" if _dispatched(lines) else b"") + b"\n" + last[:8]
