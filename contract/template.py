"""Path templates: `/api/chat/sessions/{session}/stream` (the level 1 of RFC 6570, read backwards)."""

import re
from urllib.parse import unquote_to_bytes

_PART = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Template:
    """A path in which `{name}` stands for one non-empty segment, or a part of one.

    Raises `ValueError` for a path that does not start with `/`, for stray braces and for a name
    that is used twice.
    """

    __slots__ = ("_regex", "names", "prefix", "text")

    def __init__(self, text: str) -> None:
        if not text.startswith("/"):
            raise ValueError(f"a path starts with '/': {text!r}")
        pieces = _PART.split(text)
        literals, names = pieces[0::2], pieces[1::2]
        if any(brace in literal for literal in literals for brace in "{}"):
            raise ValueError(f"a variable is written {{name}}, in small letters: {text!r}")
        if len(set(names)) < len(names):
            raise ValueError(f"a variable is named twice: {text!r}")
        pattern = re.escape(literals[0])
        for name, literal in zip(names, literals[1:], strict=True):
            pattern += f"(?P<{name}>[^/?#]+){re.escape(literal)}"
        self._regex = re.compile(pattern.encode())
        self.text = text
        self.names = tuple(names)
        self.prefix = literals[0].encode()

    def match(self, path: bytes) -> dict[str, str] | None:
        """The variables, percent-decoded, if the whole path fits; the path carries no query."""
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        return {name: percent_decoded(value) for name, value in found.groupdict().items()}


def percent_decoded(value: bytes) -> str:
    """The characters that percent-encoded bytes stand for; what is no UTF-8 stays as latin-1."""
    plain = unquote_to_bytes(value) if b"%" in value else value
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return plain.decode("latin-1")


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request target in origin-form or absolute-form (RFC 9112 §3.2)."""
    if not target.startswith(b"/"):
        _, mark, rest = target.partition(b"://")
        if mark:
            authority = re.match(rb"[^/?#]*", rest)
            target = rest[authority.end() if authority else 0 :]
    path, _, query = target.partition(b"#")[0].partition(b"?")
    return path or b"/", query


def query_value(query: bytes, name: str) -> str | None:
    """The first value under a name in a query (WHATWG URL, `application/x-www-form-urlencoded`)."""
    for pair in query.split(b"&"):
        key, _, value = pair.partition(b"=")
        if percent_decoded(key.replace(b"+", b" ")) == name:
            return percent_decoded(value.replace(b"+", b" "))
    return None
