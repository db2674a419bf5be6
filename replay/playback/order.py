"""The order of a recording: whose turn it is, and what belongs to one scope."""

from bisect import bisect_right
from collections.abc import Sequence

from replay.playback.conversation import Conversation
from replay.playback.library import Entry
from replay.recorded import origin

_READS = ("GET", "HEAD")
_IN_SCOPES = ("issue", "echo", "close")
"""What belongs to a scope even where the profile knows but one, whose name is empty."""


class Order:
    """Asks of the entries of a library, which are in the order in which their requests began."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._scopes: dict[str, list[int]] | None = None
        self._issued: dict[str, list[int]] = {}
        self._origins: dict[str, list[int]] = {}

    def in_scope(self, scope: str) -> list[int]:
        """The entries of a scope."""
        return self._by_scope().get(scope, [])

    def _by_scope(self) -> dict[str, list[int]]:
        if self._scopes is None:
            self._scopes = {}
            for number, (_, line) in enumerate(self._entries):
                if line.scope or (line.scope is not None and line.role in _IN_SCOPES):
                    self._scopes.setdefault(line.scope, []).append(number)
                    if line.role == "issue" and line.stream:
                        self._issued.setdefault(line.scope, []).append(number)
        return self._scopes

    def later_reads(self, number: int) -> list[int]:
        """What was only read in the same scope after this entry: once that is done again, it is read anew."""
        scope = self._entries[number].line.scope
        return [
            each
            for each in (self.in_scope(scope) if scope else ())
            if each > number and self._entries[each].line.method in _READS
        ]

    def issued_before(self, number: int) -> str | None:
        """The ID that had last been issued in the scope of this entry."""
        self._by_scope()
        issued = self._issued.get(self._entries[number].line.scope or "", [])
        index = bisect_right(issued, number - 1)
        return self._entries[issued[index - 1]].line.stream if index else None

    def before(self, number: int, talk: Conversation) -> int | None:
        """The first entry of the same origin that has to be played before this one, and was not.

        That is one whose answer was over when the request of this one began.
        """
        at, source = self._entries[number].line.at, self._entries[number].source
        numbers = self._of_origin(number)
        for each in numbers[talk.first_unused(numbers) : bisect_right(numbers, number - 1)]:
            if each in talk.used:
                continue
            entry = self._entries[each]
            ended = entry.line.ended_at
            if entry.source != source or (ended is not None and ended <= at):
                return each
        return None

    def _of_origin(self, number: int) -> list[int]:
        if not self._origins:
            for each, (_, line) in enumerate(self._entries):
                self._origins.setdefault(origin(line.scheme, line.host, line.port), []).append(each)
        line = self._entries[number].line
        return self._origins[origin(line.scheme, line.host, line.port)]
