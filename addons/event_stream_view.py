"""mitmproxy's content view for event streams: its events with their times and sizes, and the verdict.

Times are those at which the client got what completed an event, since the head of the answer came. They
are known for streams that passed while mitmproxy ran, and whose content is kept (`addons.contents`).
"""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from mitmproxy import http
from mitmproxy.contentviews import Contentview, Metadata

from addons.contents import Contents
from addons.wording import printable
from contract.sse import SseEvent, SseParser, SseTail
from recordings.decoding import decoder_for

_MEDIA_TYPE = "text/event-stream"
_WIDTH = 72
_APART = " "
"""Between paragraphs; mitmweb leaves an empty line out."""
_PRIORITY = 2.0
"""Above mitmproxy's own views, of which the keenest says 1."""


class _Read(NamedTuple):
    events: list[SseEvent]
    tail: SseTail | None
    size: int
    chunks: int | None
    """None where the times are not known."""


class EventStreamContentview(Contentview):
    """`contents` gives what is kept of the bodies that passed."""

    def __init__(self, contents: Callable[[], Contents | None]) -> None:
        self._contents = contents

    @property
    def name(self) -> str:
        """As mitmproxy lists it."""
        return "Event Stream"

    def render_priority(self, data: bytes, metadata: Metadata) -> float:
        """For event streams the first choice, for all else none."""
        return _PRIORITY if metadata.content_type == _MEDIA_TYPE else -1

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        """A few lines on the whole stream, and a line for each event."""
        flow = metadata.flow
        remarks = [] if flow is None else _wrapped(flow.comment)
        read = self._read(data, metadata.http_message)
        above = [*remarks, _APART] if remarks else []
        return "\n".join([*above, *_lines(read)]) + "\n"

    def _read(self, data: bytes, message: http.Message | None) -> _Read:
        contents = self._contents()
        body = contents.of(message) if contents is not None and message is not None else None
        if body is not None and message is not None:
            pieces = [(at - body.head_at, chunk) for at, chunk in body.chunks()]
            coding = message.headers.get("content-encoding", "")
            decoded = list(_decoded(pieces, coding))
            if b"".join(piece for _, piece in decoded) == data:
                return _parsed(decoded, chunks=len(pieces))
        return _parsed([(0, data)], chunks=None)


def _wrapped(comment: str) -> list[str]:
    return [
        part
        for line in comment.split("\n")
        for part in textwrap.wrap(
            printable(line), _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    ]


def _decoded(pieces: Iterable[tuple[int, bytes]], coding: str) -> Iterator[tuple[int, bytes]]:
    """`pieces` without their content-coding, as far as they can be decoded."""
    decoder, at = decoder_for(coding) if coding else None, 0
    try:
        for at, piece in pieces:
            yield at, piece if decoder is None else decoder.feed(piece)
        if decoder is not None:
            yield at, decoder.end()
    except ValueError:
        return


def _parsed(pieces: Iterable[tuple[int, bytes]], *, chunks: int | None) -> _Read:
    parser, events, size = SseParser(), list[SseEvent](), 0
    for at, piece in pieces:
        events += parser.feed(piece, at)
        size += len(piece)
    return _Read(events, parser.end(), size, chunks)


def _lines(read: _Read) -> Iterator[str]:
    events = read.events
    yield _summary(read)
    if read.chunks is not None and events:
        yield _timing(events)
    if events:
        yield _APART
        yield from _table(events, timed=read.chunks is not None)
    if read.tail is not None:
        yield _APART
        yield _left_over(read.tail)


def _summary(read: _Read) -> str:
    passed = "" if read.chunks is None else f" in {_counted(read.chunks, 'chunk')}"
    times = "; when they passed is not known" if read.chunks is None and read.events else ""
    return f"{_counted(len(read.events), 'event')}, {_counted(read.size, 'byte')}{passed}{times}"


def _timing(events: list[SseEvent]) -> str:
    first, last = events[0].at, events[-1].at
    line = f"first after {_ms(first)} ms, last after {_ms(last)} ms"
    if len(events) > 1:
        gap, before = max((b.at - a.at, -number) for number, (a, b) in enumerate(pairwise(events), 2))
        line += f", longest wait {_ms(gap)} ms (before {-before})"
    return line


def _table(events: list[SseEvent], *, timed: bool) -> Iterator[str]:
    has_ids = any(event.id for event in events)
    head = ["", *(["ms"] if timed else []), "bytes", "event", *(["id"] if has_ids else [])]
    rows = [
        [
            str(number),
            *([_ms(event.at)] if timed else []),
            str(event.end - event.offset),
            printable(event.event),
            *([printable(event.id)] if has_ids else []),
        ]
        for number, event in enumerate(events, 1)
    ]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    numbers = 3 if timed else 2
    indent = " " * (sum(widths) + 2 * len(widths))
    yield (_row(head, widths, numbers) + "data").rstrip()
    for row, event in zip(rows, events, strict=True):
        first, *more = event.data.split("\n")
        yield (_row(row, widths, numbers) + printable(first)).rstrip()
        for line in more:
            yield (indent + printable(line)).rstrip()
        if event.retry is not None:
            yield f"{indent}(retry after {event.retry} ms)"


def _row(cells: list[str], widths: list[int], numbers: int) -> str:
    aligned = [
        cell.rjust(width) if place < numbers else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "".join(f"{cell}  " for cell in aligned)


def _left_over(tail: SseTail) -> str:
    rest = tail.unfinished.decode("utf-8", "replace")
    shown = "\n".join([*([tail.data] if tail.data else []), *([rest] if rest else [])])
    return (
        f"{_counted(tail.end - tail.offset, 'byte')} at the end are no event, for no blank line follows:"
        f" {printable(shown)}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _ms(us: int) -> str:
    return f"{us / 1000:,.1f}"
