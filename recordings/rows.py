"""What a recording says beside its events: the run, a line per exchange, what was redacted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from contract.events import Chunk, Event, Message, Side


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run is, as known at its start. `options` are the `streamid_*` ones only, as text."""

    started: datetime
    mitmproxy: str
    streamid: str
    python: str
    platform: str
    pid: int
    profile_name: str
    profile_toml: str
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """The run that a recording is of. Times are µs since `info.started`.

    `closed` is False where the writer has not closed the file: it is still writing, or was killed.
    Every event with a sequence number below `settled` is in the file; between it and `last_seq` some
    may still be missing, or were lost with the writer.
    """

    info: RunInfo
    last_seq: int
    last_at: int
    settled: int
    lost_events: int
    lost_bytes: int
    closed: bool
    closed_at: int | None

    def time(self, at: int) -> datetime:
        """`at` as a point of time in UTC."""
        return self.info.started.astimezone(UTC) + timedelta(microseconds=at)

    def state(self) -> str:
        """One sentence on how the recording ended, '' where it was closed and nothing is missing."""
        parts = []
        if not self.closed:
            last = self.time(self.last_at).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
            parts.append(f"the writer did not close this recording; the last event was at {last}")
        if self.lost_events or self.lost_bytes:
            parts.append(f"{self.lost_events} events and {self.lost_bytes} bytes of bodies were not kept")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """One exchange as `ls` shows it. `at`, `ended_at`: µs since the start; durations in µs."""

    exchange: int
    seq: int
    at: int
    kind: str
    method: str
    url: str
    status: int | None
    role: str | None
    stream: str | None
    scope: str | None
    outcome: str
    findings: int
    ended_at: int | None
    first_byte: int | None
    events: int | None
    largest_gap: int | None
    request_size: int
    response_size: int


class Line(NamedTuple):
    """One HTTP exchange as its request left for the service, without fields and bodies."""

    exchange: int
    at: int
    method: str
    scheme: str
    host: str
    port: int
    target: str
    status: int | None
    role: str | None
    stream: str | None
    scope: str | None
    ended_at: int | None


class Redaction(NamedTuple):
    """One secret that was replaced: `length` bytes at `offset` of a field's value, the target or the body."""

    exchange: int
    message: Message
    side: Side
    where: str
    """`target`, `header <name>`, `trailer <name>`, `reason`, or `body` (without its content-coding)."""
    offset: int
    length: int
    token: str
    """What stands there now; equal tokens stood for equal secrets."""


class EventRedactor(Protocol):
    """What stands between the events and the file."""

    def feed(self, event: Event) -> list[Event]:
        """The events that may be stored now, in causal order per exchange."""
        ...

    def feed_run(self, chunks: Sequence[Chunk]) -> list[Event]:
        """As `feed` for each of some whole chunks of one message on one side that follow each other."""
        return [released for chunk in chunks for released in self.feed(chunk)]

    def flush(self) -> list[Event]:
        """The rest, at the end of the run."""
        ...

    def take_redactions(self) -> Sequence[Redaction]:
        """What was replaced since the last call."""
        ...
