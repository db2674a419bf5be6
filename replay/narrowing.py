"""Which findings are reported: those of some streams, scopes or times. The judge sees everything."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contract.findings import Finding, Output
from contract.incidents import Incident

type Moment = datetime | int
"""A point of time (with its zone), or µs since the start of a recording."""

_FOREVER = 1 << 62


@dataclass(frozen=True)
class Narrowing:
    """`since` <= the event that decided a finding < `until`; of one of `streams`, one of `scopes`."""

    since: Moment | None = None
    until: Moment | None = None
    streams: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != EVERYTHING

    def span(self, started: datetime) -> tuple[int, int]:
        """`since` and `until` in µs since the start of a recording."""
        low = 0 if self.since is None else _since(self.since, started)
        high = _FOREVER if self.until is None else _since(self.until, started)
        return low, high

    def keeps(self, finding: Finding | Incident, span: tuple[int, int]) -> bool:
        """Whether a finding, or an incident, is reported; `span` is that of its recording."""
        if not span[0] <= finding.at < span[1]:
            return False
        if self.streams and finding.stream not in self.streams:
            return False
        return not self.scopes or finding.scope in self.scopes

    def named_by(self, output: Output) -> frozenset[str]:
        """Which of the streams and scopes that are asked for `output` is about."""
        return (self.streams & {output.stream}) | (self.scopes & {output.scope})


def _since(moment: Moment, started: datetime) -> int:
    if isinstance(moment, int):
        return moment
    return (moment - started.astimezone(UTC)) // timedelta(microseconds=1)


EVERYTHING = Narrowing()
