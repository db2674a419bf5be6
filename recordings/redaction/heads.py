"""Redact header sections, request targets and the proxy's words."""

import re
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from contract.events import Headers
from recordings.redaction.forms import query_values, unquoted, userinfo
from recordings.redaction.media import is_json
from recordings.redaction.secrets import Edit, Secrets, applied

_SCHEME = re.compile(rb"\s*[A-Za-z][A-Za-z0-9_-]{0,31}[ \t]+(?=\S)")
_KNOWN_SCHEME = re.compile(rb"\s*(?:bearer|basic|token|apikey|digest|negotiate)[ \t]+(?=\S)", re.IGNORECASE)
_REFUSED = re.compile(
    rb"(?:header value|chunk header): (?:bytearray\()?b"
    rb"(?:'((?:[^'\\]|\\.){8,}+)'|\"((?:[^\"\\]|\\.){8,}+)\")"
)
"""What mitmproxy quotes of a field's value without its name, or of a body whose framing broke anywhere."""
_SPACE = b" \t"
_COOKIES = (b"cookie", b"cookie2", b"set-cookie", b"set-cookie2")
_EQUALS, _AT = b"=@"  # as numbers: `in` is ten times as fast with them as with bytes
_REMEMBERED = 1024
_LONGEST_REMEMBERED = 8 * 1024


class _Meaning(Enum):
    """What a field is to redaction."""

    PLAIN = 0
    SECRET = 1
    TYPE = 2
    CODING = 3


_PLAIN, _SECRET, _TYPE, _CODING = _Meaning


class Note(NamedTuple):
    """A replacement in one field: `offset` counts from the start of the value."""

    where: str
    offset: int
    token: str

    @staticmethod
    def of(where: str, edit: Edit) -> "Note":
        """The note of an edit."""
        return Note(where, edit.start, edit.token.decode())


class Section(NamedTuple):
    """A header section after redaction."""

    headers: Headers
    notes: tuple[Note, ...] = ()
    secrets: tuple[bytes, ...] = ()
    media_type: bytes = b""
    """The value of Content-Type."""
    coding: str = ""
    """The values of Content-Encoding, joined."""
    is_json: bool = False
    """The body is JSON, not encoded."""


class _Known:
    """A section seen before: which secrets were known then, and what it says now."""

    __slots__ = ("generation", "section", "text")

    def __init__(self, generation: int, section: Section, text: bytes) -> None:
        self.generation = generation
        self.section = section
        self.text = text


class Heads:
    """Redacts heads; those that come again are looked up."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._sections: OrderedDict[Headers, _Known] = OrderedDict()
        self._is_header = lru_cache(maxsize=_REMEMBERED)(secrets.names.is_header)
        self._meaning = lru_cache(maxsize=_REMEMBERED)(self._classify)
        self._line = lru_cache(maxsize=_REMEMBERED)(self._redact_line)

    def section(self, headers: Headers) -> Section:
        """The header section with its secrets replaced, known ones also where none is expected."""
        learned = self._secrets.learned
        known = self._sections.get(headers)
        if known is not None:
            if known.section.secrets:
                learned.learn_again(known.section.secrets)
            if known.generation == learned.generation:
                return known.section
            if not learned.maybe_in(known.text):
                known.generation = learned.generation
                return known.section
        section, text = self._redact(headers)
        if len(text) < _LONGEST_REMEMBERED:
            self._sections[headers] = _Known(learned.generation, section, text)
            if len(self._sections) > _REMEMBERED:
                self._sections.popitem(last=False)
        return section

    def _redact(self, headers: Headers) -> tuple[Section, bytes]:
        """The section, and its values joined."""
        lines = list(headers)
        notes: list[Note] = []
        secrets: list[bytes] = []
        media_type, codings = b"", []
        for at, (name, value) in enumerate(headers):
            meaning = self._meaning(name)
            if meaning is _PLAIN and _EQUALS not in value and _AT not in value:
                continue
            if meaning is _TYPE:
                media_type = value
            elif meaning is _CODING:
                codings.append(value.decode("latin-1"))
            redact = self._line if len(value) < _LONGEST_REMEMBERED else self._redact_line
            edits, learn = redact(name, value)
            if learn:
                self._secrets.learned.learn_again(learn)
                secrets += learn
            if edits:
                notes += _notes(name, edits)
                lines[at] = (name, applied(value, edits))
        text = _joined(lines)
        if self._secrets.learned.maybe_in(text):
            self._hide_learned(lines, notes)
            text = _joined(lines)
        done = headers if not notes else tuple(lines)
        coding, plain_json = ",".join(codings), not codings and is_json(media_type)
        return Section(done, tuple(notes), tuple(secrets), media_type, coding, plain_json), text

    def _hide_learned(self, lines: list[tuple[bytes, bytes]], notes: list[Note]) -> None:
        for at, (name, value) in enumerate(lines):
            edits = self._secrets.learned_edits(value)
            if edits:
                notes += _notes(name, edits)
                lines[at] = (name, applied(value, edits))

    def _classify(self, name: bytes) -> "_Meaning":
        lowered = name.lower()
        if lowered == b"content-type":
            return _TYPE
        if lowered == b"content-encoding":
            return _CODING
        if lowered.strip() in _COOKIES or self._is_header(name):
            return _SECRET
        return _PLAIN

    def _redact_line(self, name: bytes, value: bytes) -> tuple[tuple[Edit, ...], tuple[bytes, ...]]:
        """The replacements in one field line, and what to remember of it."""
        lowered = name.strip().lower()
        if lowered in _COOKIES:
            return self._cookies(value, whole=lowered.startswith(b"cookie"))
        if self._is_header(name):
            return self._credentials(value, _SCHEME if lowered.endswith(b"authorization") else _KNOWN_SCHEME)
        edits, learn = [], []
        for start, end, secret in (*userinfo(value), *query_values(value, self._secrets.is_form_field)):
            edits.append(self._edit(start, end - start, secret))
            learn.append(secret)
        return tuple(sorted(edits)), tuple(learn)

    def _credentials(
        self, value: bytes, scheme: re.Pattern[bytes]
    ) -> tuple[tuple[Edit, ...], tuple[bytes, ...]]:
        secret = value.rstrip(_SPACE)
        match = scheme.match(secret)
        start = match.end() if match else len(secret) - len(secret.lstrip(_SPACE))
        secret = secret[start:]
        if not secret:
            return (), ()
        learn = [secret]
        if match and match[0].strip().lower() == b"basic":
            learn += _password(secret)
        return (self._edit(start, len(secret), secret),), tuple(learn)

    def _cookies(self, value: bytes, *, whole: bool) -> tuple[tuple[Edit, ...], tuple[bytes, ...]]:
        edits, learn = [], []
        start = 0
        for pair in value.split(b";") if whole else [value.partition(b";")[0]]:
            name, equals, written = pair.partition(b"=")
            name, written = (name, written) if equals else (b"", pair)
            at = start + len(pair) - len(written.lstrip())
            written = written.strip()
            if len(written) > 1 and written[:1] == written[-1:] == b'"':
                at, written = at + 1, written[1:-1]
            if written:
                secret = unquoted(written, plus=False)
                edits.append(self._edit(at, len(written), secret))
                if self._is_worth_learning(name, secret):
                    learn.append(secret)
            start += len(pair) + 1
        return tuple(edits), tuple(learn)

    def _is_worth_learning(self, name: bytes, secret: bytes) -> bool:
        """Not every cookie is a secret: a theme's name would be replaced in all texts."""
        plain = name.strip().decode("latin-1")
        if self._secrets.is_field(plain):
            return True
        return "stream" not in plain.lower() and len(secret) >= 16 and _mixed(secret)

    def _edit(self, start: int, length: int, secret: bytes) -> Edit:
        return self._secrets.edit(start, length, secret, learn=False)

    def target(self, target: bytes) -> tuple[bytes, Sequence[Note]]:
        """A request target with the secrets of its query, its userinfo and all known ones replaced."""
        secrets = self._secrets
        edits: list[Edit] = []
        if _EQUALS not in target and _AT not in target:
            if not secrets.learned.maybe_in(target):
                return target, ()
        else:
            values = (*userinfo(target), *query_values(target, secrets.is_form_field))
            edits = [secrets.edit(start, end - start, secret) for start, end, secret in values]
        changed = applied(target, edits) if edits else target
        more = secrets.learned_edits(changed)
        if more:
            changed, edits = applied(changed, more), edits + more
        return changed, [Note.of("target", edit) for edit in edits]

    def words(self, text: str) -> str:
        """The proxy's words for what went wrong, which may quote what it refused."""
        raw = text.encode("utf-8", "surrogatepass")
        edits = [
            self._edit(match.start(match.lastindex), len(match[match.lastindex]), match[match.lastindex])
            for match in _REFUSED.finditer(raw)
            if match.lastindex
        ]
        plain = applied(raw, edits)
        edits = [
            self._edit(start, end - start, secret)
            for start, end, secret in (*userinfo(plain), *query_values(plain, self._secrets.is_form_field))
        ]
        changed = applied(plain, edits)
        edits = self._secrets.loose_edits(changed)
        if not edits and changed == raw:
            return text
        return applied(changed, edits).decode("utf-8", "replace")


def _notes(name: bytes, edits: Iterable[Edit]) -> list[Note]:
    where = "header " + name.decode("latin-1").strip().lower()
    return [Note.of(where, edit) for edit in edits]


def _joined(lines: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"\0".join([value for _, value in lines])


def _mixed(secret: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in secret) and any(byte > 57 for byte in secret)


def _password(credentials: bytes) -> list[bytes]:
    """The password in what Basic sends (RFC 7617)."""
    try:
        return [b64decode(credentials, validate=True).partition(b":")[2]]
    except ValueError:
        return []
