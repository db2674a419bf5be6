"""The values of bugs, read from text; `ValueError` says what would do instead."""

import math
import re

from lab.chat.conduct import HEADER

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110 §5.6.2
TAKEN = frozenset(
    {
        HEADER.lower(),
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "transfer-encoding",
        "vary",
    }
)
"""Fields of a stream's head that have another meaning."""
WITHOUT_BODY = frozenset({204, 205, 304})
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def number(text: str, most: int) -> float:
    """A number above 0 and up to `most`."""
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not 0 < value <= most:
        raise ValueError(f"must be a number above 0, and {most} at most")
    return value


def whole(text: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else least - 1
    if not least <= value <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return value


def wrong_status(text: str) -> int:
    """A status that can carry a body, and is not the right one."""
    value = int(text) if text.isascii() and text.isdecimal() and len(text) == 3 else 0
    if not 200 <= value <= 599 or value in WITHOUT_BODY:
        raise ValueError("must be a status from 200 to 599 that has a body")
    if value == 400:
        raise ValueError("must be another status than 400, which is the right one")
    return value


def field_name(text: str) -> str:
    """The name of a header field that a stream's head does not have otherwise."""
    if not TOKEN.fullmatch(text):
        raise ValueError("must be the name of a header field")
    if text.lower() in TAKEN or text.lower().startswith("access-control-"):
        raise ValueError("must be a name that a stream's head does not have yet")
    return text
