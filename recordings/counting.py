"""How many events of an event stream a browser would dispatch, without parsing what is in them.

An event is dispatched at the blank line after it if it had a `data` field, even an empty one
(HTML, 9.2.6). So only line ends and lines that begin with `data` matter, and a summary column of a
recording costs a few nanoseconds a byte. `contract.sse` says what the events are.
"""

_LONG = 65536
_BOM = "\xef\xbb\xbf"
_BLANK = b"\n\n"
_DATA = b"\ndata:"


class EventCount:
    """Counts the dispatched events of one stream, in whatever pieces it comes."""

    __slots__ = ("_begun", "_rest", "events")

    def __init__(self) -> None:
        self.events = 0
        self._rest = ""
        self._begun = False

    def feed(self, data: bytes) -> None:
        """Count what `data` completes."""
        if not self._rest and (alike := _alike(data)):
            self.events += alike
            self._begun = True
            return
        # As text of one character a byte: looking into strings is several times as fast as into bytes.
        text = self._rest + data.decode("latin-1")
        if not self._begun:
            if len(text) < len(_BOM):
                self._rest = text
                return
            self._begun = True
            text = text.removeprefix(_BOM)
        held = ""
        if "\r" in text:
            if text.endswith("\r"):
                text, held = text[:-1], "\r"
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        *blocks, rest = text.split("\n\n")
        self.events += sum(["\ndata:" in block or _dispatched(block) for block in blocks])
        if len(rest) > _LONG:
            rest = _shortened(rest)
        self._rest = rest + held

    def end(self) -> int:
        """The number of events, the stream being over: a last CR is a line end, no half of one."""
        if self._rest.endswith("\r"):
            self.feed(b"\n")
        return self.events


def _alike(data: bytes) -> int:
    """The number of events in whole blocks that all begin as the first one does, up to their `data` field.

    So most streams are counted without looking at each event. The last block may differ: it is often the
    one that says that the stream is over. 0 where that is not how it is.
    """
    last = data.rfind(_BLANK, 0, -2) + 2
    if last < 4 or b"\r" in data or not data.endswith(_BLANK):
        return 0
    field = 0 if data.startswith(_DATA[1:]) else data.find(_DATA, 0, data.find(_BLANK)) + 1
    if not field and not data.startswith(_DATA[1:]):
        return 0
    first = data[: field + len(_DATA) - 1]
    count = 1 + data.count(_BLANK + first, 0, last)
    # So many blocks have at least so many line ends; if there are no more, there are no other blocks.
    if data.count(b"\n", 0, last) != count * (first.count(b"\n") + 2):
        return 0
    return count + _dispatched(data[last:-2].decode("latin-1"))


def _dispatched(block: str) -> bool:
    """Whether `block`, lines between line feeds, has a `data` field."""
    block = "\n" + block
    return "\ndata:" in block or "\ndata\n" in block or block.endswith("\ndata")


def _shortened(block: str) -> str:
    """What matters of an unfinished block: whether it has a `data` field, and how its last line begins."""
    lines, _, last = block.rpartition("\n")
    return ("data:" if _dispatched(lines) else "") + "\n" + last[:8]
