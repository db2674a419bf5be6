"""Where in JSON text the secrets are (RFC 8259), without changing a byte around them."""

import json
import re
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

_TOKEN = re.compile(
    rb'[ \t\r\n\x1e]*+(?:"((?:[^"\\]++|\\.)*+)"|([{\[])|([}\]])|(,)|(:)'
    rb"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)|(true|false|null|NaN|-?Infinity))",
    re.DOTALL,
)
_STRING, _OPEN, _CLOSE, _COMMA, _COLON, _NUMBER, _WORD = range(1, 8)
_SPACE = b" \t\r\n\x1e"
_SCHEME = re.compile(rb"(?:bearer|basic|token|apikey)[ ]+(?=.)", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


class Leaf(NamedTuple):
    """A value under a secret name: what is between the quotes of a string, or a number."""

    start: int
    end: int
    secret: bytes
    number: bool


class _Next(IntEnum):
    """What may come next."""

    VALUE = 0
    VALUE_OR_END = 1
    KEY = 2
    KEY_OR_END = 3
    COLON = 4
    COMMA = 5


def is_wide(text: bytes) -> bool:
    """Whether this is UTF-16 or UTF-32 (RFC 4627 §3), in which names would not be seen."""
    return 0 in text[:4] or text[:2] in (b"\xff\xfe", b"\xfe\xff")


def secret_leaves(text: bytes, is_secret: Callable[[str], bool]) -> list[Leaf]:
    """All strings and numbers below a name that `is_secret`, at any depth, in order.

    `text` is one JSON text or several in a row, read as bytes of UTF-8. Duplicate names, escaped names
    and any nesting are as good as others. Raises ValueError at the first byte that is no JSON.
    """
    at = 3 if text.startswith(_BOM) else 0
    leaves: list[Leaf] = []
    enclosing: list[tuple[bool, bool]] = []
    in_object = secret = False
    below = False
    expected = _Next.VALUE
    last = len(text.rstrip(_SPACE))
    while at < last:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"no JSON at byte {at}")
        at, kind = match.end(), match.lastindex
        if kind == _STRING and expected in (_Next.KEY, _Next.KEY_OR_END):
            secret = below or is_secret(_plain(match[1]).decode("utf-8", "surrogateescape"))
            expected = _Next.COLON
        elif kind in (_STRING, _NUMBER, _WORD) and expected <= _Next.VALUE_OR_END:
            if secret and kind != _WORD:
                leaves.append(_leaf(match))
            expected = _Next.COMMA if enclosing else _Next.VALUE
        elif kind == _OPEN and expected <= _Next.VALUE_OR_END:
            enclosing.append((in_object, below))
            in_object, below = match[2] == b"{", secret
            expected = _Next.KEY_OR_END if in_object else _Next.VALUE_OR_END
        elif kind == _CLOSE and _may_close(match[3], in_object, bool(enclosing), expected):
            in_object, below = enclosing.pop()
            secret = below
            expected = _Next.COMMA if enclosing else _Next.VALUE
        elif kind == _COMMA and expected == _Next.COMMA:
            expected = _Next.KEY if in_object else _Next.VALUE
            secret = below
        elif kind == _COLON and expected == _Next.COLON:
            expected = _Next.VALUE
        else:
            raise ValueError(f"JSON with something out of place before byte {at}")
    if enclosing:
        raise ValueError("JSON cut short")
    return leaves


def _may_close(bracket: bytes, in_object: bool, enclosed: bool, expected: _Next) -> bool:
    if not enclosed or (bracket == b"}") != in_object:
        return False
    return expected == _Next.COMMA or expected == (_Next.KEY_OR_END if in_object else _Next.VALUE_OR_END)


def _leaf(match: re.Match[bytes]) -> Leaf:
    kind = match.lastindex or 0
    start, end = match.span(kind)
    if kind == _NUMBER:
        return Leaf(start, end, match[kind], True)
    raw = match[_STRING]
    scheme = _SCHEME.match(raw)
    if scheme is not None:
        start, raw = start + scheme.end(), raw[scheme.end() :]
    return Leaf(start, end, _plain(raw), False)


def _plain(raw: bytes) -> bytes:
    """What a string's inside stands for; as it is where its escapes are none."""
    if b"\\" not in raw:
        return raw
    try:
        text: str = json.loads(b'"' + raw + b'"', strict=False)
        return text.encode("utf-8", "surrogatepass")
    except ValueError:
        return raw


_INNER = rb'((?:[^"\\]|\\\\(?:\\\\|\\"|[^"\\])|\\[^"\\])*+)'
_NESTED = re.compile(
    rb'\\"' + _INNER + rb'\\"[ ]*+:[ ]*+(?:\\"' + _INNER + rb'\\"|(-?[0-9][0-9.eE+-]*+))', re.DOTALL
)


def nested_leaves(text: bytes, is_secret: Callable[[str], bool]) -> list[Leaf]:
    """Values under secret names in JSON that is itself the text of a JSON string (one level, flat)."""
    leaves: list[Leaf] = []
    for match in _NESTED.finditer(text):
        if is_secret(match[1].decode("utf-8", "surrogateescape")):
            kind = match.lastindex or 0
            leaves.append(Leaf(*match.span(kind), match[kind], kind == 3))
    return leaves
