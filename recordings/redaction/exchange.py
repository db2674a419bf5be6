"""What is open of one exchange while it is redacted: heads seen, bodies under way, events that wait."""

from collections import deque
from collections.abc import Iterable

from contract.events import Chunk, Event, Kind, Message, Side
from recordings.redaction.heads import Section
from recordings.redaction.messages import BodyStream, Part
from recordings.redaction.quotes import BodyQuotes

_BOTH, _CLIENT, _SERVER = Side.BOTH, Side.CLIENT, Side.SERVER
_REQUEST = Message.REQUEST
_BY_CLIENT, _BY_SERVER = (_CLIENT, _BOTH, _SERVER), (_SERVER, _BOTH, _CLIENT)


class Piece:
    """A chunk that waits, and its parts in the streams it belongs to (two where the sides went apart)."""

    __slots__ = ("chunk", "parts")

    def __init__(self, chunk: Chunk, parts: list[tuple[BodyStream, Part]]) -> None:
        self.chunk = chunk
        self.parts = parts

    def is_decided(self) -> bool:
        """Whether it can be rendered."""
        for stream, part in self.parts:  # noqa: SIM110 - a generator costs more than the loop
            if not stream.decided(part):
                return False
        return True


class Half:
    """What is open of one message."""

    __slots__ = ("ended", "message", "open_sides", "sections", "streams")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.sections: dict[Side, Section] = {}
        self.streams: dict[Side, BodyStream] = {}
        self.open_sides = 3
        self.ended = False
        """It was one chunk of JSON, which needed no stream; what should follow after all is lost."""

    def section(self, side: Side) -> Section | None:
        """The head that a body on `side` goes by."""
        own = side if side is not _BOTH else _CLIENT if self.message is _REQUEST else _SERVER
        for known in _BY_CLIENT if own is _CLIENT else _BY_SERVER:
            section = self.sections.get(known)
            if section is not None:
                return section
        return None

    def end(self, side: Side) -> None:
        """The message is complete on `side`."""
        self.open_sides = 0 if side is _BOTH else self.open_sides & ~int(side)


class OpenExchange:
    """One exchange, its two messages, and what waits.

    `lone` is a chunk that may be the whole of its body: it is only looked at when the next event of
    the exchange says so.
    """

    __slots__ = ("kind", "lone", "missing", "quotes", "request", "response", "waiting", "waiting_bytes")

    def __init__(self, kind: Kind = Kind.HTTP) -> None:
        self.kind = kind
        self.request = Half(_REQUEST)
        self.response = Half(Message.RESPONSE)
        self.lone: Chunk | None = None
        self.waiting: deque[Piece | Event] = deque()
        self.waiting_bytes = 0
        self.missing = False
        """Events of it were not kept: no body can be read from its start."""
        self.quotes: dict[tuple[Message, str], BodyQuotes] = {}
        """Of its bodies in the journal, by the fault."""

    def half(self, message: Message) -> Half:
        """What is open of `message`."""
        return self.request if message is _REQUEST else self.response

    def all_streams(self) -> Iterable[BodyStream]:
        """The bodies under way."""
        return (*self.request.streams.values(), *self.response.streams.values())

    def is_over(self) -> bool:
        """Whether both messages are complete on both sides."""
        return not (self.request.open_sides or self.response.open_sides)

    def split(self, message: Message) -> None:
        """From here on the two sides of a message differ: each goes on by itself."""
        streams = self.half(message).streams
        joined = streams.pop(_BOTH, None)
        if joined is None:
            return
        twin = joined.fork()
        streams[_CLIENT], streams[_SERVER] = joined, twin
        for piece in self.waiting:
            if isinstance(piece, Piece):
                piece.parts += [(twin, part) for stream, part in piece.parts if stream is joined]

    def join(self, message: Message) -> None:
        """Both sides saw the same again: go on as one, if nothing of what came apart matters any more."""
        half = self.half(message)
        streams = half.streams
        if not self.waiting and len(streams) == 2 and streams[_CLIENT].can_stand_for(streams[_SERVER]):
            half.streams = {_BOTH: streams[_CLIENT]}

    def holds(self, message: Message) -> bool:
        """Whether chunks of `message` wait."""
        return any(isinstance(piece, Piece) and piece.chunk.message is message for piece in self.waiting)
