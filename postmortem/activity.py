"""How busy it was when: exchanges in equal parts of the time that recordings cover."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from recordings.rows import Run

PARTS = 48


class Activity:
    """`counts` has how many exchanges began in each of `PARTS` equal parts of the time `since` to `until`."""

    def __init__(self, runs: Iterable[Run]) -> None:
        spans = [(run.time(0), run.time(run.last_at)) for run in runs]
        self.since = min(since for since, _ in spans)
        self.until = max(until for _, until in spans)
        self.counts = [0] * PARTS

    @property
    def duration(self) -> timedelta:
        """How long all of it is."""
        return self.until - self.since

    def count(self, at: datetime) -> None:
        """An exchange began."""
        part = (at - self.since) * PARTS // (self.duration or timedelta.resolution)
        self.counts[min(max(part, 0), PARTS - 1)] += 1
