"""IDs that were never issued: in the service's own format, and those that negative tests send."""

import re
import string
from collections.abc import Iterator
from random import Random

from contract.profile_sections import IdForm

_WORD = re.compile(r"[0-9a-zA-Z]+|[^0-9a-zA-Z]+")
_DIGITS = re.compile(r"\[0-9\][+*]|\\d[+*]")
_MOST = 8


def invented(form: IdForm, now_ms: int, random: Random) -> str:
    """An ID in the format that nobody has issued, made after the profile's example; '' where there is none.

    A word of 13 or 10 digits is taken for a time, in ms or s; the last word that may change is drawn anew.
    """
    if form.example is None:
        return ""
    words = _WORD.findall(form.example)
    for text in ("".join(_dated(word, now_ms) for word in words), form.example):
        for candidate in _changed(text, random):
            if candidate != form.example and re.fullmatch(form.format, candidate):
                return candidate
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


def _changed(text: str, random: Random) -> Iterator[str]:
    """The text with one word drawn anew, the last one first; then with one character, the last one first."""
    words = [match.span() for match in _WORD.finditer(text)]
    single = [(at, at + 1) for at in range(len(text))]
    for begin, end in (*reversed(words), *reversed(single)):
        begin = max(begin, end - _MOST)
        yield text[:begin] + "".join(_other(each, random) for each in text[begin:end]) + text[end:]


def _other(character: str, random: Random) -> str:
    """Another character of the same kind: a digit, or a letter from a to f."""
    others = _alphabet(character).replace(character, "")
    return random.choice(others) if others else character


def _alphabet(character: str) -> str:
    if character in string.digits:
        return string.digits
    if character in string.ascii_lowercase:
        return "abcdef"
    return "ABCDEF" if character in string.ascii_uppercase else ""
