"""An exchange as text: a title, the two messages with what differs between the sides, the timeline."""

import json
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

from cli.rendering.escaping import printable, printable_body, printable_bytes, shortened
from cli.rendering.exchange_json import Reread
from cli.rendering.exchange_table import status_colour
from cli.rendering.styling import bold, coloured
from cli.rendering.timeline import Timeline, limited
from cli.rendering.times import after, duration
from contract.events import Headers, Message, RequestHead, ResponseHead, Side
from contract.findings import Finding
from recordings.rows import ExchangeRow
from replay.outline import MessageOutline, Outline, body

BODY_SHOWN = 4096
"""Characters of a body that are shown without `--full`."""
_PRETTY_AT_MOST = 1 << 20
_MARKS = {"both": ("    ", None), "client": ("  < ", "yellow"), "server": ("  > ", "magenta")}


class ExchangeText:
    """The lines of one exchange. `side` narrows them to one side of the proxy."""

    def __init__(
        self, row: ExchangeRow, found: Outline, reread: Reread, side: Side, *, full: bool, limit: int
    ) -> None:
        self._row = row
        self._found = found
        self._reread = reread
        self._asked = side
        self._side = found.side_to_show(side)
        self._full = full
        self._limit = limit

    def lines(self, findings: Iterable[Finding]) -> Iterator[str]:
        """Both messages and the timeline."""
        yield from self._message(Message.REQUEST, self._found.request)
        yield from self._message(Message.RESPONSE, self._found.response)
        yield from self._timeline(findings)

    def title(self) -> Iterator[str]:
        """What it is, in two lines."""
        row = self._row
        method, url = printable(row.method), printable(row.url)
        status = coloured(str(row.status or "no answer"), status_colour(row.status))
        yield f"{bold(f'{method} {url}')}  →  {status}"
        parts = [row.outcome, row.role, row.stream, row.scope and f"scope {row.scope}"]
        if row.first_byte is not None:
            parts.append(f"first byte after {duration(row.first_byte)}")
        if row.ended_at is not None:
            parts.append(f"{duration(row.ended_at - row.at)} in all")
        if row.events is not None:
            parts.append(f"{row.events:,} events")
        if row.findings:
            parts.append(f"{row.findings:,} finding{'' if row.findings == 1 else 's'}")
        yield " · ".join(printable(part) for part in parts if part)

    def _message[H: RequestHead | ResponseHead](
        self, message: Message, sides: dict[Side, MessageOutline[H]]
    ) -> Iterator[str]:
        shown = [sides[side].heads if self._asked & side else [] for side in (Side.CLIENT, Side.SERVER)]
        for client, server in zip_longest(*shown):
            yield ""
            yield from self._heads(client, server)
        if not sides[self._side].size:
            return
        streams = message is Message.RESPONSE and self._found.is_event_stream(self._side)
        if not streams:
            yield ""
            for line in self._body(message, sides[self._side]):
                yield f"    {line}"

    def _heads(
        self, client: RequestHead | ResponseHead | None, server: RequestHead | ResponseHead | None
    ) -> Iterator[str]:
        first = client or server
        assert first is not None
        title = "Request" if isinstance(first, RequestHead) else "Response"
        pairs = list(_compared(_lines(client), _lines(server)))
        differ = client is not None and server is not None and any(where != "both" for where, _ in pairs)
        only = "" if client and server else _only(self._asked, client is not None)
        legend = "  (< client side, > server side)" if differ else only
        yield bold(title) + legend
        for where, text in pairs:
            mark, colour = _MARKS[where if differ else "both"]
            yield coloured(mark + text, colour)

    def _body[H: RequestHead | ResponseHead](
        self, message: Message, outline: MessageOutline[H]
    ) -> Iterator[str]:
        pieces = iter(body(self._reread(), message, self._side))
        first = _taken(pieces, _PRETTY_AT_MOST)
        if not first:
            yield f"({outline.size:,} bytes that cannot be shown as text)"
        elif b"\0" in first:
            yield f"({outline.size:,} bytes, not text)"
        elif not self._full:
            yield from shortened(_text(first), BODY_SHOWN).split("\n")
        else:
            yield from _text(first).split("\n")
            for piece in pieces:
                yield from printable_body(piece).split("\n")
        if outline.lost:
            yield f"({outline.lost:,} bytes were not kept)"

    def _timeline(self, findings: Iterable[Finding]) -> Iterator[str]:
        yield ""
        name = "client" if self._side is Side.CLIENT else "server"
        yield bold("Timeline") + f"  ({name} side)"
        timeline = Timeline(self._side, self._found.at, full=self._full)
        for line in limited(timeline.lines(self._reread(), findings), self._limit):
            yield coloured(line.text, line.colour)
        yield from self._other_side()

    def _other_side(self) -> Iterator[str]:
        """A line on the response as it was on the side that the timeline does not show, if it differs."""
        if self._asked is not Side.BOTH:
            return
        other = Side.BOTH ^ self._side
        here, there = self._found.response[self._side], self._found.response[other]
        if not there.seen or _figures(here) == _figures(there):
            return
        name = "client" if other is Side.CLIENT else "server"
        text = f"On the {name} side: {there.size:,} B in {there.chunks:,} chunks"
        if there.first_at is not None and there.last_at is not None:
            start = self._found.at
            text += f" from {after(there.first_at - start)} to {after(there.last_at - start)}"
        text += ", complete" if there.end else ", not complete"
        yield f"{text}; --side {name} shows it"


def _figures(message: MessageOutline[ResponseHead]) -> tuple[object, ...]:
    return message.chunks, message.size, message.first_at, message.last_at, message.end is None


def _only(asked: Side, client: bool) -> str:
    if asked is not Side.BOTH:
        return f"  ({'client' if client else 'server'} side)"
    return f"  (seen on the {'client' if client else 'server'} side only)"


def _lines(head: RequestHead | ResponseHead | None) -> list[str]:
    """The start line and the field lines, safe to print."""
    if head is None:
        return []
    if isinstance(head, RequestHead):
        start = b" ".join((head.method, head.target, head.version))
    else:
        start = b" ".join((head.version, b"%d" % head.status, head.reason)).rstrip()
    return [printable_bytes(start), *_fields(head.headers)]


def _fields(headers: Headers) -> list[str]:
    return [f"{printable_bytes(name)}: {printable_bytes(value)}" for name, value in headers]


def _compared(client: list[str], server: list[str]) -> Iterator[tuple[str, str]]:
    """The lines of both in order, each with the side(s) on which it is."""
    if client == server:
        yield from (("both", line) for line in client)
        return
    for kind, a, b, c, d in SequenceMatcher(None, client, server, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (("both", line) for line in client[a:b])
        else:
            yield from (("client", line) for line in client[a:b])
            yield from (("server", line) for line in server[c:d])


def _taken(pieces: Iterator[bytes], most: int) -> bytes:
    """Pieces up to `most` bytes or a little more; the rest stays in `pieces`."""
    taken: list[bytes] = []
    size = 0
    while size < most and (piece := next(pieces, None)) is not None:
        taken.append(piece)
        size += len(piece)
    return b"".join(taken)


def _text(content: bytes) -> str:
    """A body for reading: JSON with indents, other text as it is, both safe to print."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return printable_body(content)
    if not isinstance(value, dict | list):
        return printable_body(content)
    try:
        return "\n".join(map(printable, json.dumps(value, indent=2, ensure_ascii=False).split("\n")))
    except (ValueError, RecursionError):
        return printable_body(content)
