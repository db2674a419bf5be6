"""Answers requests from recordings: finds the recorded answer, and says in it what this client should hear.

The thread that made a player may use it; another one only while that one does not, and `at_once`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from contract.profile import Profile
from contract.routes import Routes
from replay.matching import Reader, Values
from replay.playback.conversation import Conversation, Conversations
from replay.playback.finding import Finder, Found
from replay.playback.library import Library
from replay.playback.manners import Manners, OnMiss
from replay.playback.missing import Miss, Near, Stars
from replay.playback.order import Order
from replay.playback.performance import Performance, own_answer
from replay.playback.refusing import Echoes, Returned
from replay.playback.substituting import substituted
from replay.playback.telling import Telling
from replay.recorded import Recorded

_NEAREST = 3
_JSON = (b"Content-Type", b"application/json")
_NOTHING = "nothing like it was recorded"
NOT_WHOLE = "it was recorded, but bytes of its answer were not kept"
_GIVEN = "the nearest one is given"


class Answer(NamedTuple):
    """What to give: a performance; and where no recorded answer fits, why.

    Without a performance a real service is to be asked, or the answer is `unreadable`, for that reason.
    """

    performance: Performance | None
    miss: Miss | None = None
    unreadable: str = ""


class Player:
    """Plays recordings. Raises `RecordingError` where one cannot be read or has nothing to play."""

    def __init__(self, paths: Iterable[Path], profile: Profile, manners: Manners) -> None:
        self.library = Library(paths, profile)
        self._manners = manners
        self._routes = Routes(profile)
        self._conversations = Conversations(apart=manners.fresh_ids)
        self._finder = Finder(self.library, Reader(profile, manners.also))
        self._order = Order(self.library.entries)
        self._echoes = Echoes(profile, self.library, self._order, fresh_ids=manners.fresh_ids)
        self._stars = Stars(profile)
        self._telling = Telling(self.library, self._conversations, fresh_ids=manners.fresh_ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the recordings."""
        self.library.close()

    def at_once(self, asked: Recorded, *, early: bool = False) -> Answer | None:
        """As `answer`, but raises `NeedsDiskError`, with nothing done, where that has to read a recording."""
        self.library.reads_disk = False
        try:
            return self.answer(asked, early=early)
        finally:
            self.library.reads_disk = True

    def answer(self, asked: Recorded, *, early: bool = False) -> Answer | None:
        """The answer to a request (an exchange that has none yet). What it tells is remembered.

        `early`: only its head is there; None where the recorded service waited for the rest.
        """
        if early:
            return self._early(asked)
        echo = self._echoes.returned(self._routes.find(asked.request), asked)
        talk = self._talk(asked, echo)
        group = self._finder.group(asked)
        if group is None:
            return self._missed(asked, _NOTHING, [])
        reading = self._finder.reader.read(asked)
        found = self._finder.search(group, asked, reading, talk, whole=echo is not None)
        best = self._finder.best(found, talk, asked.request.method)
        if echo is not None:
            best = self._echoes.choose(echo, found, best, talk)
            refusal = self._echoes.refusal(echo, talk, asked.request) if best is None else None
            if refusal is not None:
                return Answer(refusal)
        if best is None:
            return self._nearest_or_none(asked, reading, found, talk)
        if not self._is_whole(best):
            return self._missed(asked, NOT_WHOLE, [best])
        first = self._order.before(best.number, talk) if self._manners.strict_order else None
        if self._manners.strict_order and (first is not None or best.number in talk.used):
            return self._missed(asked, self._turn(first), [best])
        expected = self._echoes.leaked(echo, best.number, talk) if echo is not None else {}
        return Answer(self._play(best.number, reading, talk, found, expected))

    def _is_whole(self, found: Found) -> bool:
        if not self.library.is_whole(found.number):
            return False
        return not self.library.load(found.number).recorded.response_body.why_not_whole

    def _nearest_or_none(
        self, asked: Recorded, reading: Values, found: list[Found], talk: Conversation
    ) -> Answer:
        because = "none of those like it fits"
        if self._manners.on_miss is not OnMiss.NEAREST:
            return self._missed(asked, because, found)
        whole = [each for each in found if self._is_whole(each)]
        if not whole:
            return self._missed(asked, because, found)
        nearest = _nearest(whole)[0].number
        return Answer(self._play(nearest, reading, talk, found), self._miss(asked, _GIVEN, whole))

    def _talk(self, asked: Recorded, echo: Returned | None) -> Conversation:
        if not self._manners.fresh_ids:
            return self._conversations.of(())
        echoed = echo.id if echo is not None else None
        return self._conversations.of(self._telling.carried(asked, echoed), else_by=echoed)

    def _early(self, asked: Recorded) -> Answer | None:
        group = self._finder.group(asked)
        if group is None:
            return None
        reading = self._finder.reader.read(asked)
        talk = self._talk(asked, None)
        found = self._finder.search(group, asked, reading, talk, head_alone=True)
        best = self._finder.best(found, talk, asked.request.method)
        if best is None or not self.library.is_early(best.number) or not self._is_whole(best):
            return None
        return Answer(self._play(best.number, reading, talk, found))

    def _play(
        self,
        number: int,
        reading: Values,
        talk: Conversation,
        found: list[Found],
        expected: dict[str, str] | None = None,
    ) -> Performance:
        line = self.library.entries[number].line
        recorded, answer, *_ = self.library.load(number)
        anew = number in talk.used
        if anew and line.method not in ("GET", "HEAD"):
            talk.start_again(self._order.later_reads(number))
        talk.use(number)
        others = [each.values for each in found if each.number != number]
        said = self._telling.reflected(reading, self._finder.read(number), talk, others)
        told = self._telling.tell(number, talk, anew=anew) | (expected or {}) | said
        if line.role == "issue" and line.stream and line.scope is not None:
            talk.current[line.scope] = told.get(line.stream, line.stream)
        return substituted(answer, told, is_decoded=recorded.response_body.is_decoded)

    # Misses

    def _missed(self, asked: Recorded, because: str, found: list[Found]) -> Answer:
        miss = self._miss(asked, because, found)
        if self._manners.on_miss is OnMiss.UPSTREAM:
            return Answer(None, miss)
        fields = (_JSON, (b"X-Streamid-Playback", b"miss"))
        return Answer(own_answer(asked.request, 404, b"Not Found", fields, miss.body()), miss)

    def _miss(self, asked: Recorded, because: str, found: list[Found]) -> Miss:
        near = [self._near(each) for each in _nearest(found)[:_NEAREST]]
        head = asked.request
        line = self._line(head.method.decode("latin-1"), head.target.decode("latin-1"))
        return Miss(line, because, tuple(near))

    def _near(self, found: Found) -> Near:
        source, line = self.library.entries[found.number]
        recording = str(self.library.recordings[source].path)
        differences = tuple(map(self._stars.difference, found.comparison.differences))
        return Near(recording, line.exchange, self._line(line.method, line.target), differences)

    def _turn(self, first: int | None) -> str:
        if first is None:
            return "the recording has it no more often (strict order)"
        line = self.library.entries[first].line
        return f"exchange {line.exchange} ({self._line(line.method, line.target)}) comes first (strict order)"

    def _line(self, method: str, target: str) -> str:
        return f"{method} {self._stars.target(target)}"


def _nearest(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (each.comparison.cost, each.number))
