"""The parts of a value: which of them a generator made, and which a person or a programmer wrote."""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

LONGEST = 8192
"""Characters; what is longer is content, no identifier."""


class Shape(Enum):
    """What a part of a value is."""

    KEPT = "kept"
    """Words, separators and small numbers: the same whenever a service runs."""
    TIME = "time"
    """Seconds or milliseconds since 1970."""
    UUID = "uuid"
    ULID = "ulid"
    JWT = "jwt"
    REDACTED = "redacted"
    """A token that stands for a secret."""
    BASE64 = "base64"
    """Base64 with its own alphabet or padding (RFC 4648 §4)."""
    HEX = "hex"
    DIGITS = "digits"
    """A long number that is no time."""
    OPAQUE = "random"
    """Letters and digits (and `-_`) without a word in them."""


class Part(NamedTuple):
    """A piece of a value; the pieces of a value, joined, are the value."""

    shape: Shape
    text: str


UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
)
REDACTED = re.compile(r"redacted~[A-Za-z0-9_-]{7,}|~[A-Za-z0-9_-]{3,14}")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*")
_ULID = re.compile(r"[0-7](?:[0-9A-HJKMNP-TV-Z]{25}|[0-9a-hjkmnp-tv-z]{25})")
_BASE64 = re.compile(
    r"(?=.{12})[A-Za-z0-9+/]+={1,2}|(?=.{16})[A-Za-z0-9_-]+={1,2}|(?=.*[+/])[A-Za-z0-9+/]{24,}"
)
_SEGMENT = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_WORD = re.compile(r"[a-z]{2,16}[0-9]{0,2}|[A-Z]{2,16}|[A-Z][a-z]{2,15}")
# 2001-09 to 2033-05 in seconds, in milliseconds and in microseconds.
_TIME = re.compile(r"1[0-9]{9}(?:[0-9]{3}){0,2}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[0-9]{4,9})?")
_HAS_BOTH = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])")
_MIXED = re.compile(r"(?=.{11})(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9_-]+")
_NOT_AN_ID = re.compile(r"\s|@|://")
_ULID_EPOCH = range(946_684_800_000, 4_102_444_800_000)  # the years 2000 to 2099, ms
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# Pairs of letters that make up 93 % of those in English words and programmers' names; of all pairs
# they are 37 %, so that chance does not meet them often.
_FOLLOWERS = """
    a:bcdgiklmnprstuvwxy b:aeilorsu c:acehiklmorstu d:adeilorsu e:abcdefgilmnopqrstvwxy f:aefilorstu
    g:aehilnorsu h:aeiot i:abcdefglmnoprstvxz k:eis l:adeilostuy m:abeimopsu n:acdefgiklnostuv
    o:bcdfgiklmnoprstuvw p:aeiloprstuy q:u r:acdegiklmnoprstuy s:acehilopstuy t:acdefhilmoprstuy
    u:abceilmnprst v:aei w:aeinor x:cept y:pst z:e
"""
_COMMON = frozenset(entry[0] + follower for entry in _FOLLOWERS.split() for follower in entry[2:])
_SHORTEST_OPAQUE = 8
_LONGEST_SCORED = 64
_LONG = 20


@lru_cache(maxsize=16384)
def parts(value: str) -> tuple[Part, ...]:
    """A value without white space, in parts; one part `KEPT` where nothing in it was generated."""
    if not value:
        return ()
    if len(value) > LONGEST or _NOT_AN_ID.search(value):
        return (Part(Shape.KEPT, value),)
    whole = _whole(value)
    if whole is not None:
        return (Part(whole, value),)
    found: list[Part] = []
    start = 0
    for match in UUID.finditer(value):
        found += _segments(value[start : match.start()])
        found.append(Part(Shape.UUID, match[0]))
        start = match.end()
    found += _segments(value[start:])
    return tuple(_joined(found))


def _whole(value: str) -> Shape | None:
    """The shape of values that are one part by their own grammar."""
    if REDACTED.fullmatch(value):
        return Shape.REDACTED
    if UUID.fullmatch(value):
        return Shape.UUID
    if value.startswith("eyJ") and _JWT.fullmatch(value) and json_object(value.partition(".")[0]) is not None:
        return Shape.JWT
    if _ULID.fullmatch(value) and _HAS_BOTH.match(value) and ulid_time(value) in _ULID_EPOCH:
        return Shape.ULID
    if _BASE64.fullmatch(value) and is_opaque(value.rstrip("=")) and len(value.rstrip("=")) % 4 != 1:
        return Shape.BASE64
    return None


def ulid_time(value: str) -> int:
    """Milliseconds since 1970 in the first ten characters of a ULID."""
    time = 0
    for letter in value[:10].upper():
        time = time * 32 + _CROCKFORD.index(letter)
    return time


def json_object(segment: str) -> dict[str, object] | None:
    """The JSON object in a base64url segment (RFC 7515 §3); None where it is none."""
    try:
        value = json.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _segments(text: str) -> list[Part]:
    """Text without a UUID in parts: words at its beginning, then what was generated."""
    found: list[Part] = []
    after_time = False
    for piece in _SEGMENT.findall(text):
        shape = _of_segment(piece, after_time)
        after_time = after_time or shape is Shape.TIME
        found.append(Part(shape, piece))
    first = next((at for at, part in enumerate(found) if part.shape is Shape.OPAQUE), None)
    if first is not None:
        return _opaque_region(found, first)
    # Every piece may be too short to tell, but not all of them together.
    if _MIXED.fullmatch(text) and is_opaque(text, at_least=5):
        return _opaque_region(found, len(found) - 1)
    return found


def _opaque_region(found: list[Part], sure: int) -> list[Part]:
    """The parts with all as one that belongs to the piece `sure`: in base64url `-` and `_` are letters.

    Words in front of it do not belong to it, nor does a number after it, unless it is so long that chance
    may have ended it so.
    """
    start, end = sure, sure
    while start >= 2 and _is_letters(found[start - 1]) and not _WORD.fullmatch(found[start - 2].text):
        start -= 2
    size = sum(len(part.text) for part in found[start : end + 1])
    while end + 2 < len(found) and _is_letters(found[end + 1]):
        if found[end + 2].text.isdigit() and size < _LONG:
            break
        size += len(found[end + 1].text) + len(found[end + 2].text)
        end += 2
    if size >= _LONG and not _is_prefix(found[:start]):
        start = 0
    region = "".join([part.text for part in found[start : end + 1]])
    return [*found[:start], Part(Shape.OPAQUE, region), *found[end + 1 :]]


def _is_prefix(before: list[Part]) -> bool:
    """Whether what stands before a long opaque region was put there: `sk_live_` was, `Qx-` may be chance."""
    first = "".join([part.text for part in before[:2]])
    return (
        len(before) >= 4 or len(first) >= 4 or (len(first) == 3 and first.islower() and first.endswith("_"))
    )


def _is_letters(separator: Part) -> bool:
    return not separator.text.strip("-_")


def _of_segment(piece: str, after_time: bool) -> Shape:
    """The shape of a run of letters and digits (or of a separator)."""
    size = len(piece)
    if piece.isdigit():
        if _TIME.fullmatch(piece):
            return Shape.TIME
        if after_time and size == 8:
            return Shape.HEX  # eight hexadecimal digits without a letter: one in 43
        return Shape.DIGITS if size >= 15 and not _DATE.fullmatch(piece) else Shape.KEPT
    if _HEX.fullmatch(piece) and ((size >= 8 and _HAS_BOTH.match(piece)) or (after_time and size >= 6)):
        return Shape.HEX
    return Shape.OPAQUE if is_opaque(piece) else Shape.KEPT


def is_opaque(piece: str, at_least: int = 4) -> bool:
    """Whether letters and digits follow each other as chance has it, not as in words.

    A pair of letters counts against that where it is common in English, whatever its case; a letter
    beside a digit counts for it, and so does a capital letter between small ones. Separators count
    neither way. `at_least` so many pairs must be rare.
    """
    if len(piece) < _SHORTEST_OPAQUE:
        return False
    rare = common = 0
    text = piece[:_LONGEST_SCORED]
    for left, right in pairwise(text):
        if left.isalpha() and right.isalpha():
            if left.islower() and right.isupper():
                rare += 1  # a hump of camelCase, too: those have common pairs around it
            elif (left + right).lower() in _COMMON:
                common += 1
            else:
                rare += 1
        elif left.isalnum() and right.isalnum() and not (left.isdigit() and right.isdigit()):
            rare += 1
    # Long values may be closer to words than short ones: chance averages out.
    return rare >= at_least and rare > common * (0.5 if len(text) >= 16 else 1.0)


def _joined(found: list[Part]) -> list[Part]:
    """Neighbours that are kept, as one."""
    joined: list[Part] = []
    for part in found:
        if joined and part.shape is joined[-1].shape is Shape.KEPT:
            joined[-1] = Part(Shape.KEPT, joined[-1].text + part.text)
        else:
            joined.append(part)
    return joined
