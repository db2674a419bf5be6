"""Which recorded request is meant: two requests compared place by place.

A request is read into values at places (`path 3`, `query page`, `header authorization`, `cookie sid`,
`json user.name`, `form q`, or `body` for what is none of these). Two requests match where no place differs
that counts. What counts less than a difference costs, so that of several matches the closest is found.
"""

import json
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contract import headers
from contract.bodies import MISSING, parsed
from contract.profile import Profile
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
        self.credentials = _PRESENCE | {name.lower() for name in profile.credential.headers}
        self.strict = _STRICT | {name.lower() for name in also}
        self.mild = _MILD | {name.lower() for name in names} - self.credentials
        if profile.scope.header:
            self.strict |= {profile.scope.header.lower()}
        self.echoes = {
            f"json {echo.id.json_path}"
            if echo.id.json_path
            else f"query {echo.id.query}"
            if echo.id.query
            else ""
            for echo in profile.echo
        } | {f"header {echo.id.header.lower()}" for echo in profile.echo if echo.id.header}
        self.strict |= {place.removeprefix("header ") for place in self.echoes if place.startswith("header ")}
        self._free = _free_places(profile)

    def read(self, request: Recorded) -> dict[str, str]:
        """The values of a request by place."""
        head = request.request
        path, query = split_target(head.target)
        values = {
            f"path {number}": percent_decoded(segment)
            for number, segment in enumerate(path.split(b"/")[1:], 1)
        }
        _read_pairs(values, "query", query)
        for name, value in head.headers:
            key = name.decode("latin-1").lower()
            if key in self.credentials or key in self.strict or key in self.mild:
                values[f"header {key}"] = value.decode("latin-1")
            elif key == "cookie":
                values |= {f"cookie {each}": text for each, text in headers.cookies(((name, value),)).items()}
        _read_body(values, request)
        return values

    def free(self, target: str) -> frozenset[str]:
        """Places in requests to this path that are the client's free choice, as the profile shows."""
        path, _ = split_target(target.encode("latin-1"))
        return frozenset(place for template, places in self._free if template.match(path) for place in places)

    def compare(self, asked: Values, recorded: Values, terms: Terms, free: Container[str]) -> Comparison:
        """Compare two requests to the same shape of path."""
        if asked == recorded:
            return Comparison(0, ())
        cost, differences = 0, []
        for place in {**recorded, **asked}:
            mine, its = asked.get(place), recorded.get(place)
            if mine == its:
                continue
            extra = self._cost(place, mine, its, terms, free)
            cost += extra
            if extra >= DIFFERENT:
                differences.append(Difference(place, its, mine))
        return Comparison(cost, tuple(differences))

    def _cost(self, place: str, mine: str | None, its: str | None, terms: Terms, free: Container[str]) -> int:
        kind, _, name = place.partition(" ")
        is_mild = kind == "cookie" or (kind == "header" and name in self.mild)
        if mine is None or its is None:
            return _MILDLY if is_mild else _FREE if place in free else DIFFERENT
        meant = terms(mine)
        if meant == its:
            return 0
        if place in self.echoes:
            return DIFFERENT
        if kind == "header" and name in self.credentials:
            return _REDACTED if meant == mine and is_redacted(its) else _OTHER_CREDENTIAL
        if meant == mine and is_redacted(its):
            return _REDACTED
        if meant == mine and _alike(mine, its):
            return _FORM
        return _MILDLY if is_mild else _FREE if place in free else DIFFERENT


def is_redacted(value: str) -> bool:
    """Whether a recorded value is, or ends with, a token in a secret's place."""
    return MARK.decode() in value or value.startswith("~")


def _alike(one: str, other: str) -> bool:
    """Whether two values differ only in parts that are new each time: times, random identifiers."""
    return masked(one) == masked(other)


def _free_places(profile: Profile) -> list[tuple[Template, frozenset[str]]]:
    """From the profile's own requests: where text stands that a client makes up."""
    found = []
    probe = profile.probe
    requests = [each for each in (probe.create, probe.stream, probe.update) if each] if probe else []
    routes = [*profile.issue, *profile.echo, *profile.life.open]
    for request in requests:
        path = request.url.partition("}")[2]
        places = {
            f"json {name}" for name, value in _leaves(request.json_body or {}) if str(value) in _FREE_NAMES
        }
        fitting = [route.path for route in routes if places and route.path.endswith(path)]
        found += [(Template(each), frozenset(places)) for each in fitting]
    return found


def _read_pairs(values: dict[str, str], kind: str, text: bytes) -> None:
    """Name and value pairs (WHATWG URL, `application/x-www-form-urlencoded`); a name may come again."""
    for pair in text.split(b"&") if text else ():
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        place, number = f"{kind} {percent_decoded(name)}", 2
        while place in values:
            place, number = f"{kind} {percent_decoded(name)}#{number}", number + 1
        values[place] = percent_decoded(value)


def _read_body(values: dict[str, str], request: Recorded) -> None:
    text = request.request_text()
    if text == b"":
        return
    if text is None:
        values["body"] = f"({request.request_body.why_not_whole or 'its content-coding cannot be undone'})"
        return
    media = headers.media_type(request.request.headers)
    if media == "application/x-www-form-urlencoded":
        _read_pairs(values, "form", text)
        return
    value = parsed(text)
    leaves = _leaves(value) if isinstance(value, dict | list) else None
    if value is MISSING or leaves is None or len(leaves) > _MOST_LEAVES:
        values["body"] = text.decode("utf-8", "surrogateescape")
        return
    values |= {f"json {path}": _text(leaf) for path, leaf in leaves}


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

    Numbers that differ, and texts: what users type, and what was counted. A short word that differs
    (a user's name, a model, a page) tells requests apart, and is never left out.
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
