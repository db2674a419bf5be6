r"""Literal line ends: a backslash and an n where a service meant to end a line of its event stream.

In JSON strings they are right. So a line counts only if its value is no JSON as it stands, and a line
that is cut off, or belongs to an event that is, only for what stands outside of any string.
"""

import re

from contract.payload_models import is_json

_HEAD = 4096
"""Bytes of an endless line that are looked at."""

_LINE = re.compile(rb"([^\r\n]++)(\r\n?+|\n)?+")
_LITERAL = rb"\\n(?:(?:data|event|id|retry):|\\n"
_IN_LINE = re.compile(_LITERAL + rb"|\Z)")
_IN_BEGINNING = re.compile(_LITERAL + rb")")
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)


def in_block(block: bytes, is_data_json: bool) -> bytes | None:
    """The first line of a complete block that has a literal line end.

    `is_data_json`: the data of its event is, so its `data` lines are all right.
    """
    for line, _ in _LINE.findall(block):
        if _IN_LINE.search(line):
            name, value = _parts(line)
            if not (is_data_json and name == b"data") and not is_json(value.decode("utf-8", "replace")):
                return bytes(line)
    return None


def in_beginning(block: bytes, has_ended: bool) -> bytes | None:
    """The same for a block that never was complete; `has_ended`: its last line ends with the stream."""
    for line, ending in _LINE.findall(block):
        pattern = _IN_LINE if ending or has_ended else _IN_BEGINNING
        if pattern.search(line) and pattern.search(_STRINGS.sub(b'""', _parts(line)[1])):
            return bytes(line)
    return None


def in_endless(block: bytes) -> bytes | None:
    """The same for the beginning of a block that is too long to be kept."""
    return in_beginning(block[:_HEAD], has_ended=False)


def _parts(line: bytes) -> tuple[bytes, bytes]:
    """Name and value of a field; what has no colon is all value here."""
    name, colon, value = line.partition(b":")
    return (name, value.removeprefix(b" ")) if colon else (b"", line)
