"""The order of a recording: whose turn it is, and what belongs to one scope."""

from collections.abc import Collection, Sequence

from replay.playback.library import Entry, origin

_READS = ("GET", "HEAD")


class Order:
    """Asks of the entries of a library, which are in the order in which their requests began."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._scopes: dict[str, list[int]] | None = None
        self._origins: dict[str, list[int]] = {}
        self._done: dict[str, int] = {}

    def in_scope(self, scope: str) -> list[int]:
        """The entries of a scope."""
        if self._scopes is None:
            self._scopes = {}
            for number, (_, line) in enumerate(self._entries):
                if line.scope:
                    self._scopes.setdefault(line.scope, []).append(number)
        return self._scopes.get(scope, [])

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
        scope = self._entries[number].line.scope
        last = None
        for each in self.in_scope(scope) if scope is not None else ():
            line = self._entries[each].line
            if each < number and line.role == "issue" and line.stream:
                last = line.stream
        return last

    def before(self, number: int, used: Collection[int]) -> int | None:
        """The first entry of the same origin that has to be played before this one, and was not.

        That is one whose answer was over when the request of this one began.
        """
        at, source = self._entries[number].line.at, self._entries[number].source
        for each in self._of_origin(number):
            if each >= number:
                return None
            if each in used:
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
