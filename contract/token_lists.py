"""Header fields that are lists of names: Expose, Allow-Methods, Allow-Headers (`#field-name`, `#method`)."""

import re

from contract import headers
from contract.events import Headers

# field-name and method are tokens (RFC 9110 §5.1, §9.1; §5.6.2).
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def listed(name: bytes, fields: Headers) -> tuple[bytes, ...] | None:
    """The elements of all lines of the list `name` (in lower case), as they are; None if a line is no list.

    "For each header … if extract is failure, then return failure": one bad line spoils the others.
    https://fetch.spec.whatwg.org/#extract-header-list-values
    """
    found: list[bytes] = []
    for line in headers.lines(fields, name):
        elements = _elements(line)
        if elements is None:
            return None
        found += elements
    return tuple(found)


def malformed_line(name: bytes, fields: Headers) -> bytes | None:
    """The first line of the list `name` (in lower case) that is no list; None where each is one."""
    return next((line for line in headers.lines(fields, name) if _elements(line) is None), None)


def split(value: bytes) -> list[bytes]:
    """What stands between commas, without white space around it and without empty elements."""
    return [element for each in value.split(b",") if (element := each.strip(b" \t"))]


def _elements(line: bytes) -> list[bytes] | None:
    # "A recipient MUST parse and ignore a reasonable number of empty list elements":
    # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1.2
    elements = split(line)
    return elements if all(map(_TOKEN.fullmatch, elements)) else None
