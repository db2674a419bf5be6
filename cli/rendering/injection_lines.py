"""Entries of the journal of faults as text."""

from typing import Any

from cli.rendering.escaping import printable, printable_bytes
from contract.events import Deed, Injection

_MOST = 60


def injection_text(entry: Injection) -> str:
    """For example `strip-id: X-Streaming-Session-Id: stream-1 → left out`."""
    return f"{printable(entry.fault)}: {deed_text(entry)}"


def deed_text(entry: Injection) -> str:
    """What was decided or changed, in a few words."""
    name = printable(entry.name)
    match entry.deed:
        case Deed.HIT:
            return f"strikes the {entry.message.value}"
        case Deed.MISS:
            return f"spares the {entry.message.value}: {name}"
        case Deed.HEADER | Deed.START:
            before, after = _value(entry.before, "added"), _value(entry.after, "left out")
            return f"{name}: {before} → {after}".lstrip(": ")
        case Deed.BODY:
            at = f"at {entry.offset}: " if entry.offset is not None else ""
            before, after = _value(entry.before or None, "nothing"), _value(entry.after or None, "nothing")
            return f"{name or 'body'} {at}{before} → {after}"
        case Deed.END:
            is_told = not entry.offset or f"{entry.offset} bytes" in name
            return f"ended: {name}" if is_told else f"ended: {name}, {entry.offset:,} bytes in"
        case Deed.PASSED:
            return f"could do nothing: {name}"
    return name


def injection_fields(entry: Injection) -> dict[str, Any]:
    """The stable keys of an entry in JSON; bytes as text, a character a byte where they are no UTF-8."""
    return {
        "exchange": entry.exchange,
        "at": entry.at,
        "fault": entry.fault,
        "kind": entry.kind,
        "message": entry.message.value,
        "deed": entry.deed.value,
        "key": entry.key,
        "ordinal": entry.ordinal,
        "name": entry.name,
        "before": _text(entry.before),
        "after": _text(entry.after),
        "offset": entry.offset,
    }


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _value(value: bytes | None, none: str) -> str:
    if value is None or value == b"":
        return none if value is None else "(empty)"
    text = printable_bytes(value)
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
