"""Whether a value of a new answer is what the recorded one says, as far as two runs can be the same.

Two runs never agree on identifiers, times and secrets. Such a value is as recorded where it is the one
that was issued in place of the recorded one, or – issued nowhere – where it is another of the same form.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_tz

from replay.forms import is_random, masked

SECRET = "(secret)"  # noqa: S105 - what a secret is shown as
_WORD = r"[\w-]"
_DIGITS = re.compile(r"[0-9]+")
_SHORTEST = 4
"""Characters of a bound value from which on it is also looked for inside longer text."""


class Likeness:
    """Compares one run's values with another's.

    `bound` has the new value for each recorded one that was issued, `origins` the new origin for each
    recorded one, `old_tokens` and `new_tokens` what stands for secrets in either run, `own_form` is the
    profile's form of an ID.
    """

    def __init__(
        self,
        bound: Mapping[str, str],
        *,
        origins: Mapping[str, str] | None = None,
        old_tokens: frozenset[str] = frozenset(),
        new_tokens: frozenset[str] = frozenset(),
        own_form: Callable[[str], bool] | None = None,
    ) -> None:
        self._whole = dict(bound)
        inside = {old: new for old, new in bound.items() if len(old) >= _SHORTEST}
        self._replace = _replacer({**dict(origins or {}), **inside})
        self._hide_old, self._hide_new = _hider(old_tokens), _hider(new_tokens)
        self._own_form = own_form or (lambda _: False)
        self._masks: dict[str, str] = {}

    def expected(self, recorded: str) -> str:
        """The recorded text with what was issued anew in its place; secrets are hidden."""
        whole = self._whole.get(recorded)
        return self._hide_new(whole) if whole is not None else self._hide_old(self._replace(recorded))

    def hidden(self, recorded: str) -> str:
        """Recorded text without its secrets."""
        return self._hide_old(recorded)

    def shown(self, new: str) -> str:
        """New text without its secrets."""
        return self._hide_new(new)

    def alike(self, recorded: str, new: str) -> bool:
        """Whether `new` is what `recorded` says."""
        if recorded == new:
            return True
        expected, shown = self.expected(recorded), self.shown(new)
        if expected == shown:
            return True
        if recorded in self._whole:
            return False  # another value than the one that was issued
        return self.form(expected) == self.form(shown) and self.form(expected) != expected

    def issued_alike(self, recorded: str, new: str) -> bool:
        """The same where the answer is the one that issues the value: any other of its form will do."""
        recorded, new = self._hide_old(recorded), self._hide_new(new)
        if recorded == new or (is_random(recorded) and self.form(recorded) == self.form(new)):
            return True
        return _DIGITS.sub("9", recorded) == _DIGITS.sub("9", new)

    def form(self, text: str) -> str:
        """The text without what differs from run to run."""
        mask = self._masks.get(text)
        if mask is None:
            mask = self._masks[text] = self._form(text)
        return mask

    def _form(self, text: str) -> str:
        if self._own_form(text):
            return "(ID)"
        if len(text) < 40 and text[-3:] == "GMT" and parsedate_tz(text) is not None:
            return "(date)"  # RFC 9110 §5.6.7
        return masked(text)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known of places in one answer, each as a report names it (`JSON user.id`).

    At those in `issued` the answer issues a value of its own. At those in `bound` are values that were
    issued before and are too short to be known anywhere else: the new one by the recorded one.
    """

    issued: frozenset[str] = frozenset()
    bound: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def alike(self, likeness: Likeness, where: str, recorded: str, new: str) -> bool:
        """Whether at `where` the new value is what the recorded one says."""
        if where in self.issued:
            return likeness.issued_alike(recorded, new)
        expected = self.bound.get(where, {}).get(recorded)
        return likeness.alike(recorded, new) if expected is None else expected == new

    def expected(self, likeness: Likeness, where: str, recorded: str) -> str:
        """The recorded text as it is shown: where a value is issued, any new one would do."""
        return likeness.hidden(recorded) if where in self.issued else likeness.expected(recorded)

    def below(self, prefix: str) -> "Marks":
        """The places that begin with `prefix`, without it."""
        size = len(prefix)
        issued = frozenset(each[size:] for each in self.issued if each.startswith(prefix))
        return Marks(issued, {each[size:]: to for each, to in self.bound.items() if each.startswith(prefix)})


UNMARKED = Marks()


def _replacer(pairs: Mapping[str, str]) -> Callable[[str], str]:
    if not pairs:
        return lambda text: text
    longest_first = sorted(pairs, key=len, reverse=True)
    pattern = re.compile(rf"(?<!{_WORD})(?:{'|'.join(map(re.escape, longest_first))})(?!{_WORD})")
    return lambda text: pattern.sub(lambda found: pairs[found[0]], text)


def _hider(tokens: frozenset[str]) -> Callable[[str], str]:
    if not tokens:
        return lambda text: text
    longest_first = sorted(tokens, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(SECRET, text)
