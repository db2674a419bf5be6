"""Binding: which values a recording shows being issued in an answer and sent back in later requests.

Nothing is configured. A value that a generator made (`replay.forms.is_random`) is bound by one later
request that carries it, wherever. Any other – a small number, a short word with a digit – is bound only
where the names fit (`replay.names`): `POST /carts` answered `{"id": 7}`, then `/carts/7` or `cartId: 7`.
And it must have been made for this client: issued by an answer to an unsafe method (RFC 9110 §9.2.1)
and not in a list; or be a token, a cursor or the like; or have differed between like requests, each value
with an echo of its own. What a catalogue lists is nobody's own, so it is not bound.

Never bound is what a request carried first; what like requests were answered alike every time, though
by other credentials or none (a stable identity); words, booleans, dates, versions. Bodies over 1 MiB and
values over 8,192 characters are not looked at; of two exchanges at the same µs the lower number was first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from replay.forms import is_random
from replay.names import Words, asked_nouns, fit, issued_nouns
from replay.recorded import Recorded
from replay.sightings import Sighting, Sightings, without_indices
from replay.values import RPC_ANSWER, RPC_CALL, Place, is_in_list

_NO_ID = re.compile(
    r"true|false|null|none|v?[0-9]+(?:\.[0-9]+)+|v[0-9]{1,2}|-.*|[0-9]{4}-[01][0-9](?:-.*)?", re.IGNORECASE
)
_SHORT = re.compile(r'(?:W/)?"?[A-Za-z0-9][A-Za-z0-9_.:~+=-]{0,63}"?')
_DIGIT = re.compile(r"[0-9]")
_SERVICE_CALL: tuple[Words, ...] = (frozenset(["call"]),)


class Site(NamedTuple):
    """A value in a message: when the bytes that completed it passed (µs)."""

    exchange: int
    place: Place
    at: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A value that was issued and sent back.

    `issued` is in the first answer with it, `again` are later places in answers, `echoed` in requests
    whose head passed after it was issued; both in order of time.
    """

    value: str
    issued: Site
    again: tuple[Site, ...]
    echoed: tuple[Site, ...]


class Bindings:
    """All bindings of a recording.

    `each` has them all, by the time of issue. `all` has them by value; where two things have the same
    small number (a cart 7 and an order 7) it has the first, and `each` both.
    """

    def __init__(self, found: Iterable[Binding]) -> None:
        self.each = tuple(sorted(found, key=lambda each: (each.issued.at, each.issued.exchange, each.value)))
        by_value: dict[str, Binding] = {}
        self._issued: dict[int, list[Binding]] = {}
        self._answered: dict[int, list[tuple[Place, Binding]]] = {}
        self._echoed: dict[int, list[tuple[Place, Binding]]] = {}
        for binding in self.each:
            by_value.setdefault(binding.value, binding)
            self._issued.setdefault(binding.issued.exchange, []).append(binding)
            for site in (binding.issued, *binding.again):
                self._answered.setdefault(site.exchange, []).append((site.place, binding))
            for site in binding.echoed:
                self._echoed.setdefault(site.exchange, []).append((site.place, binding))
        self.all: Mapping[str, Binding] = by_value

    def issued_by(self, exchange: int) -> list[Binding]:
        """The bindings that its answer was the first to issue."""
        return self._issued.get(exchange, [])

    def answered_by(self, exchange: int) -> list[tuple[Place, Binding]]:
        """Every place of its answer with a bound value, be it for the first time or again."""
        return self._answered.get(exchange, [])

    def echoed_by(self, exchange: int) -> list[tuple[Place, Binding]]:
        """Every place of its request with a bound value."""
        return self._echoed.get(exchange, [])


def find(exchanges: Iterable[Recorded]) -> Bindings:
    """The bindings of the exchanges of one recording, which may come in any order."""
    sightings = Sightings()
    for recorded in exchanges:
        sightings.add(recorded)
    sure: list[_Candidate] = []
    doubtful: list[_Candidate] = []
    for value, seen in sightings.shared():
        for candidate in _candidates(value, seen, sightings):
            (sure if candidate.is_sure else doubtful).append(candidate)
    sure += _covarying(doubtful, sightings)
    constant = _constants(sure, sightings)
    return Bindings([each.binding() for each in sure if id(each) not in constant])


@dataclass(slots=True)
class _Candidate:
    """A value of one thing, from its first issue on; `nouns` are what it is of, where that matters."""

    value: str
    issued: Sighting
    nouns: tuple[Words, ...] = ()
    again: list[Sighting] = field(default_factory=list)
    echoed: list[Sighting] = field(default_factory=list)
    is_sure: bool = True

    def binding(self) -> Binding:
        return Binding(
            self.value, _site(self.issued), tuple(map(_site, self.again)), tuple(map(_site, self.echoed))
        )


def _site(seen: Sighting) -> Site:
    return Site(seen.exchange, seen.place, seen.at)


def _candidates(value: str, seen: list[Sighting], sightings: Sightings) -> Iterator[_Candidate]:
    if value.startswith(("/", "?", "{", "[")) and not value.endswith("="):
        return  # a URL or JSON: what is in it counts
    if is_random(value):
        first = seen[0]
        if first.is_answer:
            again = [each for each in seen[1:] if each.is_answer]
            yield _Candidate(value, first, (), again, [each for each in seen if not each.is_answer])
    elif _SHORT.fullmatch(value) and not _NO_ID.fullmatch(value):
        yield from _named(value, seen, sightings)


def _named(value: str, seen: list[Sighting], sightings: Sightings) -> Iterator[_Candidate]:
    """The things that have a value without entropy, told apart by what it is called."""
    things: list[_Candidate] = []
    said: set[tuple[Words, ...]] = set()
    asked = _Asked(seen)
    for each in seen:
        nouns = _nouns(each, asked, sightings)
        thing = _thing(things, each, nouns)
        if thing is not None and not _is_another(thing, each, nouns, asked, sightings):
            (thing.again if each.is_answer else thing.echoed).append(each)
        elif not each.is_answer:
            said.add(nouns)
        elif nouns and _can_be_issued(value, each) and not any(fit(nouns, others) for others in said):
            things.append(_Candidate(value, each, nouns, is_sure=_is_own(each, sightings)))
    for thing in things:
        if thing.echoed:
            yield thing


class _Asked:
    """The exchanges whose request has a value: `in_path` with what it is of there, empty for other places."""

    def __init__(self, seen: Iterable[Sighting]) -> None:
        self.in_path: dict[int, tuple[Words, ...]] = {}
        for each in seen:
            if not each.is_answer:
                before = self.in_path.setdefault(each.exchange, ())
                if each.place.kind == "path" and each.called.words:
                    self.in_path[each.exchange] = (*before, each.called.words)


def _thing(things: list[_Candidate], seen: Sighting, nouns: tuple[Words, ...]) -> _Candidate | None:
    """The thing that a sighting is of: one with the very same words before one with more or fewer."""
    fitting = [each for each in things if fit(each.nouns, nouns) and _may_pair(each.issued, seen)]
    best = [each for each in fitting if set(each.nouns) & set(nouns)] or fitting
    return best[-1] if best else None


def _is_another(
    thing: _Candidate, seen: Sighting, nouns: tuple[Words, ...], asked: _Asked, sightings: Sightings
) -> bool:
    """Whether an answer issues a thing of its own, though the name fits: a cart item 7 beside the cart 7."""
    return (
        seen.is_answer
        and not set(thing.nouns) & set(nouns)
        and not sightings.asked[seen.exchange].is_safe
        and seen.exchange not in asked.in_path
    )


def _may_pair(issued: Sighting, seen: Sighting) -> bool:
    """A cookie comes back as that cookie; all else as anything of its name."""
    if issued.place.kind == "cookie" and not seen.is_answer:
        return seen.place == issued.place
    return True


def _nouns(seen: Sighting, asked: _Asked, sightings: Sightings) -> tuple[Words, ...]:
    """What the value is of, by its name or else by its request's path; empty where nothing says."""
    name = seen.called
    if seen.hint in (RPC_CALL, RPC_ANSWER):
        # A service's own call is answered by the client with the same ID; and the other way round.
        return _SERVICE_CALL if seen.is_answer is (seen.hint == RPC_CALL) else ()
    if not name.is_bare:
        return (name.words,) if name.words else ()
    literal = sightings.asked[seen.exchange].literal
    if not seen.is_answer:
        return asked_nouns(literal)
    # The answer to /carts/7/items may show the cart that the path named.
    return (*issued_nouns(literal), *asked.in_path.get(seen.exchange, ()))


def _can_be_issued(value: str, seen: Sighting) -> bool:
    name = seen.called
    return name.is_id and (
        _DIGIT.search(value) is not None or (name.is_lively and seen.place.kind != "cookie")
    )


def _is_own(seen: Sighting, sightings: Sightings) -> bool:
    """Whether it was made for this client, and not for everyone."""
    asked = sightings.asked[seen.exchange]
    name = seen.called
    if name.is_paired:
        return True
    in_list = seen.place.kind in ("json", "sse") and is_in_list(seen.place, seen.hint)
    return asked.is_fine and not in_list and (name.is_lively or not asked.is_safe)


type _Kind = tuple[int, Place]
"""Answers to like requests, and a place in them (without indices)."""


def _kind(seen: Sighting, sightings: Sightings) -> _Kind:
    return sightings.asked[seen.exchange].likeness, without_indices(seen.place)


def _like(candidate: _Candidate, sightings: Sightings) -> set[int]:
    """The exchanges like the one that issued it that have it in the same place."""
    kind = _kind(candidate.issued, sightings)
    return {each.exchange for each in (candidate.issued, *candidate.again) if _kind(each, sightings) == kind}


def _covarying(doubtful: list[_Candidate], sightings: Sightings) -> Iterator[_Candidate]:
    """Those for which like requests had another value, which was sent back as well."""
    by_kind: dict[_Kind, list[tuple[_Candidate, set[int]]]] = {}
    for candidate in doubtful:
        kind = _kind(candidate.issued, sightings)
        by_kind.setdefault(kind, []).append((candidate, _like(candidate, sightings)))
    for some in by_kind.values():
        for candidate, exchanges in some:
            if any(exchanges.isdisjoint(others) for _, others in some):
                yield candidate


def _constants(candidates: list[_Candidate], sightings: Sightings) -> set[int]:
    """The `id()` of the candidates that every like request was answered, whoever asked."""
    suspects: list[tuple[_Candidate, set[int]]] = []
    for candidate in candidates:
        name = candidate.issued.called
        if name.is_lively or (name.is_paired and candidate.issued.place.kind != "cookie"):
            continue
        exchanges = _like(candidate, sightings) if candidate.again else set()
        credentials = [sightings.asked[exchange].credentials for exchange in exchanges]
        if len(credentials) > 1 and (len(set(credentials)) > 1 or not credentials[0]):
            suspects.append((candidate, exchanges))
    if not suspects:
        return set()
    answers = sightings.answers_with({_kind(each.issued, sightings) for each, _ in suspects})
    return {id(each) for each, exchanges in suspects if answers[_kind(each.issued, sightings)] == exchanges}
