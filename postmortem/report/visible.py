"""Recorded text on a page: what does not print is written out, so that nothing hides or reorders it."""

import re
from typing import Any

_HARMLESS = re.compile(r"[\x20-\x7e\n\t]*\Z")


def visible(value: Any) -> Any:
    """A text with everything that does not print (controls, bidirectional marks …) written as an escape.

    Line feeds and tabs stay. What is no text, or is markup of ours, is handed back as it is.
    """
    if not isinstance(value, str) or hasattr(value, "__html__") or _HARMLESS.match(value):
        return value
    return "".join([c if c.isprintable() or c in "\n\t" else escape(c) for c in value])


def escape(character: str) -> str:
    """A character as Python writes it in a string: `\\x1b`, `\\u202e`."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, most: int) -> str:
    """At most `most` characters of `text`, and how many more there are."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… (+{len(text) - most:,} characters)"
