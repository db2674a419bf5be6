"""Where in forms and URLs the secrets are (WHATWG URL §5, RFC 7578, RFC 3986 §3.2.1)."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_NAME = re.compile(rb"[?&;#]([^?&;#=]{1,256}+)=")
_VALUE = re.compile(rb"[^&;#\s\"'<>\\]++")
_USERINFO = re.compile(rb"(?<=//)([^/?#@\s\"'<>\\]++)@")
_BOUNDARY = re.compile(rb";\s*boundary=(?:\"([^\"]+)\"|([^\s;]+))", re.IGNORECASE)
_PART_NAME = re.compile(rb";\s*name=(?:\"((?:[^\"\\\r\n]|\\.)*)\"|([^\s;]+))", re.IGNORECASE)

type IsSecret = Callable[[str], bool]


class Value(NamedTuple):
    """A secret as written from `start` to `end`, and what it stands for."""

    start: int
    end: int
    secret: bytes


def query_values(text: bytes, is_secret: IsSecret) -> list[Value]:
    """Secret parameters in the query or fragment of a URL, or of all URLs that are in `text`."""
    if b"=" not in text:
        return []
    values: list[Value] = []
    end = 0
    for match in _NAME.finditer(text):
        if match.end() >= end and is_secret(_name(match[1])):
            value = _VALUE.match(text, match.end())
            if value:
                end = value.end()
                values.append(Value(value.start(), end, unquoted(value[0])))
    return values


def userinfo(text: bytes) -> list[Value]:
    """Passwords before the `@` of URLs; what has no `:` is taken as one whole."""
    if b"@" not in text or b"//" not in text:
        return []
    values = []
    for match in _USERINFO.finditer(text):
        start, end = match.span(1)
        colon = match[1].find(b":")
        start += colon + 1
        if start < end:
            values.append(Value(start, end, unquoted(text[start:end], plus=False)))
    return values


def form_values(text: bytes, is_secret: IsSecret) -> list[Value]:
    """Secret fields of an application/x-www-form-urlencoded body."""
    values: list[Value] = []
    start = 0
    for pair in text.split(b"&"):
        name, _, value = pair.partition(b"=")
        end = start + len(pair)
        if value and is_secret(_name(name)):
            values.append(Value(end - len(value), end, unquoted(value)))
        start = end + 1
    return values


def boundary_of(content_type: bytes) -> bytes:
    """The boundary parameter of a multipart media type; empty where it has none."""
    match = _BOUNDARY.search(content_type)
    return (match[1] or match[2]) if match else b""


def multipart_values(text: bytes, boundary: bytes, is_secret: IsSecret) -> list[Value]:
    """The contents of the secret parts of a multipart/form-data body."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary))
    starts = [match.span() for match in delimiter.finditer(text)]
    values = []
    for (_, start), (end, _) in pairwise([*starts, (len(text), 0)]):
        head = re.compile(rb"\r?\n\r?\n").search(text, start, end)
        name = _PART_NAME.search(text, start, head.start() if head else end)
        if head and name and head.end() < end and is_secret(_name(name[1] or name[2] or b"")):
            values.append(Value(head.end(), end, text[head.end() : end]))
    return values


def part_names(text: bytes) -> list[str]:
    """Names of the parts that begin in `text`, and of all else that looks like one."""
    return [_name(match[1] or match[2] or b"") for match in _PART_NAME.finditer(text)]


def unquoted(written: bytes, *, plus: bool = True) -> bytes:
    """What a percent-encoded value stands for; in forms and queries `+` is a space."""
    if plus and b"+" in written:
        written = written.replace(b"+", b" ")
    return unquote_to_bytes(written) if b"%" in written else written


def _name(written: bytes) -> str:
    return unquoted(written).decode("utf-8", "surrogateescape")
