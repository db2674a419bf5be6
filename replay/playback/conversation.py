"""What one client of a playback has been told so far, and what it has used up of the recording."""

import re
from collections import OrderedDict
from collections.abc import Iterable

MOST_CONVERSATIONS = 10_000
_PART = re.compile(r"[^/?&=#]+")
_CLIENT_CHOSEN = 200


class Conversation:
    """Values as the recording has them and as this client knows them, and which answers it was given."""

    __slots__ = ("_cursors", "_uses", "chosen", "current", "live", "recorded", "used")

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        """From a recorded value that was issued to the one that this client got instead."""
        self.recorded: dict[str, str] = {}
        """… and back, older ones of the same value included."""
        self.chosen: OrderedDict[str, str] = OrderedDict()
        """From a recorded value that the client made up to the one that it makes up now."""
        self.current: dict[str, str] = {}
        """The ID that was last issued in a scope (of the recording), as the client knows it."""
        self.used: dict[int, int] = {}
        """Entries that were played, each with when that was last."""
        self._uses = 0
        self._cursors: dict[int, int] = {}

    def issue(self, old: str, new: str) -> None:
        """From now on the client knows `old` as `new`."""
        self.live[old] = new
        self.recorded[new] = old

    def supersede(self, old: str) -> None:
        """What the client knows `old` as is a stranger's from now on."""
        known = self.live.pop(old, None)
        if known is not None:
            self.recorded.pop(known, None)

    def choose(self, old: str, new: str) -> None:
        """The client calls `new` what the recorded one called `old`."""
        self.chosen[old] = new
        self.chosen.move_to_end(old)
        self.recorded[new] = old
        if len(self.chosen) > _CLIENT_CHOSEN:
            _, forgotten = self.chosen.popitem(last=False)
            self.recorded.pop(forgotten, None)

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

    def window(self, numbers: list[int], most: int) -> list[int]:
        """At most `most` of entries to be considered: those not used yet first, then the last used ones."""
        if len(numbers) <= most:
            return sorted(numbers, key=self.used.__contains__) if self.used else numbers
        key, used = id(numbers), self.used
        cursor = self._cursors.get(key, 0)
        while cursor < len(numbers) and numbers[cursor] in used:
            cursor += 1
        self._cursors[key] = cursor
        fresh = [each for each in numbers[cursor : cursor + most] if each not in used]
        return fresh + numbers[max(0, cursor - most) : cursor]


class Conversations:
    """Finds the conversation that a request belongs to, by the values that it carries."""

    def __init__(self, *, apart: bool) -> None:
        self._apart = apart
        self._common = Conversation()
        self._owners: OrderedDict[str, Conversation] = OrderedDict()

    def of(self, values: Iterable[str]) -> Conversation:
        """The conversation of a request with these values; a new one where none was issued here.

        Values of two conversations in one request make them one: it is one client.
        """
        if not self._apart:
            return self._common
        found: list[Conversation] = []
        for value in values:
            owner = self._owners.get(value)
            if owner is not None and owner not in found:
                found.append(owner)
        if not found:
            return Conversation()
        first = found[0]
        for other in found[1:]:
            self._join(first, other)
        return first

    def issued(self, conversation: Conversation, new: str) -> None:
        """`new` was told to the client of `conversation`."""
        if self._apart:
            self._owners[new] = conversation
            while len(self._owners) > 10 * MOST_CONVERSATIONS:
                self._owners.popitem(last=False)

    def _join(self, one: Conversation, other: Conversation) -> None:
        one.recorded |= other.recorded
        one.live = {**other.live, **one.live}
        one.current = {**other.current, **one.current}
        for number, when in other.used.items():
            one.used.setdefault(number, when)
        one.chosen.update(other.chosen)
        for new in other.recorded:
            if new in self._owners:
                self._owners[new] = one
