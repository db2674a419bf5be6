"""Redact the bytes of one body as they come, each kind of body by its own rule.

A masker is fed the (decoded) bytes of one message on one side. It says up to which offset it has decided
(`settled`), what to replace there (`edits`) and what cannot be kept (`lost`); offsets count from the start
of the body. It never changes a length, and its edits are the same for every chunking of the same bytes.
"""

from collections.abc import Iterable
from copy import copy
from typing import Self

from recordings.redaction.forms import Value, form_values, multipart_values, part_names, query_values
from recordings.redaction.json_spans import is_wide, nested_leaves, secret_leaves
from recordings.redaction.secrets import Edit, Secrets, applied

MOST_HELD = 1024 * 1024
"""Bytes of one body held back at most; a longer JSON text or event is lost (its lengths are kept)."""

_OVERLAP = 16 * 1024
"""Bytes of it that stay held where the rest is released: longer than any name or known secret."""


class Masker:
    """Holds what cannot be decided yet. A subclass says where units end (`_cut`) and masks one (`_mask`)."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._possible_name = secrets.possible_name
        self._maybe_in = secrets.maybe_in
        self._held = bytearray()
        self._skipping = False
        """Up to the next cut nothing can be understood: bytes are missing, or too many were held."""
        self.settled = 0
        self.edits: list[Edit] = []
        self.lost: list[tuple[int, int]] = []

    @property
    def fed(self) -> int:
        """Bytes taken so far."""
        return self.settled + len(self._held)

    def feed(self, text: bytes) -> None:
        """Take what follows."""
        seen = len(self._held)
        self._held += text
        if self._skipping:
            found = self._resume()
            self._lose(len(self._held) if found is None else found)
            if found is None:
                return
            self._skipping, seen = False, 0
        cut = self._cut(seen)
        if cut:
            self._settle(cut)
        if len(self._held) > MOST_HELD:
            self._overflow()

    def end(self) -> None:
        """Nothing follows: decide on what is held. (Should more follow, its beginning is missing.)"""
        if self._held:
            self._settle(len(self._held))
            self._skipping = True

    def miss(self) -> None:
        """Bytes are missing here: what is held, and what follows in the same unit, cannot be understood."""
        self.give_up()

    def give_up(self) -> None:
        """Lose what is held, and go on at the next unit."""
        self._lose(len(self._held))
        self._skipping = True

    def passes(self, text: bytes) -> bool:
        """Whether `text` is decided at once, with nothing in it to replace; it then counts as fed."""
        return False

    def at_rest(self) -> bool:
        """Whether nothing that was fed matters for what follows."""
        return False

    def fork(self) -> Self:
        """A masker in the same state, independent of this one."""
        twin = copy(self)
        twin._held = bytearray(self._held)
        twin.edits, twin.lost = list(self.edits), list(self.lost)
        return twin

    def _settle(self, cut: int) -> None:
        """Decide on the first `cut` bytes held."""
        unit = bytes(self._held[:cut])
        del self._held[:cut]
        self._mask(unit)
        self.settled += cut

    def _lose(self, size: int) -> None:
        if size:
            del self._held[:size]
            self._lost(0, size)
            self.settled += size

    def _lost(self, start: int, end: int) -> None:
        """Offsets count from what is settled."""
        start, end = self.settled + start, self.settled + end
        if self.lost and self.lost[-1][1] == start:
            start = self.lost.pop()[0]
        self.lost.append((start, end))

    def _hide(self, unit: bytes, edits: list[Edit]) -> None:
        """Note the edits of one unit (offsets in it), and those of known secrets in what remains."""
        if edits:
            edits.sort()
            more = self._secrets.learned_edits(applied(unit, edits))
            edits = sorted(edits + more) if more else edits
        else:
            edits = self._secrets.learned_edits(unit)
        self.edits.extend(Edit(self.settled + start, token) for start, token in edits)

    def _cut(self, seen: int) -> int:
        """How many of the held bytes are whole units; the first `seen` were there before."""
        return 0

    def _resume(self) -> int | None:
        """Where in the held bytes, after missing ones, a unit begins."""
        return None

    def _mask(self, unit: bytes) -> None:
        self._hide(unit, [])

    def _overflow(self) -> None:
        """More is held than may be."""
        self.give_up()


class WholeMasker(Masker):
    """A body that is understood as a whole, and held until it is complete.

    One too long for that is released while nothing in it can be a secret's name, and lost from there on.
    """

    def end(self) -> None:
        """Decide on the whole; what should follow after all is lost."""
        if self._held:
            self._settle(len(self._held))
        self._skipping = True

    def _harmless(self, text: bytes) -> bool:
        return False

    def _overflow(self) -> None:
        text = bytes(self._held)
        if not self._harmless(text):
            self.give_up()
            return
        cut = len(text) - _OVERLAP
        for start, end, _ in self._secrets.learned.find(text):
            if start < cut < end:
                cut = start
        self._hide(text[:cut], [])
        del self._held[:cut]
        self.settled += cut


class JsonMasker(WholeMasker):
    """JSON (RFC 8259)."""

    def _mask(self, unit: bytes) -> None:
        edits = json_edits(unit, self._secrets)
        if edits is None:
            self._lost(0, len(unit))
        else:
            self._hide(unit, edits)

    def _harmless(self, text: bytes) -> bool:
        return not is_wide(text) and not self._secrets.possible_name(text)


class FormMasker(WholeMasker):
    """application/x-www-form-urlencoded."""

    def _mask(self, unit: bytes) -> None:
        self._hide(unit, value_edits(form_values(unit, self._secrets.is_form_field), self._secrets))


class MultipartMasker(WholeMasker):
    """multipart/form-data (RFC 7578)."""

    def __init__(self, secrets: Secrets, boundary: bytes) -> None:
        super().__init__(secrets)
        self._boundary = boundary

    def _mask(self, unit: bytes) -> None:
        values = multipart_values(unit, self._boundary, self._secrets.is_form_field)
        self._hide(unit, value_edits(values, self._secrets))

    def _harmless(self, text: bytes) -> bool:
        return not any(self._secrets.is_form_field(name) for name in part_names(text))


class TextMasker(Masker):
    """Other text: only known secrets are replaced. Held is just what could be the beginning of one."""

    def _cut(self, seen: int) -> int:
        text = bytes(self._held)
        cut = self._secrets.learned.undecided(text)
        for start, end, _ in self._secrets.learned.find(text):
            if start < cut < end:
                cut = start
        return cut

    def passes(self, text: bytes) -> bool:
        """Whether no secret is known yet."""
        if self._held or self._skipping or len(self._secrets.learned):
            return False
        self.settled += len(text)
        return True

    def give_up(self) -> None:
        """Decide on what is held: it is no unit."""
        self._settle(len(self._held))


class RawMasker(Masker):
    """Frames of other protocols: what looks like a quoted secret, and known ones, within each chunk."""

    def _cut(self, seen: int) -> int:
        return len(self._held)

    def _mask(self, unit: bytes) -> None:
        self.edits.extend(sorted(self._secrets.loose_edits(unit, self.settled)))

    def give_up(self) -> None:
        """Decide on what is held: it is no unit."""
        self._settle(len(self._held))


def value_edits(values: Iterable[Value], secrets: Secrets) -> list[Edit]:
    """The replacements of values."""
    return [secrets.edit(start, end - start, secret) for start, end, secret in values]


def json_edits(text: bytes, secrets: Secrets) -> list[Edit] | None:
    """The replacements in a JSON text; None where it is broken and may hold a secret."""
    if is_wide(text):
        return None
    if not secrets.possible_name(text):
        return []
    try:
        leaves = secret_leaves(text, secrets.is_field)
    except ValueError:
        return None
    edits = [
        secrets.edit(start, end - start, secret, digits=number, learn=not number or secret.isdigit())
        for start, end, secret, number in leaves
        if start < end
    ]
    rest = applied(text, edits) if edits else text
    if b'\\"' in rest:
        edits += [
            secrets.edit(s, e - s, secret, digits=n)
            for s, e, secret, n in nested_leaves(rest, secrets.is_field)
        ]
    return edits + value_edits(query_values(rest, secrets.is_form_field), secrets)
