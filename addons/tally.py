"""What a run has brought so far, counted: the source of the summary and of the metrics.

Only the writer's thread counts. Any thread may read: what is read are copies of dictionaries, and
tuples that are replaced as a whole, so neither side waits for the other.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from contract.findings import Finding, Output, Severity, StreamVerdict, Verdict
from contract.incidents import Incident
from recordings.drained import Drained, Ended

FIRST_BYTE_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
GAP_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the histograms' buckets in seconds."""

_ANSWERS = {True: "accepted", False: "refused", None: "undecided"}


class Kind(NamedTuple):
    """What findings are counted by."""

    code: str
    name: str
    severity: Severity
    verdict: Verdict

    @property
    def is_decided(self) -> bool:
        """Whether the rule came to a verdict."""
        return self.verdict is not Verdict.INCONCLUSIVE


class Distribution(NamedTuple):
    """How many values were at most each bound (the last: all of them), and their sum in seconds."""

    at_most: tuple[int, ...]
    total: float


class Histogram:
    """Counts times by upper bounds, which are in seconds and rising."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._bounds = [round(bound * 1_000_000) for bound in bounds]
        self.distribution = Distribution((0,) * (len(bounds) + 1), 0.0)

    def add(self, times: list[int]) -> None:
        """Count `times` (µs)."""
        times = sorted(times)
        found = [*(bisect_right(times, bound) for bound in self._bounds), len(times)]
        before = self.distribution
        at_most = tuple(old + new for old, new in zip(before.at_most, found, strict=True))
        self.distribution = Distribution(at_most, before.total + sum(times) / 1_000_000)


class Tally:
    """Counts of one run. A stream is an exchange whose answer is an event stream."""

    def __init__(self) -> None:
        self.exchanges: Counter[tuple[str, str]] = Counter()
        """Those that are over, by role and outcome."""
        self.streams: Counter[str] = Counter()
        """Those that are over, by outcome."""
        self.open_exchanges = self.open_streams = 0
        self.issued = 0
        self.echoes: Counter[str] = Counter()
        """Answers to IDs that were sent back: accepted, refused, undecided."""
        self.findings: Counter[Kind] = Counter()
        self.incidents: Counter[str] = Counter()
        """By cause."""
        self.first_byte = {is_stream: Histogram(FIRST_BYTE_BOUNDS) for is_stream in (True, False)}
        """Time to the head of an answer, by whether it is an event stream."""
        self.gaps = Histogram(GAP_BOUNDS)

    def add(self, drained: Drained) -> None:
        """Count what a drain has brought."""
        self.open_exchanges, self.open_streams = drained.open_exchanges, drained.open_streams
        for ended in drained.ended:
            self._end(ended)
        for output in drained.outputs:
            self._judge(output)
        if drained.first_bytes:
            for is_stream, histogram in self.first_byte.items():
                histogram.add([time for streams, time in drained.first_bytes if streams is is_stream])
        if drained.gaps:
            self.gaps.add(drained.gaps)

    def _end(self, ended: Ended) -> None:
        self.exchanges[ended.role or "other", ended.outcome] += 1
        if ended.is_event_stream:
            self.streams[ended.outcome] += 1

    def _judge(self, output: Output) -> None:
        if isinstance(output, Finding):
            self.findings[Kind(output.code, output.name, output.severity, output.verdict)] += 1
        elif isinstance(output, Incident):
            self.incidents[output.cause] += 1
        elif isinstance(output, StreamVerdict):
            # A verdict is given when an ID is issued, and again for each echo of it.
            if output.echoed is not None:
                self.echoes[_ANSWERS[output.accepted]] += 1
            elif output.issued is not None:
                self.issued += 1
