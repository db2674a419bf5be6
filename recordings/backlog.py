"""The bounded queue between the event loop and the writer's thread.

Only the loop's thread puts, only the writer's takes; a deque and counters that one side alone writes
need no lock. What is not yet safe in the file counts as waiting, so that a failing disk fills the
queue as a slow one does.
"""

from collections import deque

from contract.events import Chunk, Event, Form, Gap, Injection, RequestHead, ResponseHead

_EVENT = 200
"""Bytes that an event takes beside what it carries, roughly."""


class Backlog:
    """Events on their way to the writer, at most about `bound` bytes of them.

    Above the bound chunks lose their bytes, and are marked so; above twice the bound events are
    dropped and counted, and a `Gap` says so as soon as there is room.
    """

    __slots__ = ("_bound", "_events", "_gap", "_put", "_safe", "lost_bytes", "lost_events")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._events: deque[Event] = deque()
        self._put = 0
        self._safe = 0
        self._gap: Gap | None = None
        self.lost_events = 0
        self.lost_bytes = 0

    def put(self, event: Event) -> None:
        """Queue `event`, or what there is room for of it. Constant time; never blocks, never raises."""
        size = _EVENT
        if type(event) is Chunk:
            size += len(event.data)
        elif isinstance(event, RequestHead | ResponseHead):
            size += sum([len(name) + len(value) for name, value in event.headers])
        elif isinstance(event, Injection):
            size += len(event.before or b"") + len(event.after or b"")
        waiting = self._put - self._safe
        if waiting > self._bound or self._gap is not None:
            kept = self._reduced(event, waiting)
            if kept is None:
                return
            if kept is not event:
                event, size = kept, _EVENT
        self._events.append(event)
        # After the append: what `take` counts as put is certainly in the deque then.
        self._put += size

    def __len__(self) -> int:
        """How many events wait to be taken."""
        return len(self._events)

    def waiting_bytes(self) -> int:
        """Bytes of what is not safe yet, roughly; any thread may ask."""
        return self._put - self._safe

    def take(self) -> tuple[list[Event], int]:
        """What is waiting now, and the mark to give to `safe` once it is in the file."""
        mark = self._put
        events = self._events
        return [events.popleft() for _ in range(len(events))], mark

    def safe(self, mark: int) -> None:
        """Everything up to `mark` is in the file, or given up."""
        self._safe = mark

    def end(self) -> None:
        """Queue what is to be said of the last gap; nothing may be put afterwards."""
        if self._gap is not None:
            self._events.append(self._gap)
            self._gap = None

    def _reduced(self, event: Event, waiting: int) -> Event | None:
        """What to queue instead of `event` while there is little room; None: nothing."""
        if waiting > 2 * self._bound:
            self._miss(event)
            return None
        if waiting <= self._bound:
            self.end()
            return event
        if self._gap is not None:
            # Half an overload is not over: one gap goes on until there is room for whole events.
            self._miss(event)
            return None
        if type(event) is Chunk and event.data:
            self.lost_bytes += event.size
            return Chunk(event.exchange, event.message, event.side, event.at, b"", event.size, Form.LOST)
        return event

    def _miss(self, event: Event) -> None:
        size = event.size if isinstance(event, Chunk | Gap) else 0
        gap = self._gap
        self.lost_events += 1
        self.lost_bytes += size
        self._gap = Gap(
            0,
            event.at if gap is None else gap.at,
            1 if gap is None else gap.events + 1,
            size if gap is None else gap.size + size,
            "the writer could not follow",
        )
