"""A message's head as it entered the proxy beside what left: each header on one row."""

from contract.events import Headers, Message, RequestHead, ResponseHead, Side
from contract.two_sides import HOP_BY_HOP, REWRITTEN, Change, Kind, compare_heads
from postmortem.report.model import HeaderRow, Mark, MessageView
from postmortem.report.visible import shortened

VALUE_SHOWN = 600
"""Characters of a header's value."""

_MARKS = {Kind.DROPPED: Mark.DROPPED, Kind.RENAMED: Mark.RENAMED, Kind.CHANGED: Mark.CHANGED}
_PER_HOP = HOP_BY_HOP | REWRITTEN

type Head = RequestHead | ResponseHead


def message_view(
    message: Message, client: Head | None, server: Head | None, body: str = "", body_note: str = ""
) -> MessageView | None:
    """The message; None where neither side has a head of it."""
    entered, left = (client, server) if message is Message.REQUEST else (server, client)
    if entered is None or left is None:
        only = entered or left
        if only is None:
            return None
        side = Side.CLIENT if only is client else Side.SERVER
        rows = [HeaderRow(name, value, value, Mark.SAME) for name, value in _lines(only.headers)]
        return MessageView(message, side, _start(only), "", tuple(rows), body, body_note)
    rows = header_rows(message, entered.headers, left.headers)
    return MessageView(message, Side.BOTH, _start(entered), _start(left), tuple(rows), body, body_note)


def header_rows(message: Message, entered: Headers, left: Headers) -> list[HeaderRow]:
    """Each header by name, its lines joined by line feeds: in the order of entering, new ones last."""
    changes = {change.name: change for change in compare_heads(message, entered, left)}
    renamed = {change.after for change in changes.values() if change.kind is Kind.RENAMED}
    before, after = _by_name(entered), _by_name(left)
    rows = [_row(name, before, after, changes.get(name)) for name in before]
    rows += [
        HeaderRow(shown, None, value, Mark.HOP if name.encode("latin-1") in _PER_HOP else Mark.ADDED)
        for name, (shown, value) in after.items()
        if name not in before and name not in renamed
    ]
    return rows


def _row(
    name: str,
    before: dict[str, tuple[str, str]],
    after: dict[str, tuple[str, str]],
    change: Change | None,
) -> HeaderRow:
    shown, value = before[name]
    if change is not None and change.kind is Kind.RENAMED:
        new_name, new_value = after[change.after]
        return HeaderRow(shown, value, f"{new_name}: {new_value}", Mark.RENAMED)
    left = after[name][1] if name in after else None
    if change is not None:
        return HeaderRow(shown, value, left, _MARKS[change.kind])
    return HeaderRow(shown, value, left, Mark.SAME if left == value else Mark.HOP)


def _by_name(headers: Headers) -> dict[str, tuple[str, str]]:
    """By name in lower case: the name as written first, and its lines."""
    found: dict[str, tuple[str, str]] = {}
    for (raw, _), (name, value) in zip(headers, _lines(headers), strict=True):
        key = raw.lower().decode("latin-1")
        shown, before = found.get(key, (name, ""))
        found[key] = (shown, f"{before}\n{value}" if key in found else value)
    return found


def _lines(headers: Headers) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), shortened(value.decode("latin-1"), VALUE_SHOWN)) for name, value in headers
    ]


def _start(head: Head) -> str:
    if isinstance(head, RequestHead):
        line = b" ".join((head.method, head.target, head.version))
    else:
        line = b" ".join((head.version, b"%d" % head.status, head.reason)).rstrip()
    return shortened(line.decode("latin-1"), VALUE_SHOWN)
