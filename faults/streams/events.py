"""What faults about single events share: they see an event stream event by event."""

from abc import abstractmethod
from typing import ClassVar, override

from faults.fault import Family, Fault
from faults.parts import Cut, Data, End, Part, Start
from faults.scene import Scene, What
from faults.stage import Stage
from faults.streams.blocks import TOO_LONG, Block, Blocks, is_event_stream, unreadable

_MARK = b"\xef\xbb\xbf"


class EventFault(Fault):
    """A fault that is about event streams and nothing else."""

    family: ClassVar[Family] = "streams"

    @override
    def applies(self, scene: Scene, start: Start) -> bool:
        return is_event_stream(start)


class EventStage(Stage):
    """Gives each event to `event`; all else passes. What leaves because a chunk came is one chunk.

    `kept` is what a kind keeps back; it leaves at the end, if not before. Where the body is compressed
    or an event is too long, all passes from there on.
    """

    changes_length = True

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.kept = b""
        self._blocks = Blocks()
        self._is_passing = False
        self._has_struck = False

    @abstractmethod
    def event(self, block: Block) -> list[bytes]:
        """What leaves instead of an event, in order."""

    def other(self, block: Block) -> list[bytes]:
        """What leaves instead of a block without any event."""
        return [block.raw]

    def missed(self) -> str:
        """Why the stream has ended without a change."""
        return "no event that it is for came"

    def change(self, name: str, before: bytes, after: bytes, offset: int) -> None:
        """Write into the journal that these bytes at `offset` leave as others."""
        self._has_struck = True
        self.note(What.BODY, name, before, after, offset)

    @override
    def start(self, start: Start, now: int) -> list[Part]:
        if why := unreadable(start):
            self._is_passing, self.changes_length = True, False
            self.note(What.PASSED, why)
        return [start]

    @override
    def data(self, data: bytes, now: int) -> list[Part]:
        if self._is_passing:
            return [Data(data)]
        out = self._through(self._blocks.feed(data))
        if self._blocks.is_too_long:
            self._is_passing = True
            self.note(What.PASSED, TOO_LONG)
            out += self._last()
        self.held = len(self._blocks.rest) + len(self.kept)
        return _grouped(out)

    @override
    def end(self, end: End, now: int) -> list[Part]:
        if self._is_passing:
            return [end]
        out = self._through(self._blocks.end())
        if not self._has_struck:
            self.note(What.PASSED, self.missed())
        out += self._last()
        self.held = 0
        return [*_grouped(out), end]

    @override
    def cut(self, cut: Cut, now: int) -> list[Part]:
        self._last()
        self.held = 0
        return [cut]

    def _through(self, blocks: list[Block]) -> list[bytes]:
        out: list[bytes] = []
        for block in blocks:
            out += self.event(block) if block.event else self.other(block)
        return out

    def _last(self) -> list[bytes]:
        """All that is kept back."""
        out = [self.kept, bytes(self._blocks.rest)]
        self.kept = b""
        self._blocks.rest.clear()
        return out


def told(block: Block) -> str:
    """An event in a few words."""
    return f"event {block.number} ({block.event.event})" if block.event else "a comment"


def without_mark(block: Block) -> bytes:
    """The bytes of an event without the stream's byte order mark: for elsewhere than at its beginning."""
    return block.raw.removeprefix(_MARK) if block.offset == 0 else block.raw


def _grouped(pieces: list[bytes]) -> list[Part]:
    joined = b"".join(pieces)
    return [Data(joined)] if joined else []
