"""What the recordings that are played back hold: an index in memory, and messages on demand.

The index has a line for each exchange; its size does not depend on that of bodies, which are read when
they are asked for, and kept up to a bound. One thread may use a library: the one that opened it.
"""

import gc
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from contract.events import Message
from contract.profile import Profile
from recordings.errors import RecordingError
from recordings.reader import Recording
from recordings.rows import Line
from replay.playback.errors import NeedsDiskError
from replay.playback.path_shapes import shape_of_paths
from replay.playback.performance import Performance, performance
from replay.recorded import Recorded, origin, recorded_exchanges

_SWITCHED = 101
"""After this answer no HTTP is spoken any more (RFC 9110 §15.2.2): there is nothing to play."""
NOTHING = "holds no HTTP exchange"
NO_ANSWERS = "holds no answer that was kept whole"
_LEAST_TOKEN = 8
"""Bytes of a token that is unlikely to stand anywhere else by chance."""
MOST_KEPT = 64 * 1024 * 1024
"""Bytes of messages that are kept for being played again."""


class Entry(NamedTuple):
    """One recorded exchange; `source` is the recording's index, and entries are in the order of time."""

    source: int
    line: Line


class Kept(NamedTuple):
    """An exchange in memory, and its answer to be given.

    `tokens` stand in the answer for secrets, `digits` in the request's body for those that were numbers.
    """

    recorded: Recorded
    answer: Performance
    tokens: tuple[str, ...]
    digits: frozenset[str]
    size: int


class Group:
    """The entries of one origin, method and shape of path, by number."""

    __slots__ = ("_by_body", "_by_target", "_entries", "numbers")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.numbers: list[int] = []
        self._entries = entries
        self._by_target: dict[str, list[int]] | None = None
        self._by_body: dict[tuple[str, bytes], list[int]] | None = None

    def to(self, target: str) -> list[int]:
        """Those with exactly this request target."""
        if self._by_target is None:
            self._by_target = {}
            for number in self.numbers:
                self._by_target.setdefault(self._entries[number].line.target, []).append(number)
        return self._by_target.get(target, [])

    def with_body(self, target: str, digest: bytes, body_of: Callable[[int], bytes]) -> list[int]:
        """Those to this target whose body had this digest; `body_of` gives the digest of an entry's."""
        if self._by_body is None:
            found: dict[tuple[str, bytes], list[int]] = {}
            for number in self.numbers:
                found.setdefault((self._entries[number].line.target, body_of(number)), []).append(number)
            self._by_body = found
        return self._by_body.get((target, digest), [])


class Library:
    """Recordings, opened to be played back.

    Raises `RecordingError` where one cannot be read, or none has any exchange with a whole answer.
    """

    def __init__(self, paths: Iterable[Path], profile: Profile, most_kept: int = MOST_KEPT) -> None:
        self.recordings: list[Recording] = []
        self.entries: list[Entry] = []
        self.groups: dict[tuple[str, str, str], Group] = {}
        self.shape = shape_of_paths(profile)
        self._early: list[set[int]] = []
        self.secure: dict[tuple[str, int], set[str]] = {}
        """Host and port of what was asked by TLS, each with the HTTP versions."""
        self.reads_disk = True
        """Whether `load` may read what it has not in memory."""
        self._redacted: list[set[int]] = []
        self._lossy: list[set[int]] = []
        self._bodies: list[dict[int, bytes]] | None = None
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self._kept_bytes, self._most_kept = 0, most_kept
        try:
            with _uncollected():
                self._open(paths)
        except BaseException:
            self.close()
            raise

    def _open(self, paths: Iterable[Path]) -> None:
        found: list[tuple[float, int, Line]] = []
        for path in paths:
            recording = Recording(path)
            self.recordings.append(recording)
            source, started = len(self.recordings) - 1, recording.run.info.started.timestamp()
            last = {line.exchange: line for line in recording.lines() if line.status != _SWITCHED}
            self._early.append(recording.answered_early())
            self._redacted.append(recording.with_redacted_answers())
            self._lossy.append(recording.with_lost_answers())
            for where, versions in recording.secure_origins().items():
                self.secure.setdefault(where, set()).update(versions)
            found += [(started + line.at / 1e6, source, line) for line in last.values()]
        if len(self.recordings) > 1:
            found.sort(key=lambda each: each[0])
        self.entries = [Entry(source, line) for _, source, line in found]
        if not any(self.is_whole(number) for number in range(len(found))):
            names = ", ".join(str(recording.path) for recording in self.recordings)
            raise RecordingError(f"{names}: {NO_ANSWERS if found else NOTHING}")
        self._arrange()

    def _arrange(self) -> None:
        """Put the entries into groups; the same line of a request is read once."""
        known: dict[tuple[str, str, int, str, str], Group] = {}
        for number, (_, line) in enumerate(self.entries):
            of = line.scheme, line.host, line.port, line.method, line.target
            group = known.get(of)
            if group is None:
                key = origin(*of[:3]), line.method, self.shape(line.target)
                group = self.groups.get(key)
                if group is None:
                    group = self.groups[key] = Group(self.entries)
                known[of] = group
            group.numbers.append(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        for recording in self.recordings:
            recording.close()

    @property
    def origins(self) -> list[str]:
        """Where recorded requests went, in the order in which they were first asked."""
        return list(dict.fromkeys(key[0] for key in self.groups))

    @property
    def answers_early(self) -> bool:
        """Whether any answer began before its request was complete."""
        return any(self._early)

    def is_early(self, number: int) -> bool:
        """Whether the answer of this entry did."""
        source, line = self.entries[number]
        return line.exchange in self._early[source]

    def is_whole(self, number: int) -> bool:
        """Whether all of the answer's body was kept, as far as the index tells."""
        source, line = self.entries[number]
        return line.exchange not in self._lossy[source]

    @property
    def lost(self) -> int:
        """How many entries cannot be played, because bytes of their answers were not kept."""
        return sum(not self.is_whole(number) for number in range(len(self.entries)) if any(self._lossy))

    def request_body(self, number: int) -> bytes:
        """The beginning of the SHA-256 of this entry's request body; empty for none.

        Raises `NeedsDiskError`.
        """
        if self._bodies is None:
            if not self.reads_disk:
                raise NeedsDiskError
            self._bodies = [recording.request_bodies() for recording in self.recordings]
        source, line = self.entries[number]
        return self._bodies[source].get(line.exchange, b"")

    def load(self, number: int) -> Kept:
        """The whole exchange.

        Raises `RecordingError` where the recording is damaged there, and `NeedsDiskError`.
        """
        kept = self._kept.get(number)
        if kept is not None:
            self._kept.move_to_end(number)
            return kept
        if not self.reads_disk:
            raise NeedsDiskError
        kept = self._kept[number] = self._read(number)
        self._kept_bytes += kept.size
        while self._kept_bytes > self._most_kept and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].size
        return kept

    def _read(self, number: int) -> Kept:
        source, (exchange, *_) = self.entries[number]
        recording = self.recordings[source]
        recorded = next(recorded_exchanges(recording.exchange(exchange)), None)
        if recorded is None:
            raise RecordingError(f"{recording.path}: is damaged: exchange {exchange} has no request")
        has_any = exchange in self._redacted[source] or recorded.request_body.pieces
        redactions = list(recording.redactions(exchange)) if has_any else []
        tokens = dict.fromkeys(
            each.token
            for each in redactions
            if each.message is Message.RESPONSE and len(each.token) >= _LEAST_TOKEN
        )
        digits = frozenset(
            each.token for each in redactions if each.message is Message.REQUEST and each.token.isdigit()
        )
        pieces = [*recorded.request_body.pieces, *recorded.response_body.pieces]
        answer = performance(recorded, str(recording.path))
        return Kept(
            recorded, answer, tuple(tokens), digits, 2000 + sum(len(piece.data) + 100 for piece in pieces)
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would look through 100,000 entries again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
