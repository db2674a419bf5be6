"""Recorded text on a terminal: what a peer sent must not move the cursor, forge a line or hide itself."""

import re

from postmortem.report.visible import escape, shortened

__all__ = ["printable", "printable_body", "printable_bytes", "shortened"]

_HARMLESS = re.compile(r"[\x20-\x7e]*\Z")


def printable(text: str) -> str:
    """`text` with everything that does not print (controls, bidirectional marks …) written as an escape."""
    if _HARMLESS.match(text):
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def printable_bytes(raw: bytes) -> str:
    """Header bytes, one character each, as HTTP has them (latin-1)."""
    return printable(raw.decode("latin-1"))


def printable_body(raw: bytes) -> str:
    """Body bytes as UTF-8; line ends and tabs stay, bytes that are none are written `\\xff`."""
    lines = raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in lines)


def _escape(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    return escape(character)
