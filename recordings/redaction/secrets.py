"""Names, tokens and learned values together: what every part of a message is redacted with."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from recordings.redaction.learned import LearnedSecrets
from recordings.redaction.names import SecretNames, loose_value, possible_name
from recordings.redaction.tokens import Tokens


class Edit(NamedTuple):
    """Bytes to put in place: `token` replaces as many bytes from offset `start` on."""

    start: int
    token: bytes

    @property
    def end(self) -> int:
        """The offset after what is replaced."""
        return self.start + len(self.token)


def _remembering(decide: Callable[[str], bool]) -> Callable[[str], bool]:
    """The same decision, remembered for names of a usual length."""
    remembered = lru_cache(maxsize=4096)(decide)
    return lambda name: remembered(name) if len(name) < 100 else decide(name)


class Secrets:
    """What counts as a secret in one run, and what it is replaced by."""

    def __init__(self, key: bytes, names: SecretNames) -> None:
        self.names = names
        self.tokens = Tokens(key)
        self.learned = LearnedSecrets()
        self.maybe_in = self.learned.maybe_in
        self.possible_name = possible_name(names)
        self.is_field = _remembering(names.is_field)
        self.is_form_field = _remembering(names.is_form_field)
        self._loose = loose_value(names)

    def edit(
        self, start: int, length: int, secret: bytes, *, digits: bool = False, learn: bool = True
    ) -> Edit:
        """Replace `length` bytes at `start`, which are a form of `secret`; remember the secret."""
        if learn:
            self.learned.learn(secret)
        return Edit(start, self.tokens.of(secret, length, digits))

    def learned_edits(self, text: bytes, base: int = 0) -> list[Edit]:
        """Replace what is known to be secret, wherever it is in `text` (which starts at offset `base`)."""
        return [
            Edit(base + start, self.tokens.of(secret, end - start))
            for start, end, secret in self.learned.find(text)
        ]

    def loose_edits(self, text: bytes, base: int = 0) -> list[Edit]:
        """Replace what looks like a secret quoted in text, and what is known to be one."""
        edits = []
        for match in self._loose.finditer(text):
            start, end = match.span(match.lastindex or 0)
            edits.append(self.edit(base + start, end - start, match[match.lastindex or 0], learn=False))
        return edits + self.learned_edits(applied(text, edits, base), base)


def applied(text: bytes, edits: Iterable[Edit], base: int = 0) -> bytes:
    """`text`, which starts at offset `base`, with those parts of the edits that fall into it."""
    changed = bytearray(text)
    last = base + len(text)
    for start, token in edits:
        end = start + len(token)
        if start < last and end > base:
            first, stop = max(start, base), min(end, last)
            changed[first - base : stop - base] = token[first - start : stop - start]
    return bytes(changed)
