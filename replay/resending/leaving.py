"""When a recorded client left an answer, and whether it is time to leave the new one."""

from dataclasses import dataclass

from contract.events import Breaker
from contract.headers import media_type
from replay.recorded import Recorded
from replay.resending.comparing import EVENT_STREAM
from replay.resending.events import read_events


@dataclass(frozen=True, slots=True)
class Leave:
    """The client left after so many events, else after so many bytes of the body; where there were neither,
    `after` µs from the request."""

    events: int
    size: int
    after: int

    @property
    def by_time(self) -> bool:
        """Whether nothing but time told it to leave."""
        return not self.events and not self.size

    def is_due(self, events: int, size: int) -> bool:
        """Whether that much is what it had seen."""
        if self.events:
            return events >= self.events
        return bool(self.size) and size >= self.size


def leave_of(recorded: Recorded) -> Leave | None:
    """None where the client did not leave."""
    abort = recorded.abort
    if abort is None or abort.by is not Breaker.CLIENT:
        return None
    events = 0
    text = recorded.response_text()
    if recorded.response is not None and text and media_type(recorded.response.headers) == EVENT_STREAM:
        events = len(read_events(text).events)
    size = len(recorded.response_body.data)
    return Leave(events, size, max(abort.at - recorded.request.at, 0))
