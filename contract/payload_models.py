"""What the JSON of an event must look like: one event judged with its reason, and all that fit as a pattern.

The words for types are JSON Schema's (2020-12, Validation §6.1.1): 1.0 is an integer, true is no number.
"""

import json
import re
from collections.abc import Callable
from itertools import chain, permutations
from typing import Any, NoReturn

from contract.profile_sections import JsonType, Payload

_MOST_IN_ANY_ORDER = 3  # members: six orders; beyond that the profile's own order alone

# Pieces of patterns, all possessive: no bytes can make them go back.
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+"'
_INTEGER = rb"-?+(?:0|[1-9][0-9]*+)"
_NUMBER = _INTEGER + rb"(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+"
_PATTERNS: dict[JsonType, bytes] = {
    "string": _STRING,
    "number": _NUMBER,
    "integer": _INTEGER,
    "boolean": b"(?:true|false)",
    "null": b"null",
    "any": b"(?:" + _STRING + b"|" + _NUMBER + b"|true|false|null)",
}


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")  # Python reads NaN and Infinity, RFC 8259 §6 does not


def _some_integer(_: str) -> int:
    return 0  # only the type is looked at, and int() refuses very many digits


_JSON = json.JSONDecoder(parse_constant=_no_constant, parse_int=_some_integer)

_IS: dict[JsonType, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    # Infinity is what Python makes of 1e400, and no float that large has a fraction.
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and (value.is_integer() or value in (float("inf"), -float("inf"))))
    ),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
    "any": lambda value: True,
}
_NAMED = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def is_json(text: str) -> bool:
    """Whether a text is one JSON value (RFC 8259); one nested too deeply to be read counts as one."""
    try:
        _JSON.decode(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def misfit(model: Payload, text: str) -> str:
    """A clause that says how the data of an event does not fit its model; empty if it fits."""
    try:
        value = _JSON.decode(text)
    except RecursionError:
        return "JSON nested too deeply"
    except ValueError:
        return "not JSON"
    if not isinstance(value, dict):
        return f"{_named(value)}, not an object"
    for name in model.required:
        if name not in value:
            return f"{name!r} is missing"
    for name, wanted in chain(model.required.items(), model.optional.items()):
        if name in value and not _IS[wanted](value[name]):
            return f"{name!r} is {_named(value[name])}, not {_NAMED[wanted]}"
    if not model.additional:
        for name in value:
            if name not in model.required and name not in model.optional:
                return f"{name[:40]!r} is not a member of the model"
    return ""


def _named(value: Any) -> str:
    for kind in ("null", "boolean", "string", "integer", "number", "array"):
        if _IS[kind](value):
            return _NAMED[kind]
    return "an object"


def pattern(model: Payload) -> bytes | None:
    """A regular expression of objects that fit a model for sure, by far not of all; None if there is none.

    They have the required members, in any order if these are few, then optional ones in the profile's
    order, at most one space after each colon and comma, and nothing nested.
    """
    required, optional = _members(model.required), _members(model.optional)
    if not required or None in required:
        return None
    known = [member for member in required if member is not None]
    orders = permutations(known) if len(known) <= _MOST_IN_ANY_ORDER else [tuple(known)]
    some = b"|".join(b", ?+".join(order) for order in orders)
    rest = b"".join(b"(?:, ?+" + member + b")?+" for member in optional if member is not None)
    return rb"\{(?:" + some + b")" + rest + rb"\}"


def _members(types: dict[str, JsonType]) -> list[bytes | None]:
    return [
        re.escape(json.dumps(name, ensure_ascii=False).encode()) + b": ?+" + _PATTERNS[wanted]
        if wanted in _PATTERNS
        else None
        for name, wanted in types.items()
    ]
