"""What a value looks like: if a generator made it, what is the same in every run, and another like it."""

import json
import re
import string
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from random import Random

from replay.shapes import LONGEST, Part, Shape, json_object, parts

_TRIES = 64
_ISO_TIME = re.compile(
    r"[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]"
    r"(?::[0-6][0-9](?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-2][0-9]:?[0-5][0-9])?"
)
_TOKEN = re.compile(r"[_-]{0,3}[A-Za-z0-9~](?:[A-Za-z0-9._~+/=-]*[A-Za-z0-9_=-])?")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBERS = re.compile(r"[0-9]+")
_CLAIM = re.compile(rb'"(iat|exp|nbf|auth_time)"(\s*:\s*)([0-9]{1,12})(?=\s*[,}])')
_JTI = re.compile(rb'("(?:jti|sid|nonce)"\s*:\s*")([!#-\[\]-~]+)(?=")')
_AN_HOUR = 3600
_WORDLESS = frozenset(Shape) - {Shape.KEPT, Shape.TIME}


def is_random(value: str) -> bool:
    """Whether a generator made the value.

    True for UUID, ULID, JWT, hash, base64, nanoid, IDs with a prefix, tokens for secrets. False for
    words, names, versions, dates, times and short numbers, for all with white space, for URLs and e-mail
    addresses, and for values of more than 8,192 characters. Of short values without a format of their
    own (8 letters and digits) one in ten passes for a word.
    """
    return any(part.shape in _WORDLESS for part in parts(value))


def masked(value: str) -> str:
    """The text with what differs from run to run replaced by `<uuid>`, `<time>`, `<hex:8>`, `<random:22>` ….

    It takes any text, also sentences. Two values of one format give the same text; where the length
    belongs to the format it stands in the placeholder.
    """
    pieces: list[str] = []
    start = 0
    for match in _ISO_TIME.finditer(value):
        pieces += [_TOKEN.sub(_mask_of, value[start : match.start()]), "<time>"]
        start = match.end()
    pieces.append(_TOKEN.sub(_mask_of, value[start:]))
    return "".join(pieces)


def _mask_of(token: re.Match[str]) -> str:
    text = token[0]
    if len(text) <= LONGEST and "://" not in text and "/" in text and not text.endswith("="):
        return "/".join([_masked_token(piece) for piece in text.split("/")])  # a path, or a media type
    return _masked_token(text)


def _masked_token(text: str) -> str:
    return "".join([_PLACEHOLDERS.get(part.shape, _named)(part) for part in parts(text)])


def _named(part: Part) -> str:
    return f"<{part.shape.value}>"


def _sized(part: Part) -> str:
    return f"<{part.shape.value}:{len(part.text)}>"


def _as_is(part: Part) -> str:
    return part.text


_PLACEHOLDERS: dict[Shape, Callable[[Part], str]] = {
    Shape.KEPT: _as_is,
    Shape.HEX: _sized,
    Shape.OPAQUE: _sized,
    Shape.DIGITS: _sized,
}


def fresh(value: str, random: Random, now_ms: int) -> str:
    """Another value in the same format and of the same length; `now_ms` is the time, ms since 1970.

    Kept are: words before and after what is random, separators, the case of hexadecimal digits, the
    version and variant of a UUID, alphabet and padding of base64, the number of a number's digits (with
    no zero in front of it unless there was one), and of all else the class of each character. A time in
    it becomes `now_ms`, as does that in a ULID or a UUID of version 7. A JWT keeps its header and its
    claims; `iat` becomes now, `exp`, `nbf` and `auth_time` keep their distance from it, `jti`, `sid` and
    the signature are new. A token for a secret becomes one of letters and digits.

    It is never the value given, unless that has neither a letter nor a digit. Two states of `random`
    give two values, as far as there are enough of that format.
    """
    found = parts(value)
    for _ in range(_TRIES):
        if any(part.shape in _WORDLESS for part in found):
            made = "".join([_MAKERS[part.shape](part.text, random, now_ms) for part in found])
        else:
            made = _other_number_or_word(value, found, random, now_ms)
        if made != value:
            return made
    return _by_class(value, random, now_ms)


def _other_number_or_word(value: str, found: tuple[Part, ...], random: Random, now_ms: int) -> str:
    """A value without a random part: its numbers are made anew, or else its letters."""
    if any(part.shape is Shape.TIME for part in found):
        # Only the last digits, so that it is still about now, and yet another at every call.
        return "".join(
            [_near(part.text, random, now_ms) if part.shape is Shape.TIME else part.text for part in found]
        )
    if _NUMBERS.search(value):
        return _NUMBERS.sub(lambda number: _number(number[0], random), value)
    return _by_class(value, random, now_ms)


def _kept(text: str, random: Random, now_ms: int) -> str:
    return text


def _time(text: str, random: Random, now_ms: int) -> str:
    """The time with as many digits: seconds, milliseconds or microseconds."""
    return str(now_ms * 1000).ljust(len(text), "0")[: len(text)]


def _near(text: str, random: Random, now_ms: int) -> str:
    digits = 6 if len(text) >= 13 else 4
    return _time(text, random, now_ms)[:-digits] + _digits(digits, random)


def _uuid(text: str, random: Random, now_ms: int) -> str:
    """RFC 9562: the version is the 13th digit, the variant is in the 17th."""
    version, variant = text[14], text[19]
    digits = _hexadecimal("0" * 32, random)
    if version == "7":
        digits = f"{now_ms & (1 << 48) - 1:012x}" + digits[12:]
    if variant in "89abAB":
        variant = random.choice("89ab")
    digits = digits[:12] + version + digits[13:16] + variant + digits[17:]
    made = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return made.upper() if text.upper() == text and text.lower() != text else made


def _ulid(text: str, random: Random, now_ms: int) -> str:
    time = "".join([_CROCKFORD[now_ms >> shift & 31] for shift in range(45, -1, -5)])
    made = time + "".join(random.choices(_CROCKFORD, k=16))
    return made if text == text.upper() else made.lower()


def _jwt(text: str, random: Random, now_ms: int) -> str:
    header, payload, signature = text.split(".")
    claims = json_object(payload)
    if claims is not None:
        payload = _payload(payload, claims, random, now_ms)
    return f"{header}.{payload}.{_base64url(signature, random)}"


def _payload(payload: str, claims: dict[str, object], random: Random, now_ms: int) -> str:
    """The claims with new times, byte for byte the same elsewhere; times that need more digits stay."""
    # The segment was decoded before, so this cannot fail.
    text = _decoded(payload)
    now = now_ms // 1000
    issued = next((at for name in ("iat", "nbf", "auth_time") if type(at := claims.get(name)) is int), None)
    expiry = claims.get("exp")
    then = issued if issued is not None else expiry - _AN_HOUR if type(expiry) is int else now

    def shifted(claim: re.Match[bytes]) -> bytes:
        new = str(int(claim[3]) - then + now).encode()
        return claim[0] if len(new) != len(claim[3]) else b'"' + claim[1] + b'"' + claim[2] + new

    def renamed(claim: re.Match[bytes]) -> bytes:
        return claim[1] + fresh(claim[2].decode(), random, now_ms).encode()

    text = _JTI.sub(renamed, _CLAIM.sub(shifted, text))
    if not isinstance(json.loads(text), dict):
        return payload
    return urlsafe_b64encode(text).decode().rstrip("=")


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _base64url(text: str, random: Random) -> str:
    return urlsafe_b64encode(random.randbytes(len(text))).decode()[: len(text)]


def _base64(text: str, random: Random, now_ms: int) -> str:
    letters = text.rstrip("=")
    url_safe = "-" in letters or "_" in letters
    encode = urlsafe_b64encode if url_safe else b64encode
    made = encode(random.randbytes(len(letters) * 3 // 4)).decode().rstrip("=")
    return made + text[len(letters) :]


def _hex(text: str, random: Random, now_ms: int) -> str:
    made = _hexadecimal(text, random)
    if len(text) == 32 and text[12] in "12345678" and text[16] in "89abAB":  # a UUID without hyphens
        made = made[:12] + text[12] + made[13:16] + random.choice("89ab") + made[17:]
    return made.upper() if text.upper() == text and text.lower() != text else made


def _hexadecimal(text: str, random: Random) -> str:
    return f"{random.getrandbits(4 * len(text)):0{len(text)}x}"


def _opaque(text: str, random: Random, now_ms: int) -> str:
    return _by_class(text, random, now_ms)


def _by_class(text: str, random: Random, now_ms: int) -> str:
    return "".join([_letter(each, random) for each in text])


def _letter(letter: str, random: Random) -> str:
    for letters in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if letter in letters:
            return random.choice(letters)
    return letter


def _number(text: str, random: Random, now_ms: int = 0) -> str:
    if text[0] == "0" and len(text) > 1:
        return _digits(len(text), random)
    return random.choice("123456789") + _digits(len(text) - 1, random)


def _digits(size: int, random: Random) -> str:
    return "".join(random.choices(string.digits, k=size))


def _redacted(text: str, random: Random, now_ms: int) -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=len(text)))


_MAKERS: dict[Shape, Callable[[str, Random, int], str]] = {
    Shape.KEPT: _kept,
    Shape.TIME: _time,
    Shape.UUID: _uuid,
    Shape.ULID: _ulid,
    Shape.JWT: _jwt,
    Shape.REDACTED: _redacted,
    Shape.BASE64: _base64,
    Shape.HEX: _hex,
    Shape.DIGITS: _number,
    Shape.OPAQUE: _opaque,
}
