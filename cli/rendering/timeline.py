"""The timeline of `streamid show`: chunks, the events they complete, silences, findings, the end."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cli.rendering.escaping import printable, printable_bytes, shortened
from cli.rendering.finding_lines import COLOURS, finding_text
from cli.rendering.injection_lines import injection_text
from cli.rendering.times import after, duration
from contract.events import (
    Abort,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Injection,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.findings import Finding
from contract.headers import content_coding
from contract.sse import SseEvent
from replay.dispatch import SEEN_ON, Dispatcher, is_event_stream

SILENCE = 1_000_000
"""Microseconds between two chunks from which on a silence has a line of its own."""

DATA_SHOWN = 160
"""Characters of an event's data."""

_INDENT = " " * 22


@dataclass(frozen=True, slots=True)
class Line:
    """One line, safe to print. `kept`: it is shown even where the lines around it are left out."""

    text: str
    colour: str | None = None
    kept: bool = False


class Timeline:
    """Turns the events of one exchange into lines, as seen on one side; times count from `start`."""

    def __init__(self, side: Side, start: int, *, full: bool) -> None:
        self._seen = SEEN_ON[side]
        self._start = start
        self._most = 1 << 60 if full else DATA_SHOWN
        self._dispatcher: Dispatcher | None = None
        self._last_chunk: int | None = None
        self._request = (0, 0)

    def lines(self, events: Iterable[Event], findings: Iterable[Finding]) -> Iterator[Line]:
        """A line for what happened, and each finding after what it was found at."""
        waiting = iter(findings)
        finding = next(waiting, None)
        for event in events:
            while finding is not None and finding.at < event.at:
                yield self._finding(finding)
                finding = next(waiting, None)
            yield from self._lines_of(event)
        while finding is not None:
            yield self._finding(finding)
            finding = next(waiting, None)

    def _finding(self, finding: Finding) -> Line:
        text = f"{self._time(finding.at)}  ▲ {finding_text(finding)}"
        return Line(text, COLOURS[finding.severity], kept=True)

    def _time(self, at: int) -> str:
        return f"{after(at - self._start):>11}"

    def _lines_of(self, event: Event) -> Iterator[Line]:
        match event:
            case Chunk():
                if event.side in self._seen:
                    yield from self._chunk(event)
            case Gap():
                text = f"{event.events:,} events and {event.size:,} bytes were not kept"
                yield self._at(event.at, f"… {text}: {printable(event.because)}", "yellow")
            case Injection():
                yield self._at(event.at, f"✎ {injection_text(event)}", "magenta", kept=True)
            case Abort():
                yield self._at(event.at, _abort(event), "yellow", kept=True)
            case _ if event.side not in self._seen:
                return
            case RequestHead():
                method, target = printable_bytes(event.method), printable_bytes(event.target)
                yield self._at(event.at, f"→ {method} {shortened(target, self._most)}", "cyan")
            case ResponseHead():
                self._dispatcher = (
                    Dispatcher(content_coding(event.headers)) if is_event_stream(event) else None
                )
                self._last_chunk = event.at
                yield self._at(event.at, f"← {event.status} {printable_bytes(event.reason)}".rstrip(), "cyan")
            case End():
                yield self._end(event)

    def _at(self, at: int, text: str, colour: str | None = None, *, kept: bool = False) -> Line:
        return Line(f"{self._time(at)}  {text}", colour, kept)

    def _chunk(self, chunk: Chunk) -> Iterator[Line]:
        if chunk.message is Message.REQUEST:
            self._request = (self._request[0] + 1, self._request[1] + chunk.size)
            return
        silence = 0 if self._last_chunk is None else chunk.at - self._last_chunk
        self._last_chunk = chunk.at
        if silence >= SILENCE:
            yield Line(f"{_INDENT}⋯ {duration(silence)} of silence", "yellow")
        begin = f"{self._time(chunk.at)} {f'{chunk.size:,} B':>9} "
        events = self._dispatcher.feed(chunk) if self._dispatcher else []
        for event in events:
            yield Line(begin + self._event(event))
            begin = _INDENT
        if not events:
            kept = "" if chunk.form is not Form.LOST else " (not kept)"
            yield Line(f"{begin}·{kept}", "bright_black")

    def _event(self, event: SseEvent) -> str:
        identified = f" id={printable(event.id)}" if event.id else ""
        name = shortened(printable(event.event), self._most)
        return f"{name:<8}{identified} {shortened(printable(event.data), self._most)}"

    def _end(self, end: End) -> Line:
        if end.message is Message.REQUEST:
            chunks, size = self._request
            return self._at(end.at, f"→ request complete, {size:,} B in {_chunks(chunks)}", "cyan")
        dropped = self._dispatcher.pending() if self._dispatcher else None
        if dropped is not None:
            text = shortened(printable(dropped), self._most)
            return self._at(
                end.at, f"← response complete, with an event that nothing ended: {text}", "yellow"
            )
        return self._at(end.at, "← response complete", "cyan")


def _chunks(number: int) -> str:
    return f"{number:,} chunk{'' if number == 1 else 's'}"


def _abort(abort: Abort) -> str:
    answered = f", answered {abort.answered} by the proxy" if abort.answered else ""
    reason = f": {printable(abort.reason)}" if abort.reason else ""
    return f"✗ broken off by the {abort.by.value} ({abort.manner.value}){answered}{reason}"


def limited(lines: Iterable[Line], most: int) -> Iterator[Line]:
    """At most about `most` of `lines`: the first, the last, and those that are kept; 0 for all."""
    if not most:
        yield from lines
        return
    last: deque[Line] = deque()
    first, room = most - most // 4, max(1, most // 4)
    kept = left_out = 0
    for number, line in enumerate(lines):
        if number < first:
            yield line
            continue
        last.append(line)
        if len(last) <= room:
            continue
        oldest = last.popleft()
        if oldest.kept and kept < most:
            kept += 1
            yield from _omission(left_out)
            left_out = 0
            yield oldest
        else:
            left_out += 1
    yield from _omission(left_out)
    yield from last


def _omission(number: int) -> Iterator[Line]:
    if number:
        yield Line(f"{_INDENT}… {number:,} lines left out; --limit 0 shows all", "bright_black")
