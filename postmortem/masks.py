"""Secrets that were redacted under two keys: the tokens of one recording in the words of the other.

A recording has tokens in the place of secrets (docs/redaction.md). Under different keys the same secret has
two tokens, so nothing could be compared with them in it. Where paired exchanges have tokens in the same
places, those stand for the same secret, unless the hop put another one there, which nobody can tell; a
token that would have to stand for two is left alone.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from contract.events import Chunk, End, Event, Form, Headers, RequestHead, ResponseHead, Side
from postmortem.pairing import Pairing
from recordings.reader import Recording


class Masks:
    """What B's tokens are called in A; empty where both recordings were redacted under one key."""

    def __init__(self, names: Mapping[bytes, bytes]) -> None:
        self._names = dict(names)

    def __bool__(self) -> bool:
        return bool(self._names)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(map(re.escape, sorted(self._names, key=len, reverse=True))))

    def text(self, value: bytes) -> bytes:
        """`value` with B's tokens as A has them; it keeps its length."""
        return self._pattern.sub(lambda found: self._names[found[0]], value)

    def event(self, event: Event) -> Event:
        """An event of B's, with its tokens as A has them."""
        if not self._names:
            return event
        if isinstance(event, RequestHead):
            return replace(event, target=self.text(event.target), headers=self._fields(event.headers))
        if isinstance(event, ResponseHead):
            return replace(event, headers=self._fields(event.headers))
        if isinstance(event, Chunk) and event.form is not Form.LOST:
            return replace(event, data=self.text(event.data))
        if isinstance(event, End) and event.trailers:
            return replace(event, trailers=self._fields(event.trailers))
        return event

    def _fields(self, fields: Headers) -> Headers:
        return tuple([(name, self.text(value)) for name, value in fields])


def masks(a: Recording, b: Recording, pairing: Pairing) -> Masks:
    """How the tokens of `b` are called in `a`; nothing where they share any, and so have one key."""
    of_b = {pair.b.exchange: pair.a.exchange for pair in pairing.pairs}
    places = _places(b, Side.CLIENT, of_b)
    if not places:
        return Masks({})
    tokens = set(places.values())
    names: dict[str, str] = {}
    unclear: set[str] = set()
    for redaction in a.redactions():
        if redaction.token in tokens:
            return Masks({})
        if not redaction.side & Side.SERVER:
            continue
        token = places.get((redaction.exchange, redaction.message, redaction.where, redaction.offset))
        if token is None or len(token) != len(redaction.token):
            continue
        if names.setdefault(token, redaction.token) != redaction.token:
            unclear.add(token)
    return Masks({token.encode(): name.encode() for token, name in names.items() if token not in unclear})


def _places(
    recording: Recording, side: Side, numbers: Mapping[int, int]
) -> dict[tuple[int, str, str, int], str]:
    """The token in each place that was redacted on `side`, with exchanges numbered as A has them."""
    return {
        (numbers[each.exchange], each.message, each.where, each.offset): each.token
        for each in recording.redactions()
        if each.exchange in numbers and each.side & side
    }
