"""Which recorded request is meant: two requests compared place by place.

A request is read into values at places (`path 3`, `query page`, `header authorization`, `cookie sid`,
`json user.name`, `form q`, or `body` for what is none of these). Two requests match where no place differs
that counts. What counts less than a difference costs, so that of several matches the closest is found.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from contract import headers
from contract.bodies import LOST, parsed
from contract.profile import Profile
from contract.profile_sections import Echo
from contract.template import Template, percent_decoded, split_target
from recordings.redaction.tokens import MARK
from replay.forms import masked
from replay.recorded import Recorded

_PRESENCE = frozenset({"authorization", "proxy-authorization", "x-api-key"})
_MILD = frozenset({"origin", "accept", "range", "last-event-id", "accept-language", "if-none-match"})
_STRICT = frozenset({"access-control-request-method"})

DIFFERENT = 1000
"""What a difference costs: more than all else together."""
_FORM, _REDACTED, _MILDLY, _FREE, _OTHER_CREDENTIAL = 1, 1, 2, 3, 4
_FREE_NAMES = ("{title}", "{message}", "{text}", "{tokens}")
_MOST_LEAVES = 2000
_LONGEST_ALIKE = 8192
_HASHED = "(sha256 "
_SHORT_TOKEN = re.compile(r"(?:\S+ )?~[A-Za-z0-9_-]{3,14}")

MOST_MATCHED = 1024 * 1024
"""Bytes of a request's body, as it was sent, that are compared with others; of a longer one the hash."""
NOT_KEPT = f"({LOST})"
"""What stands for a recorded body that cannot be compared."""

type Values = Mapping[str, str]
type Terms = Callable[[str], str]
"""From what a client says to what was said in the recording, of values that the playback issued."""


class Difference(NamedTuple):
    """Where two requests differ; None where one has nothing there."""

    place: str
    recorded: str | None
    asked: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two requests are apart. 0: they are the same."""

    cost: int
    differences: tuple[Difference, ...]

    @property
    def fits(self) -> bool:
        """Whether nothing differs that counts."""
        return not self.differences


class Reader:
    """Reads requests as a profile, and the user, want them to be matched."""

    def __init__(self, profile: Profile, also: Collection[str] = ()) -> None:
        names = [*profile.credential.headers, *([profile.credential.user] if profile.credential.user else [])]
        self._exact = frozenset(name.lower() for name in also)
        strict = _STRICT | self._exact
        if profile.scope.header:
            strict |= {profile.scope.header.lower()}
        strict |= {echo.id.header.lower() for echo in profile.echo if echo.id.header}
        self.credentials = (_PRESENCE | {name.lower() for name in profile.credential.headers}) - strict
        self._mild = (_MILD | {name.lower() for name in names}) - self.credentials - strict
        self._headers = strict | self.credentials | self._mild
        self._echoes = [(Template(echo.path), echo_place(echo)) for echo in profile.echo]
        self._free = _free_places(profile)
        self._place_of = lru_cache(maxsize=1024)(self._place)
        self.free = lru_cache(maxsize=1024)(self._free_at)
        self.echoes = lru_cache(maxsize=1024)(self._echoes_at)

    def read(self, request: Recorded) -> dict[str, str]:
        """The values of a request by place."""
        head = request.request
        path, query = split_target(head.target)
        values = {
            f"path {number}": percent_decoded(segment)
            for number, segment in enumerate(path.split(b"/")[1:], 1)
        }
        if not _read_pairs(values, "query", query):
            values["query"] = percent_decoded(query)
        for name, value in head.headers:
            place = self._place_of(name)
            if place == "cookie":
                values |= {f"cookie {each}": text for each, text in headers.cookies(((name, value),)).items()}
            elif place:
                text = value.decode("latin-1")
                values[place] = f"{values[place]}, {text}" if place in values else text  # RFC 9110 §5.3
        _read_body(values, request)
        return values

    def _place(self, name: bytes) -> str:
        """Where a field of this name is read: nowhere (empty), as a cookie, or as a header."""
        key = name.decode("latin-1").lower()
        return "cookie" if key == "cookie" else f"header {key}" if key in self._headers else ""

    def _free_at(self, target: str) -> frozenset[str]:
        """Places in requests to this path that are the client's free choice, as the profile shows."""
        path, _ = split_target(target.encode("latin-1"))
        return frozenset(
            place for template, places in self._free if template.match(path) is not None for place in places
        )

    def _echoes_at(self, target: str) -> frozenset[str]:
        """Places in requests to this path that carry an ID back: only the very same value will do there."""
        path, _ = split_target(target.encode("latin-1"))
        return frozenset(place for template, place in self._echoes if template.match(path) is not None)

    def compare(
        self,
        asked: Values,
        recorded: Values,
        terms: Terms,
        free: Container[str] = (),
        echoes: Container[str] = (),
    ) -> Comparison:
        """Compare two requests to the same shape of path; what is `free` may differ, or be missing."""
        if asked == recorded:
            return Comparison(0, ())
        cost, differences = 0, []
        for place in {**recorded, **asked}:
            mine, its = asked.get(place), recorded.get(place)
            if mine == its:
                continue
            extra = self._cost(place, mine, its, terms, free, echoes)
            cost += extra
            if extra >= DIFFERENT:
                differences.append(Difference(place, its, mine))
        return Comparison(cost, tuple(differences))

    def _cost(
        self,
        place: str,
        mine: str | None,
        its: str | None,
        terms: Terms,
        free: Container[str],
        echoes: Container[str],
    ) -> int:
        kind, _, name = place.partition(" ")
        is_mild = kind == "cookie" or (kind == "header" and name in self._mild)
        lenient = _MILDLY if is_mild else _FREE if place in free else DIFFERENT
        if mine is None or its is None:
            return lenient
        meant = terms(mine)
        if meant == its:
            return 0
        if place in echoes:
            return DIFFERENT
        is_new = meant == mine
        if is_new and is_redacted(its):
            return _REDACTED
        if kind == "header" and name in self.credentials:
            return _OTHER_CREDENTIAL
        if kind == "header" and name in self._exact:
            return DIFFERENT
        return _FORM if is_new and _alike(mine, its) else lenient


def echo_place(echo: Echo) -> str:
    """Where requests of this route have the ID that they carry back."""
    where = echo.id
    if where.path:
        segments = echo.path.split("/")[1:]
        number = next(n for n, each in enumerate(segments, 1) if f"{{{where.path}}}" in each)
        return f"path {number}"
    if where.header:
        return f"header {where.header.lower()}"
    return f"query {where.query}" if where.query else f"json {where.json_path}"


def is_redacted(value: str) -> bool:
    """Whether a recorded value is, or ends with, a token in a secret's place."""
    return MARK.decode() in value or _SHORT_TOKEN.fullmatch(value) is not None


def _alike(one: str, other: str) -> bool:
    """Whether two values differ only in parts that are new each time: times, random identifiers."""
    if max(len(one), len(other)) > _LONGEST_ALIKE or one.startswith(_HASHED):
        return False
    return _masked(one) == _masked(other)


_masked = lru_cache(maxsize=2048)(masked)


def _free_places(profile: Profile) -> list[tuple[Template, frozenset[str]]]:
    """From the profile's own requests: where text stands that a client makes up."""
    found = []
    probe = profile.probe
    requests = [each for each in (probe.create, probe.stream, probe.update) if each] if probe else []
    routes = [*profile.issue, *profile.echo, *profile.life.open]
    for request in requests:
        path = request.url.partition("}")[2] or request.url
        places = {
            f"json {name}" for name, value in _leaves(request.json_body or {}) if str(value) in _FREE_NAMES
        }
        fitting = [route.path for route in routes if places and route.path.endswith(path)]
        found += [(Template(each), frozenset(places)) for each in fitting]
    return found


class _Adding:
    """Adds values at places; one that comes again gets a number: `query tag`, `query tag#2`."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self._again: Counter[str] = Counter()

    def add(self, place: str, value: str) -> None:
        name = place
        while name in self._values:
            self._again[place] += 1
            name = f"{place}#{self._again[place] + 1}"
        self._values[name] = value


def _pairs(text: bytes) -> list[bytes] | None:
    """Pairs of name and value (WHATWG URL, `application/x-www-form-urlencoded`); None where too many."""
    pairs = [pair for pair in text.split(b"&", _MOST_LEAVES) if pair]
    return pairs if len(pairs) <= _MOST_LEAVES else None


def _read_pairs(values: dict[str, str], kind: str, text: bytes) -> bool:
    pairs = _pairs(text)
    if pairs is None:
        return False
    adding = _Adding(values)
    for pair in pairs:
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        adding.add(f"{kind} {percent_decoded(name)}", percent_decoded(value))
    return True


def _read_body(values: dict[str, str], request: Recorded) -> None:
    body = request.request_body
    if body.why_not_whole:
        values["body"] = f"({body.why_not_whole})"
        return
    is_long = sum(len(piece.data) for piece in body.pieces) > MOST_MATCHED
    text = None if is_long else request.request_text()
    if text is None:  # too long, or its content-coding cannot be undone
        values["body"] = f"({hashed(body.data)})"
        return
    if not text:
        return
    media = headers.media_type(request.request.headers)
    if media == "application/x-www-form-urlencoded" and _read_pairs(values, "form", text):
        return
    value = parsed(text)
    leaves = _leaves(value) if isinstance(value, dict | list) else None
    if leaves is None or len(leaves) > _MOST_LEAVES:
        values["body"] = text.decode("utf-8", "surrogateescape")
        return
    adding = _Adding(values)
    for path, leaf in leaves:
        adding.add(f"json {path}", _text(leaf))


def hashed(data: bytes) -> str:
    """What stands for a body, as it was sent, that is longer than `MOST_MATCHED`, or cannot be decoded."""
    return f"sha256 {sha256(data).hexdigest()}"


def _leaves(value: Any) -> list[tuple[str, Any]]:
    """The scalars in a JSON value, and what is empty, each with its path; no recursion."""
    found: list[tuple[str, Any]] = []
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, dict) and each:
            waiting += [(f"{path}.{name}" if path else str(name), child) for name, child in each.items()]
        elif isinstance(each, list) and each:
            waiting += [
                (f"{path}.{index}" if path else str(index), child) for index, child in enumerate(each)
            ]
        else:
            found.append((path, each))
    found.reverse()
    return found


def _text(leaf: Any) -> str:
    return leaf if isinstance(leaf, str) else json.dumps(leaf)


def learned_free(readings: Collection[Values]) -> frozenset[str]:
    """Places whose values differ between like requests, and are no choice among a few words.

    Numbers in bodies, and texts: what was counted, and what users type. A short word that differs (a
    user's name, a model) tells requests apart, and is never left out; neither is anything in a query.
    """
    free = set()
    places = {
        place for reading in readings for place in reading if place.startswith(("json ", "form ", "body"))
    }
    for place in places:
        found = {reading[place] for reading in readings if place in reading}
        if len(found) > 1 and all(_is_free(value) for value in found):
            free.add(place)
    return frozenset(free)


def _is_free(value: str) -> bool:
    return value.lstrip("-").replace(".", "", 1).isdigit() or " " in value or len(value) > 64
