"""Header sections as JSON text, one `[name, value]` a line, and back.

Bytes map to characters one to one (latin-1), so any bytes survive. JSON escapes line feeds inside
strings, so the lines can be split again without a parser; most of them repeat from message to
message, and both ways remember them.
"""

import json
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing from typeshed
from json.encoder import encode_basestring

from contract.events import Headers

_REMEMBERED = 8192
_BETWEEN = ",\n"

_texts: dict[tuple[bytes, bytes], str] = {}
_pairs: dict[str, tuple[bytes, bytes]] = {}


def to_text(headers: Headers) -> str:
    """`headers` as a JSON array."""
    texts = _texts
    lines = []
    for pair in headers:
        line = texts.get(pair)
        if line is None:
            line = _remember_text(pair)
        lines.append(line)
    return "[" + _BETWEEN.join(lines) + "]"


def from_text(text: str) -> Headers:
    """The headers that `to_text` was given; any other JSON array of pairs is understood, too."""
    if text == "[]":
        return ()
    pairs = _pairs
    try:
        return tuple([pairs.get(line) or _remember_pair(line) for line in text[1:-1].split(_BETWEEN)])
    except ValueError:
        return tuple([_pair(name, value) for name, value in json.loads(text)])


def _remember_text(pair: tuple[bytes, bytes]) -> str:
    name, value = pair
    line = f"[{encode_basestring(name.decode('latin-1'))},{encode_basestring(value.decode('latin-1'))}]"
    if len(line) < 512:
        if len(_texts) >= _REMEMBERED:
            _texts.clear()
        _texts[pair] = line
    return line


def _remember_pair(line: str) -> tuple[bytes, bytes]:
    name, end = scanstring(line, 2)
    if line[:2] != '["' or line[end : end + 2] != ',"':
        raise ValueError(line)
    value, end = scanstring(line, end + 2)
    if line[end:] != "]":
        raise ValueError(line)
    pair = _pair(name, value)
    if len(line) < 512:
        if len(_pairs) >= _REMEMBERED:
            _pairs.clear()
        _pairs[line] = pair
    return pair


def _pair(name: str, value: str) -> tuple[bytes, bytes]:
    return name.encode("latin-1"), value.encode("latin-1")
