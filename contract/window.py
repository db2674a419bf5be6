"""What is remembered between exchanges: issued IDs, and the scopes that they belong to.

All of it is keyed by ID or by scope. At most `size` issued IDs are remembered, counted in IDs, not
in time: the oldest is forgotten first. A scope is forgotten with its last ID, unless one of its
exchanges is still open. So memory grows with what is open and with the window, never with traffic.

Scopes of which nothing is remembered but that all of them was seen (`know`) are as many at most.
"""

from collections import deque
from dataclasses import dataclass, field

from contract.routes import Caller

_NEAR = 16  # IDs of one scope, issuances of one ID, answers of one kind that are looked at
_CREDENTIALS = 64
_ODD_SCOPES = 10_000


@dataclass(slots=True, eq=False)
class Issuance:
    """One ID that one response carried to one scope. Times are positions in the sequence; 0: not yet.

    `is_issued` is false for an ID that no issuing response of the service carried (a failed one did,
    or it was changed on its way through the proxy): a client that has it did not invent it.
    `doubtful` is since when an echo may have been accepted without the client's knowing.
    """

    id: str
    scope: str
    exchange: int
    caller: Caller
    since: int
    is_issued: bool = True
    ended: int = 0
    ended_by: str = ""
    doubtful: int = 0
    exposed: bool | None = None
    is_forgotten: bool = False

    def end(self, now: int, because: str) -> None:
        """Its life is over; the first end stands."""
        if not self.ended:
            self.ended, self.ended_by = now, because


@dataclass(slots=True, eq=False)
class Scope:
    """What one scope has seen. Times are positions in the sequence; 0: never.

    `near` has its latest IDs, against which an altered echo is compared; `right` says since when each
    credential has echoed an ID rightly; `missed` is when an issuing response was last not seen whole.
    """

    key: str
    newest: Issuance | None = None
    near: list[Issuance] = field(default_factory=list)
    right: dict[bytes, int] = field(default_factory=dict)
    missed: int = 0
    live: int = 0
    open: int = 0
    has_forgotten: bool = False

    def close(self, now: int, because: str) -> None:
        """End the life of its latest IDs."""
        for issuance in self.near:
            if issuance.since < now:
                issuance.end(now, because)

    def echoed_rightly(self, credential: bytes, now: int) -> None:
        """Remember the first right echo of a credential (of 64 of them)."""
        if len(self.right) < _CREDENTIALS:
            self.right.setdefault(credential, now)


@dataclass(slots=True, eq=False)
class ScopeAnswers:
    """Earlier answers of a scope that bear upon later ones, with the position at which they were over.

    `exposing`: preflights' answers that list names to expose, as position, exchange, names in lower case;
    `reflected`: origins that were allowed by name without `Vary`, with the position of the first such answer.
    """

    exposing: list[tuple[int, int, frozenset[bytes]]] = field(default_factory=list)
    reflected: dict[bytes, int] = field(default_factory=dict)

    def expose(self, now: int, exchange: int, names: frozenset[bytes]) -> None:
        """A preflight's answer listed `names`."""
        self.exposing.append((now, exchange, names))
        del self.exposing[:-_NEAR]

    def reflect(self, now: int, origin: bytes) -> None:
        """An answer allowed `origin` by name, without `Vary`."""
        if len(self.reflected) < _NEAR:
            self.reflected.setdefault(origin, now)


class Window:
    """The remembered IDs and scopes."""

    def __init__(self, size: int) -> None:
        self._size = max(size, 1)
        self._order: deque[Issuance] = deque()
        self._by_id: dict[str, list[Issuance]] = {}
        self._scopes: dict[str, Scope] = {}
        self._known: dict[str, int] = {}
        self._answers: dict[str, ScopeAnswers] = {}

    def __len__(self) -> int:
        """How many IDs are remembered."""
        return len(self._order)

    @property
    def scopes(self) -> int:
        """How many scopes are remembered."""
        return len(self._scopes)

    def enter(self, key: str) -> Scope:
        """The scope of an exchange that begins; `leave` it when the exchange is over."""
        scope = self._scopes.get(key)
        if scope is None:
            scope = self._scopes[key] = Scope(key)
        scope.open += 1
        return scope

    def leave(self, scope: Scope) -> None:
        """An exchange of this scope is over."""
        scope.open -= 1
        self._forget_if_idle(scope)

    def know(self, key: str, now: int) -> None:
        """From `now` on all of this scope is seen: it began, or a response issued nothing in it."""
        self._known.pop(key, None)
        self._known[key] = now
        if len(self._known) > self._size:
            del self._known[next(iter(self._known))]

    def known_since(self, key: str) -> int:
        """Since when all of a scope is seen; 0 where that cannot be said."""
        return self._known.get(key, 0)

    def answers(self, key: str) -> "ScopeAnswers | None":
        """What is remembered of a scope's earlier answers."""
        return self._answers.get(key)

    def remember_answers(self, key: str) -> "ScopeAnswers":
        """What is remembered of a scope's answers, to be added to; few scopes have any."""
        found = self._answers.pop(key, None) or ScopeAnswers()
        self._answers[key] = found
        if len(self._answers) > min(self._size, _ODD_SCOPES):
            del self._answers[next(iter(self._answers))]
        return found

    def add(self, issuance: Issuance, scope: Scope) -> None:
        """Remember an ID, and forget the oldest if there are too many."""
        self._order.append(issuance)
        self._by_id.setdefault(issuance.id, []).append(issuance)
        scope.live += 1
        if issuance.is_issued:
            scope.newest = issuance
            scope.near.append(issuance)
            del scope.near[:-_NEAR]
        while len(self._order) > self._size:
            self._forget(self._order.popleft())

    def get(self, id_: str) -> list[Issuance]:
        """The remembered issuances of an ID in order; of very many, the first and the latest."""
        found = self._by_id.get(id_)
        if found is None:
            return []
        if len(found) <= _NEAR:
            return list(found)
        return [found[0], *found[1 - _NEAR :]]

    def _forget(self, issuance: Issuance) -> None:
        issuance.is_forgotten = True
        others = self._by_id[issuance.id]
        del others[0]  # IDs are forgotten in the order in which they came
        if not others:
            del self._by_id[issuance.id]
        scope = self._scopes[issuance.scope]
        scope.live -= 1
        scope.has_forgotten = True
        self._known.pop(scope.key, None)
        if scope.near and scope.near[0] is issuance:
            del scope.near[0]
        self._forget_if_idle(scope)

    def _forget_if_idle(self, scope: Scope) -> None:
        if not scope.open and not scope.live and self._scopes.get(scope.key) is scope:
            del self._scopes[scope.key]
