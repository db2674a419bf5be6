"""Where in a JSON text its strings, numbers and words stand, so that one can be replaced (RFC 8259)."""

import json
import re
from typing import NamedTuple

_TOKEN = re.compile(
    rb'[ \t\r\n]*+(?:("(?:[^"\\]++|\\.)*+")|([{\[])|([}\]])|(,)|(:)'
    rb"|(-?[0-9][0-9.eE+-]*+|true|false|null|NaN|-?Infinity))",
    re.DOTALL,
)
_STRING, _OPEN, _CLOSE, _COMMA, _COLON, _WORD = range(1, 7)
_BOM = b"\xef\xbb\xbf"


class Span(NamedTuple):
    """The bytes of one leaf in the text, the quotes of a string included."""

    start: int
    end: int


def spans(text: bytes) -> dict[str, Span]:
    """Each leaf by its dotted path (`user.id`, `models.0.id`), as bytes of `text`.

    Of two members of one name the last counts, as with most parsers. Raises ValueError where `text` is
    no JSON.
    """
    at = len(_BOM) if text.startswith(_BOM) else 0
    json.loads(text[at:])  # so that everything below may trust the text
    found: dict[str, Span] = {}
    steps: list[str | int] = []
    is_key = False
    while match := _TOKEN.match(text, at):
        at, kind = match.end(), match.lastindex
        if kind == _OPEN:
            is_key = match[_OPEN] == b"{"
            steps.append("" if is_key else 0)
        elif kind == _CLOSE:
            steps.pop()
            is_key = False
        elif kind == _COMMA:
            last = steps[-1]
            is_key = isinstance(last, str)
            if not isinstance(last, str):
                steps[-1] = last + 1
        elif kind == _STRING and is_key:
            steps[-1] = str(json.loads(match[_STRING], strict=False))
            is_key = False
        elif kind in (_STRING, _WORD):
            found[".".join(map(str, steps))] = Span(*match.span(kind))
    return found


def value_at(text: bytes, span: Span) -> str | None:
    """The leaf as text: a string's, or a number's digits; None for true, false and null."""
    raw = text[span.start : span.end]
    if raw.startswith(b'"'):
        return str(json.loads(raw, strict=False))
    return None if raw[:1].isalpha() else raw.decode("ascii")


def with_value(text: bytes, span: Span, value: str) -> bytes:
    """The same text with another value for one leaf; a number stays one where the value is one, too."""
    raw = text[span.start : span.end]
    is_number = not raw.startswith(b'"') and re.fullmatch(r"-?(0|[1-9][0-9]*)", value) is not None
    as_ascii = raw.isascii()
    new = value if is_number else json.dumps(value, ensure_ascii=as_ascii)
    return text[: span.start] + new.encode("utf-8", "surrogatepass") + text[span.end :]
