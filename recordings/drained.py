"""What one drain of the queue has brought to light, for those who watch a run while it is recorded."""

from dataclasses import dataclass
from typing import NamedTuple

from contract.findings import Output


class RequestLine(NamedTuple):
    """Method and target of a request, as redacted; hostile text like all that peers send."""

    method: str
    target: str


class Ended(NamedTuple):
    """An exchange that is over. The fields are the columns of table `exchange`, see docs/recording.md.

    Times are µs since the start of the run, durations µs. `role` is None where it was not judged.
    """

    exchange: int
    seq: int
    at: int
    kind: str
    method: str
    scheme: str
    host: str
    port: int
    target: str
    client: str
    server: str | None
    status: int | None
    role: str | None
    stream: str | None
    scope: str | None
    outcome: str
    ended_at: int
    first_byte: int | None
    events: int | None
    largest_gap: int | None
    request_size: int
    response_size: int
    is_event_stream: bool

    @property
    def url(self) -> str:
        """As `ls` shows it."""
        if not self.target.startswith("/"):
            return self.target
        port = "" if (self.scheme, self.port) in (("http", 80), ("https", 443)) else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.target}"


@dataclass(slots=True)
class Drained:
    """What a drain has brought, once it is in the file.

    `requests` has the request lines of the exchanges that findings are about. `first_bytes` are times
    to the head of an answer (µs), each with whether it is an event stream; `gaps` the times between
    the chunks of event streams as they came from the service (µs). Both are empty unless timings
    are asked for.
    """

    outputs: list[Output]
    requests: dict[int, RequestLine]
    ended: list[Ended]
    open_exchanges: int
    open_streams: int
    first_bytes: list[tuple[bool, int]]
    gaps: list[int]


@dataclass(frozen=True, slots=True)
class Load:
    """How a writer is doing: what waits for it, what is lost, and bytes of its file (None: no file)."""

    waiting_events: int
    waiting_bytes: int
    lost_events: int
    lost_bytes: int
    file_bytes: int | None
