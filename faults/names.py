"""Types of settings that several kinds share; each says in one line what is wrong with a value."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min)")
_MICROSECONDS = {"ms": 1_000, "s": 1_000_000, "min": 60_000_000}


def _field_name(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"{value!r} is no field name (RFC 9110, section 5.6.2)")
    return value


def _field_value(value: str) -> str:
    if any(character < " " and character != "\t" for character in value) or not value.isascii():
        raise ValueError(f"{value!r} is no field value (RFC 9110, section 5.5)")
    return value


def _duration(value: object) -> object:
    """Microseconds."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        return round(float(found[1]) * _MICROSECONDS[found[2]])
    raise ValueError('a time is written like "500 ms", "1.5 s" or "2 min"')


type FieldName = Annotated[str, AfterValidator(_field_name)]
"""A name of a header field."""
type FieldValue = Annotated[str, AfterValidator(_field_value)]
"""A value of a header field, in ASCII."""
type Duration = Annotated[int, BeforeValidator(_duration)]
"""A time as `"500 ms"`, `"1.5 s"` or `"2 min"`; microseconds in code."""
