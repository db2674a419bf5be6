"""What a secret is replaced by: a keyed hash of the secret alone, at the length of what it replaces."""

import hashlib
from functools import lru_cache

_LETTERS = (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" * 4)[:256]
_DIGITS = (b"0123456789" * 26)[:256]
_FIRST_DIGITS = (b"123456789" * 29)[:256]

MARK = b"redacted~"
"""What a token starts with where it has 16 bytes or more; from 4 bytes on it starts with `~`."""

_MARK_FROM = 16
_SHORT_MARK_FROM = 4
_REMEMBERED = 4096
_LONGEST_REMEMBERED = 4096


class Tokens:
    """Tokens under one key: equal secrets give equal tokens, whatever stands around them.

    A token has only unreserved characters of RFC 3986, so that it fits into a URL, a JSON string, a
    header field, a cookie and a form alike. Secrets that are a number of digits give digits, as a JSON
    number must stay one. Of two lengths of one secret (escaped or not) the shorter token is the
    beginning of the longer one, the mark apart.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"streamid-redact").digest()
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._of)

    def of(self, secret: bytes, length: int, digits: bool = False) -> bytes:
        """The token for `secret`, of `length` bytes."""
        if len(secret) > _LONGEST_REMEMBERED:
            return self._of(secret, length, digits)
        return self._remembered(secret, length, digits)

    def _of(self, secret: bytes, length: int, digits: bool) -> bytes:
        seed = hashlib.blake2b(secret, digest_size=32, key=self._key).digest()
        stretch = hashlib.shake_128(seed).digest(length + 1)
        if digits or (secret.isdigit() and len(secret) == length):
            token = stretch[:1].translate(_FIRST_DIGITS) + stretch[1:length].translate(_DIGITS)
        else:
            mark = MARK if length >= _MARK_FROM else b"~" if length >= _SHORT_MARK_FROM else b""
            token = mark + stretch[: length - len(mark)].translate(_LETTERS)
        return token if token != secret else _another(token)


def _another(token: bytes) -> bytes:
    """A token that differs: by chance the hash of a very short secret can be the secret."""
    last = token[-1:]
    other = b"1" if last != b"1" else b"2"
    return token[:-1] + other
