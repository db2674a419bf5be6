"""Redact what the journal of faults quotes of bodies.

A fault quotes pieces, which do not tell where in the body they are: a secret's name may be in the piece
before. So nothing is replaced in them; a piece in which a secret may be is hidden altogether.
"""

import re
from codecs import getincrementaldecoder

from contract.events import Injection
from recordings.redaction.json_spans import is_wide
from recordings.redaction.secrets import Secrets

_REACH = 256
"""Bytes before a piece in which its secret's name may be."""
_SHORT = 4
"""No secret is in so few bytes, whatever their coding."""
_TELLING = 4
"""So many bytes at the end of a piece are enough to be the beginning of a known secret."""

_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search
_NO_PATH = re.compile(r"[\s()]").search
_STEPS = re.compile(r"[.\[\]]+")
_UTF8 = getincrementaldecoder("utf-8")


class BodyQuotes:
    """The quotes of one fault from one body, in order: pieces behind a hidden one are hidden, too."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._end = -1
        self._before = b""
        self._hides = False

    def of(self, entry: Injection) -> tuple[bytes | None, bytes | None]:
        """What to keep of `before` and `after`."""
        before, after = entry.before or b"", entry.after or b""
        if entry.offset != self._end:
            self._before, self._hides = b"", False
        self._hides = self._hides or self._is_secret(entry.name) or not self._is_clean(before, self._before)
        self._end = (entry.offset or 0) + len(before)
        self._before = (self._before + before)[-_REACH:]
        kept = entry.before, entry.after
        if self._hides:
            return _hidden(kept[0]), _hidden(kept[1])
        return kept[0], kept[1] if self._has_no_name(after) else _hidden(kept[1])

    def _is_secret(self, path: str) -> bool:
        """Whether the value at a path in a JSON text is one, or in one."""
        return not _NO_PATH(path) and any(map(self._secrets.is_field, _STEPS.split(path)))

    def _is_clean(self, piece: bytes, ahead: bytes) -> bool:
        if len(piece) < _SHORT and not ahead:
            return True
        known = self._secrets.learned
        begins = known.undecided(piece) if known.longest else len(piece)
        return _is_text(piece) and len(piece) - begins < _TELLING and self._has_no_name(ahead + piece)

    def _has_no_name(self, text: bytes) -> bool:
        # A form's first field has nothing before its name.
        secrets = self._secrets
        return not (is_wide(text) or secrets.possible_name(b"&" + text) or secrets.maybe_in(text))


def _is_text(piece: bytes) -> bool:
    """Whether a piece of text in UTF-8 may be cut like this; else it is compressed, or binary."""
    if _CONTROLS(piece):
        return False
    start = next((at for at, byte in enumerate(piece[:4]) if byte & 0xC0 != 0x80), len(piece))
    try:
        _UTF8().decode(piece[start:])
    except UnicodeDecodeError:
        return False
    return start < 4


def _hidden(value: bytes | None) -> bytes | None:
    return value and b"*" * len(value)
