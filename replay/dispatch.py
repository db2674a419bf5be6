"""What a browser dispatches of a recorded response, on one side of the proxy."""

import re
from collections.abc import Iterable, Iterator

from contract.events import Chunk, End, Event, Form, Message, ResponseHead, Side
from contract.headers import content_coding, media_type
from contract.sse import SseEvent, SseParser
from recordings.decoding import Decoder, decoder_for

SEEN_ON = {
    Side.CLIENT: (Side.CLIENT, Side.BOTH),
    Side.SERVER: (Side.SERVER, Side.BOTH),
    Side.BOTH: (Side.BOTH, Side.CLIENT, Side.SERVER),
}
"""The sides of events that were seen on a side; a look here costs a tenth of an operation on flags."""

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class PlainBody:
    """The decoded bytes of one body, chunk by chunk; `why` says why no more can be decoded."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._decoder: Decoder | None = decoder_for(coding)
        self.why = ""

    def feed(self, chunk: Chunk) -> bytes:
        """What `chunk` adds; never raises."""
        if chunk.form is Form.LOST:
            if self._coding:
                self.why = self.why or "bytes were not kept, and what follows them cannot be decoded"
            return b""
        if chunk.form is Form.DECODED:
            self._coding, self._decoder = "", None
            return chunk.data
        if self.why or not self._coding:
            return b"" if self.why else chunk.data
        if self._decoder is None:
            self.why = f"the content-coding {self._coding!r} cannot be undone"
            return b""
        try:
            return self._decoder.feed(chunk.data)
        except ValueError as error:
            self.why = f"the bytes are not in their content-coding: {error}"
            return b""


class Dispatcher:
    """Feed it the chunks of one response; it gives the events in it, as HTML §9.2.6 dispatches them.

    Offsets count decoded bytes. Where bytes were not kept, events begin again after the next blank
    line, with the offsets that they had; `lost` counts the bytes.
    """

    def __init__(self, coding: str = "") -> None:
        self.body = PlainBody(coding)
        self.lost = 0
        self._parser = SseParser()
        self._position = self._base = 0
        self._searching: bytes | None = None
        """The last bytes seen while looking for a blank line."""

    def feed(self, chunk: Chunk) -> list[SseEvent]:
        """The events that `chunk` completes."""
        if chunk.form is Form.LOST and chunk.size:
            self.lost += chunk.size
            self._position += chunk.size
            self._searching = b""
            return []
        data = self.body.feed(chunk)
        self._position += len(data)
        if self._searching is not None:
            data = self._after_blank_line(data)
        events = self._parser.feed(data, chunk.at)
        if self._base:
            events = [e._replace(offset=e.offset + self._base, end=e.end + self._base) for e in events]
        return events

    def pending(self) -> str | None:
        """What the end of the stream drops (§9.2.6), None if nothing; to be asked once, at the end."""
        if self._searching is not None or self.body.why:
            return None
        tail = self._parser.end()
        if tail is None:
            return None
        return tail.unfinished.decode("utf-8", "replace") if tail.data is None else tail.data

    def _after_blank_line(self, data: bytes) -> bytes:
        seen = (self._searching or b"") + data
        found = _BLANK_LINE.search(seen)
        if found is None:
            self._searching = seen[-3:]
            return b""
        rest = seen[found.end() :]
        self._searching = None
        self._parser = SseParser()
        self._base = self._position - len(rest)
        return rest


def is_event_stream(head: ResponseHead) -> bool:
    """Whether a browser takes the body as events."""
    return media_type(head.headers) == "text/event-stream"


def dispatched(events: Iterable[Event], side: Side) -> Iterator[SseEvent]:
    """The events of one exchange's response on `side`; none where it is no event stream."""
    dispatcher: Dispatcher | None = None
    for event in events:
        if isinstance(event, ResponseHead) and event.side & side:
            dispatcher = Dispatcher(content_coding(event.headers)) if is_event_stream(event) else None
        elif dispatcher is not None and isinstance(event, Chunk) and is_of_response(event, side):
            yield from dispatcher.feed(event)


def is_of_response(event: Chunk | End, side: Side) -> bool:
    """Whether `event` belongs to the response and was seen on `side`."""
    return event.message is Message.RESPONSE and event.side in SEEN_ON[side]
