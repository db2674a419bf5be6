"""What one client of a playback has been told so far, and what it has used up of the recording."""

import re
from collections import OrderedDict, deque
from collections.abc import Iterable

MOST_OWNED = 100_000
"""Values whose client is known; those that no request had for longest are forgotten."""
_PART = re.compile(r"[^/?&=#]+")
_CLIENT_CHOSEN = 200
_MOST_OLDER = 1000


class Conversation:
    """Values as the recording has them and as this client knows them, and which answers it was given."""

    __slots__ = (
        *("_cursors", "_made_up", "_older", "_uses"),
        *("chosen", "current", "joined", "live", "recorded", "used"),
    )

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        """From a recorded value that was issued to the one that this client got instead."""
        self.recorded: dict[str, str] = {}
        """… and back, older ones of the same value included."""
        self.chosen: dict[str, str] = {}
        """From a recorded value that the client made up to the one that it makes up now."""
        self.current: dict[str, str] = {}
        """The ID that was last issued in a scope (of the recording), as the client knows it."""
        self.used: dict[int, int] = {}
        """Entries that were played, each with when that was last."""
        self.joined: Conversation | None = None
        """The conversation that this one has become a part of."""
        self._uses = 0
        self._cursors: dict[int, int] = {}
        self._older: deque[str] = deque()
        self._made_up: OrderedDict[str, None] = OrderedDict()

    def issue(self, old: str, new: str) -> None:
        """From now on the client knows `old` as `new`; what it knew it as before is understood for long."""
        if old in self.live:
            self._older.append(self.live[old])
            if len(self._older) > _MOST_OLDER:
                self.recorded.pop(self._older.popleft(), None)
        self.live[old] = new
        self.recorded[new] = old

    def choose(self, old: str, new: str) -> None:
        """The client calls `new` what the recorded one called `old`; not where it was issued one of them."""
        if old in self.live or (new in self.recorded and new not in self._made_up):
            return
        self.chosen[old] = new
        self.recorded[new] = old
        self._made_up[new] = None
        self._made_up.move_to_end(new)
        if len(self._made_up) > _CLIENT_CHOSEN:
            forgotten, _ = self._made_up.popitem(last=False)
            was = self.recorded.pop(forgotten, None)
            if was is not None and self.chosen.get(was) == forgotten:
                del self.chosen[was]

    def term(self, said: str) -> str:
        """What the client says, in the recording's terms; it may stand after an authentication scheme."""
        known = self.recorded.get(said)
        if known is not None:
            return known
        scheme, space, rest = said.partition(" ")
        known = self.recorded.get(rest) if space else None
        return said if known is None else f"{scheme} {known}"

    def target(self, said: str) -> str:
        """A request target in the recording's terms."""
        if not self.recorded:
            return said
        return _PART.sub(lambda match: self.recorded.get(match[0], match[0]), said)

    # Order

    def use(self, number: int) -> None:
        """Entry `number` is played."""
        self._uses += 1
        self.used[number] = self._uses

    def start_again(self, numbers: Iterable[int]) -> None:
        """These entries count as not played yet."""
        for number in numbers:
            self.used.pop(number, None)
        self._cursors.clear()

    def first_unused(self, numbers: list[int]) -> int:
        """The index from which on there may be entries in a list of the library that were not played."""
        key, used = id(numbers), self.used
        cursor = self._cursors.get(key, 0)
        while cursor < len(numbers) and numbers[cursor] in used:
            cursor += 1
        self._cursors[key] = cursor
        return cursor

    def window(self, numbers: list[int], most: int) -> list[int]:
        """At most twice `most` of entries to be considered: those not used yet first, then used ones."""
        if len(numbers) <= most:
            return sorted(numbers, key=self.used.__contains__) if self.used else numbers
        cursor, used = self.first_unused(numbers), self.used
        fresh = [each for each in numbers[cursor : cursor + most] if each not in used]
        return fresh + numbers[max(0, cursor - most) : cursor]

    def join(self, other: "Conversation") -> None:
        """What the client of `other` knows, that of this one knows; for two clients that are one."""
        self.recorded = {**other.recorded, **self.recorded}
        self.live = {**other.live, **self.live}
        self.current = {**other.current, **self.current}
        self.chosen = {**other.chosen, **self.chosen}
        self._made_up |= other._made_up
        self._older.extend(other._older)
        self.used = {**other.used, **self.used}
        self._uses = max(self._uses, other._uses)
        other.joined = self


class Conversations:
    """Finds the conversation that a request belongs to, by the values that it carries."""

    def __init__(self, *, apart: bool) -> None:
        self._apart = apart
        self._common = Conversation()
        self._owners: OrderedDict[str, Conversation] = OrderedDict()

    def of(self, values: Iterable[str], else_by: str | None = None) -> Conversation:
        """The conversation of a request with these values; a new one where none was issued here.

        Values of two conversations in one request make them one: it is one client. `else_by` counts only
        where none of the values tells.
        """
        if not self._apart:
            return self._common
        first: Conversation | None = None
        for value in values:
            owner = self._owner(value)
            if first is None:
                first = owner
            elif owner is not None and owner is not first:
                first.join(owner)
        if first is None and else_by is not None:
            first = self._owner(else_by)
        return first or Conversation()

    def issued(self, conversation: Conversation, new: str) -> None:
        """`new` was told to the client of `conversation`."""
        if self._apart:
            self._owners[new] = conversation
            while len(self._owners) > MOST_OWNED:
                self._owners.popitem(last=False)

    def _owner(self, value: str) -> Conversation | None:
        owner = self._owners.get(value)
        if owner is None:
            return None
        while owner.joined is not None:
            owner = owner.joined
        self._owners[value] = owner
        self._owners.move_to_end(value)
        return owner
