"""What was seen of a service over many cases: what a single refusal cannot tell.

All of it is bounded: the latest IDs and right echoes, and a few clients.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

_IDS, _ECHOES, _CLIENTS = 10_000, 4_096, 256


@dataclass(frozen=True, slots=True)
class IssuedId:
    """Where and when (position, µs) an ID was issued, and by which instance, if it says so."""

    scope: str
    exchange: int
    began: int
    at: int
    instance: str


@dataclass(frozen=True, slots=True)
class RightEcho:
    """What became of one right ID: `age` (µs since it was issued) at the latest try, and its answer.

    `is_same_instance` says whether the instance that answered is the one that issued it (None: not told),
    `is_late` that it was refused before it was accepted.
    """

    stream: str
    age: int
    is_accepted: bool
    is_same_instance: bool | None
    is_late: bool = False


class Experience:
    """The service's and the clients' ways, as far as they were seen.

    `is_joined` says that the two sides are two taps: what the one lacks was lost between them.
    """

    def __init__(self, *, is_joined: bool = False) -> None:
        self.is_joined = is_joined
        self._issued: OrderedDict[str, IssuedId] = OrderedDict()
        self.right: deque[RightEcho] = deque(maxlen=_ECHOES)
        self._spelled: OrderedDict[tuple[bytes, bool], bool] = OrderedDict()

    def issued(self, id_: str) -> IssuedId | None:
        """Where an ID was issued, if that is remembered."""
        return self._issued.get(id_)

    def note_issued(self, id_: str, issued: IssuedId) -> None:
        """The service issued an ID; the first time stands."""
        self._issued.setdefault(id_, issued)
        if len(self._issued) > _IDS:
            self._issued.popitem(last=False)

    def note_right(self, echo: RightEcho) -> None:
        """The service answered a right echo."""
        self.right.append(echo)

    def note_reading(self, client: bytes, *, is_spelled: bool, has_read: bool) -> None:
        """A client did or did not read an ID whose header's name was spelled as configured, or otherwise."""
        known = self._spelled.pop((client, is_spelled), False)
        self._spelled[client, is_spelled] = known or has_read
        if len(self._spelled) > _CLIENTS:
            self._spelled.popitem(last=False)

    def has_read(self, client: bytes, *, is_spelled: bool) -> bool | None:
        """Whether a client ever read an ID under such a name; None where it never had the occasion."""
        return self._spelled.get((client, is_spelled))
