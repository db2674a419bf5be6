"""What the store remembers of an exchange while it is open, and the row that sums it up."""

from contract.events import Abort, Breaker, Manner, RequestHead, ResponseHead
from recordings.heads import Head
from recordings.tracks import RESPONSE, Pending, Track

_NOTHING = (None, None, None)


class OpenExchange:
    """One exchange whose messages are not all over."""

    __slots__ = (
        "abort",
        "at",
        "facts",
        "first_byte",
        "id",
        "kind",
        "last_at",
        "line",
        "over_request",
        "over_response",
        "pending",
        "request",
        "response",
        "seq",
        "server",
        "sides",
        "sse",
        "status",
        "stream",
        "streaming",
        "touched",
        "tracks",
    )

    def __init__(self, number: int, seq: int, at: int) -> None:
        self.id = number
        self.seq = seq
        self.at = at
        self.last_at = at
        self.kind = "http"
        self.line: tuple[object, ...] = (None,) * 6
        self.server: str | None = None
        self.status: int | None = None
        self.first_byte: int | None = None
        self.stream = False
        """The answer is an event stream."""
        self.sse = False
        """It is one whose events can be counted: it is not compressed."""
        self.facts: tuple[str, str, str] | None = None
        self.abort: Abort | None = None
        self.request: Head[RequestHead] | None = None
        self.response: Head[ResponseHead] | None = None
        self.tracks: list[Track | None] = [None] * 8
        self.pending: list[Pending | None] = [None] * 8
        """Where a chunk of each track is put, while it waits for being written anyway."""
        self.streaming: Pending | None = None
        """The same for chunks of the response that were seen on both sides."""
        self.over_request = self.over_response = 0
        """Bits as in `Side`: where the message has ended."""
        self.sides = 0
        """Bits as in `Side`: where any of it was seen. A tunnel, or an add-on's answer, has one side only."""
        self.touched = False

    def wait(self, index: int, pending: Pending | None) -> None:
        """Chunks of the track at `index` go to `pending` now, and with None nowhere yet."""
        self.pending[index] = pending
        if index == 7:
            self.streaming = pending

    def finished(self) -> bool:
        """Nothing more is to come on any side that it was seen on (bits as in `Side`)."""
        return self.over_request & self.over_response & self.sides == self.sides

    def complete(self) -> bool:
        """The response has ended on every side that it was seen on."""
        return bool(self.sides) and self.over_response & self.sides == self.sides

    def outcome(self) -> str:
        """As `ls` shows it; see `docs/recording.md`."""
        abort = self.abort
        if abort is None:
            return "complete" if self.complete() else "open"
        if abort.by is Breaker.CLIENT:
            return "client-abort"
        if abort.by is Breaker.PROXY:
            return "injected" if abort.manner is Manner.INJECTED else "proxy"
        return "truncated" if abort.manner is Manner.CLOSED and self.status is not None else "server-abort"

    def row(self) -> tuple[object, ...]:
        """The row of table `exchange`, with what is known by now."""
        response = self._seen_by_client(RESPONSE)
        return (
            *(self.id, self.seq, self.at, self.kind, *self.line, self.server, self.status),
            *(self.facts or _NOTHING),
            self.outcome(),
            self.last_at if self.abort is not None or self.finished() else None,
            self.first_byte,
            self._events(response) if self.sse else None,
            max([track.largest_gap for track in response if track.total > 1], default=None),
            sum([track.size for track in self._seen_by_client(0)]),
            sum([track.size for track in response]),
        )

    def _seen_by_client(self, message: int) -> list[Track]:
        """The tracks of the message at `message` whose chunks passed on the client's side."""
        tracks = self.tracks
        return [t for t in (tracks[message + 1], tracks[message + 3]) if t is not None]

    def _events(self, response: list[Track]) -> int | None:
        """How many SSE events the client got; None where that is not to be told from one whole track."""
        with_chunks = [track for track in response if track.total]
        if len(with_chunks) > 1:
            return None
        if not with_chunks:
            return 0
        track = with_chunks[0]
        if track.count is None or track.lossy:
            return None
        return track.count.end() if self.complete() else track.count.events
