"""Secrets that were seen in a known place, to be found again anywhere else."""

import json
import re
from collections import OrderedDict
from urllib.parse import quote, quote_from_bytes

LEAST = 8
"""Shorter secrets are not looked for elsewhere: they occur by chance."""
MOST = 4096
"""Longer ones neither: nobody quotes them."""
BOUND = 1000
"""Secrets kept; the one unused for longest goes first."""

_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]+").fullmatch
_PLAIN_WORD = 16
_WINDOW = 7
_HEADS = (1, 2, 3, 4)
_RAREST = b"QZXJKVW@#$%^&*+~`|YUGPFDBHNRLMCESOATI9876543210qzjxkvwygpfbmucldhrsniotae"
"""Bytes by how rare they are in prose and JSON; all others come after them."""
_RANK = {byte: rank for rank, byte in enumerate(_RAREST)}


class LearnedSecrets:
    """The newest secrets, and a search for all of them at once whose cost does not grow with their number.

    Each form of a secret (as it is, JSON-escaped, percent-encoded) has seven bytes near its end; any seven
    bytes hold one group of four at an offset that four divides. So it is enough to look up every fourth
    offset of a text in one set, and to search for real where that hits. Before that comes a look for one
    rare byte of each: most texts have none of these.
    """

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._forms: OrderedDict[bytes, tuple[bytes, ...]] = OrderedDict()
        self._by_group: dict[int, set[bytes]] = {}
        self._groups: set[int] = set()
        self._secret_of: dict[bytes, bytes] = {}
        self._heads: dict[bytes, int] = {}
        self._rare = b""
        """At least one byte of each form is among them."""
        self.longest = 0
        """An upper bound for the length of all forms."""
        self.generation = 0
        """Rises with every secret that is new."""

    def __len__(self) -> int:
        return len(self._forms)

    def learn(self, secret: bytes) -> None:
        """Look for `secret` from now on, if it is one that can be told from ordinary text."""
        if secret in self._forms:
            self._forms.move_to_end(secret)
            return
        if not _telling(secret):
            return
        if len(self._forms) >= self._bound:
            self._forget(self._forms.popitem(last=False)[1])
        forms = tuple(form for form in _forms(secret) if form not in self._secret_of)
        self._forms[secret] = forms
        for form in forms:
            self._secret_of[form] = secret
            if form.translate(None, self._rare) == form:
                self._rare += bytes([min(form, key=lambda byte: _RANK.get(byte, 256))])
            for group in _groups(form):
                self._by_group.setdefault(group, set()).add(form)
                self._groups.add(group)
            for size in _HEADS:
                self._heads[form[:size]] = self._heads.get(form[:size], 0) + 1
            self.longest = max(self.longest, len(form))
        self.generation += 1

    def learn_again(self, secrets: tuple[bytes, ...]) -> None:
        """As `learn` for each; quick where they are known, as those of a head that comes again are."""
        forms = self._forms
        for secret in secrets:
            if secret in forms:
                forms.move_to_end(secret)
            else:
                self.learn(secret)

    def _forget(self, forms: tuple[bytes, ...]) -> None:
        for form in forms:
            self._secret_of.pop(form, None)
            for group in _groups(form):
                if (known := self._by_group.get(group)) is not None:
                    known.discard(form)
                    if not known:
                        del self._by_group[group]
                        self._groups.discard(group)
            for size in _HEADS:
                self._heads[form[:size]] -= 1
                if not self._heads[form[:size]]:
                    del self._heads[form[:size]]

    def maybe_in(self, text: bytes) -> bool:
        """False where none of them can be in `text`."""
        if not self._groups or len(text.translate(None, self._rare)) == len(text):
            return False
        return not self._groups.isdisjoint(memoryview(text)[: len(text) & ~3].cast("I"))

    def find(self, text: bytes) -> list[tuple[int, int, bytes]]:
        """(start, end, secret) of all that are in `text`, in order, without overlaps; the longest wins."""
        if not self.maybe_in(text):
            return []
        candidates: set[bytes] = set()
        for group in self._groups.intersection(memoryview(text)[: len(text) & ~3].cast("I")):
            candidates |= self._by_group[group]
        found: list[tuple[int, int, bytes]] = []
        for form in candidates:
            at = text.find(form)
            while at >= 0:
                found.append((at, at + len(form), self._secret_of[form]))
                at = text.find(form, at + 1)
        return _apart(found)

    def undecided(self, text: bytes) -> int:
        """The offset from which on `text` could be the beginning of one of them."""
        first = max(0, len(text) - self.longest + 1)
        for at in range(first, len(text)):
            if text[at : at + 4] in self._heads and self._is_beginning(text[at:]):
                return at
        return len(text)

    def _is_beginning(self, text: bytes) -> bool:
        return len(text) <= 4 or any(form.startswith(text) for form in self._secret_of)


def _telling(secret: bytes) -> bool:
    """Whether a secret can be told from prose and placeholders: a plain word cannot, nor `********`."""
    if not LEAST <= len(secret) <= MOST or len(set(secret)) < 4:
        return False
    word = secret.strip(b" \t\r\n.,:;!?\"'()[]{}<>*_-")
    return not (len(word) < _PLAIN_WORD and (word.isalpha() or not word))


def _forms(secret: bytes) -> tuple[bytes, ...]:
    """How a secret can be written: as it is, in JSON strings, percent-encoded as in queries and in forms."""
    if _UNRESERVED(secret):
        return (secret,)
    forms = [secret]
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        forms.append(quote_from_bytes(secret, safe="").encode())
    else:
        escaped = json.dumps(text, ensure_ascii=False)[1:-1].encode()
        forms += [escaped, json.dumps(text)[1:-1].encode(), escaped.replace(b"/", b"\\/")]
        encoded = quote(text, safe="").encode()
        forms += [encoded, encoded.replace(b"%20", b"+"), quote(text).encode()]
    return tuple(dict.fromkeys(forms))


def _groups(form: bytes) -> set[int]:
    """The groups of four bytes of the seven at the end, as a view of a text in steps of four gives them."""
    tail = form[-_WINDOW:]
    return {memoryview(tail[at : at + 4]).cast("I")[0] for at in range(4)}


def _apart(found: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """The spans that start first and, of those that start together, the longest; overlapping ones joined."""
    found.sort(key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int, bytes]] = []
    for span in found:
        if kept and span[0] < kept[-1][1]:
            start, end, secret = kept[-1]
            kept[-1] = (start, max(end, span[1]), secret)
        else:
            kept.append(span)
    return kept
