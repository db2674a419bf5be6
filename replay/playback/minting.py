"""New tokens in the place of redacted ones: as long, and of a form that clients can work with."""

import base64
import json
from random import Random
from typing import Any

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HEADER = {"alg": "HS256", "typ": "JWT"}
_LEAST_JWT = 180
_SIGNATURE = 43
_DAY = 24 * 3600


def minted(old: str, random: Random, now: int) -> str:
    """A token of the same length as `old`; digits where `old` is digits. `now` is in seconds since 1970.

    What was redacted cannot be known, so a long token is a JWT (RFC 7519) that is good for a day, and a short
    one says that it comes from a playback, as far as there is room.
    """
    length = len(old)
    if old.isdigit():
        return random.choice("123456789") + "".join(random.choices("0123456789", k=length - 1))
    if length >= _LEAST_JWT:
        return _jwt(length, random, now)
    mark = "playback-" if length >= 24 else ""
    return mark + _some(random, length - len(mark))


def _jwt(length: int, random: Random, now: int) -> str:
    header = _encoded(_written(_HEADER))
    room, signature = length - len(header) - 2 - _SIGNATURE, _SIGNATURE
    if room % 4 == 1:  # no base64 text is as long as that
        room, signature = room + 1, signature - 1
    claims = {"sub": "playback", "iat": now, "exp": now + _DAY, "jti": ""}
    claims["jti"] = _some(random, room * 3 // 4 - len(_written(claims)))
    return f"{header}.{_encoded(_written(claims))}.{_some(random, signature)}"


def _some(random: Random, length: int) -> str:
    return "".join(random.choices(_LETTERS, k=length))


def _written(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
