"""What is new in a recording since the last look: exchanges that began or ended, findings, verdicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from contract.events import Abort, End, Event, Message, RequestHead, Side
from contract.findings import Finding, StreamVerdict
from recordings.file import alive
from recordings.reader import Recording
from recordings.rows import ExchangeRow


@dataclass(frozen=True, slots=True)
class Began:
    """A request came in at `at` (µs since the start of the run)."""

    exchange: int
    at: int
    request: RequestHead


@dataclass(frozen=True, slots=True)
class Ended:
    """The response is over on the client's side, or was broken off; `row` sums the exchange up."""

    exchange: int
    at: int
    row: ExchangeRow


type News = Began | Ended | Finding | StreamVerdict


class Follower:
    """Reads on, from the beginning, each time that it is asked; remembers only what is still open."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._since = 0
        self._findings = 0
        self._verdicts = 0
        self._open: set[int] = set()

    def news(self) -> Iterator[News]:
        """What happened since the last call, by time as far as it is known; to be read to its end."""
        recording = self._recording
        run = recording.run
        # Of a recording that is finished, or that a killed writer left, nothing more settles.
        writing = not run.closed and alive(run.info.pid)
        until = run.settled if writing else run.last_seq + 1
        since, self._since = self._since, max(until, self._since)
        yield from merge(
            self._exchanges(since, until),
            self._new_findings(),
            self._new_verdicts(),
            key=lambda news: news.at,
        )

    def _exchanges(self, since: int, until: int) -> Iterator[News]:
        for event in self._recording.events(since, until):
            news = self._news_of(event)
            if news is not None:
                yield news

    def _news_of(self, event: Event) -> News | None:
        if isinstance(event, RequestHead):
            if event.exchange in self._open or not event.side & Side.CLIENT:
                return None
            self._open.add(event.exchange)
            return Began(event.exchange, event.at, event)
        if not _is_over(event) or event.exchange not in self._open:
            return None
        self._open.discard(event.exchange)
        row = next(self._recording.exchanges(event.exchange), None)
        return None if row is None else Ended(event.exchange, event.at, row)

    def _new_findings(self) -> Iterator[News]:
        for finding in self._recording.findings(after=self._findings):
            self._findings += 1
            yield finding

    def _new_verdicts(self) -> Iterator[News]:
        for verdict in self._recording.verdicts(after=self._verdicts):
            self._verdicts += 1
            yield verdict


def _is_over(event: Event) -> bool:
    if isinstance(event, Abort):
        return True
    return isinstance(event, End) and event.message is Message.RESPONSE and bool(event.side & Side.CLIENT)
