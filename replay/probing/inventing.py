"""IDs that were never issued: in the service's own format, and those that negative tests send."""

import re
import string
from random import Random

from contract.profile_sections import IdForm

_RUN = re.compile(r"[0-9]+|[a-z]+|[A-Z]+|[^0-9a-zA-Z]+")
_DIGITS = re.compile(r"\[0-9\][+*]|\\d[+*]")
_TRIES = 20


def invented(form: IdForm, now_ms: int, random: Random) -> str:
    """An ID in the format that nobody has issued, made after the profile's example; '' where there is none.

    A run of 13 or 10 digits is taken for a time, in ms or s; the last part is drawn anew.
    """
    if form.example is None:
        return ""
    parts = _RUN.findall(form.example)
    dated = ["".join(_dated(part, now_ms) for part in parts), form.example]
    for attempt in range(_TRIES):
        text = _redrawn(dated[attempt * 2 // _TRIES], random)
        if text != form.example and re.fullmatch(form.format, text):
            return text
    return form.example


def wrong_ids(form: IdForm, now_ms: int) -> list[str]:
    """What the profile's negative tests send: each pattern as a text, digits without a bound as unix seconds.

    A pattern that means more than that is left out.
    """
    texts = [_DIGITS.sub(str(now_ms // 1000), pattern) for pattern in form.probes]
    return [text for text, pattern in zip(texts, form.probes, strict=True) if re.fullmatch(pattern, text)]


def altered(value: str) -> str:
    """The same ID in the other case; the same text where it has no letters."""
    return value.upper() if value != value.upper() else value.lower()


def _dated(part: str, now_ms: int) -> str:
    if part.isdigit() and len(part) == 13:
        return str(now_ms)
    return str(now_ms // 1000) if part.isdigit() and len(part) == 10 else part


def _redrawn(text: str, random: Random) -> str:
    """The last eight letters and digits drawn anew: digits for digits, a to f for small letters."""
    changed = list(text)
    for at in range(max(0, len(text) - 8), len(text)):
        alphabet = _alphabet(text[at])
        changed[at] = random.choice(alphabet) if alphabet else text[at]
    return "".join(changed)


def _alphabet(character: str) -> str:
    if character in string.digits:
        return string.digits
    if character in string.ascii_lowercase:
        return "abcdef"
    return "ABCDEF" if character in string.ascii_uppercase else ""
