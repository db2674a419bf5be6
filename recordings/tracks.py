"""A track: the chunks of one message that were seen on one side, or on both alike, and its end.

A message that passed unchanged is one track (`both`); where the sides differ each has its own. A
track gathers chunks in memory and hands them over as rows: whole when its message has ended,
otherwise as segments while the message goes on.
"""

from operator import sub

from contract.events import Chunk, End, Form, Message, Side
from recordings.batch import Batch
from recordings.bodies import Bodies
from recordings.compression import squeeze
from recordings.counting import EventCount
from recordings.folding import CHUNKS_AT_MOST, FOLDED_AT_MOST
from recordings.headers import to_text
from recordings.timeline import Timeline, pack

SEGMENT = 64 * 1024
"""Bytes after which a segment is cut."""

_MESSAGES = {message: message.value for message in Message}
SIDES: dict[int, str] = {Side.CLIENT: "client", Side.SERVER: "server", Side.BOTH: "both"}


class Track:
    """What is known of one track, and those of its chunks that are not stored yet."""

    __slots__ = (
        "at",
        "chunks",
        "count",
        "end",
        "end_seq",
        "exchange",
        "kept",
        "largest_gap",
        "last_at",
        "last_seq",
        "lossy",
        "message",
        "over",
        "plain",
        "seq",
        "seqs",
        "side",
        "since",
        "size",
        "stored",
        "total",
    )

    def __init__(self, exchange: int, message: Message, side: Side, seq: int) -> None:
        self.exchange = exchange
        self.message = message
        self.side = int(side)
        self.seq = seq
        self.seqs: list[int] = []
        self.chunks: list[Chunk] = []
        self.since = 0.0
        self.at: int | None = None
        self.last_at = 0
        self.last_seq = seq
        self.total = self.size = self.kept = 0
        self.largest_gap = 0
        self.lossy = False
        self.over = False
        self.plain = True
        self.stored = False
        self.count: EventCount | None = None
        self.end: End | None = None
        self.end_seq: int | None = None

    def flush(self, batch: Batch, bodies: Bodies, *, over: bool) -> None:
        """Hand over what is pending: as segments, or folded at once if all of a message (`over`) is here."""
        self.over = over
        seqs, chunks = self.seqs, self.chunks
        self.seqs, self.chunks = [], []
        if over and not self.stored and self._whole(batch, bodies, seqs, chunks):
            return
        self.stored = True
        self._segments(batch, seqs, chunks)
        if over and self._fits():
            batch.folds.append(self.seq)
        batch.rows["message"].append(self._row(folded=0, body=None, timeline=None))

    def foldable(self) -> bool:
        """It goes on, nothing is pending, and what is stored of it can be folded."""
        return self.stored and not self.over and self._fits()

    def _fits(self) -> bool:
        return self.kept <= FOLDED_AT_MOST and self.total <= CHUNKS_AT_MOST

    def _whole(self, batch: Batch, bodies: Bodies, seqs: list[int], chunks: list[Chunk]) -> bool:
        """Store the message as one row; False where it is too large for that."""
        pieces = [chunk.data for chunk in chunks]
        kept = list(map(len, pieces))
        if sum(kept) > FOLDED_AT_MOST:
            return False
        timeline, number = self._timeline(seqs, chunks, kept) if chunks else None, None
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._count(body)
        if body:
            number, row = bodies.number(body)
            if row is not None:
                batch.rows["body"].append(row)
        batch.rows["message"].append(self._row(folded=1, body=number, timeline=timeline))
        return True

    def _segments(self, batch: Batch, seqs: list[int], chunks: list[Chunk]) -> None:
        first = size = 0
        for last, chunk in enumerate(chunks, 1):
            size += len(chunk.data)
            if size >= SEGMENT or last == len(chunks):
                self._segment(batch, seqs[first:last], chunks[first:last])
                first, size = last, 0

    def _segment(self, batch: Batch, seqs: list[int], chunks: list[Chunk]) -> None:
        size, kept = self.size, self.kept
        pieces = [chunk.data for chunk in chunks]
        timeline, data = self._timeline(seqs, chunks, list(map(len, pieces))), b"".join(pieces)
        self._count(data)
        batch.rows["segment"].append(
            (
                *(seqs[0], self.seq, chunks[0].at, seqs[-1], len(chunks)),
                *(self.size - size, self.kept - kept, timeline),
                *squeeze(data),
            )
        )

    def _timeline(self, seqs: list[int], chunks: list[Chunk], kept: list[int]) -> bytes | None:
        """The timeline of `chunks`, which are counted in; None for a single one that is whole.

        `kept` are the lengths of their data: their sizes, too, as long as all are `WIRE`.
        """
        ats = [chunk.at for chunk in chunks]
        sizes = kept if self.plain else [chunk.size for chunk in chunks]
        steps = list(map(sub, ats[1:], ats))
        if self.at is None:
            self.at = ats[0]
        else:
            self.largest_gap = max(self.largest_gap, ats[0] - self.last_at)
        if steps:
            self.largest_gap = max(self.largest_gap, max(steps))
        self.last_at, self.last_seq = ats[-1], seqs[-1]
        self.total += len(ats)
        self.size += sum(sizes)
        self.kept += sum(kept)
        if self.plain:
            return None if len(chunks) == 1 else pack(Timeline(seqs, ats, sizes), steps)
        forms = [chunk.form for chunk in chunks]
        self.lossy = self.lossy or Form.LOST in forms
        return pack(Timeline(seqs, ats, sizes, forms, kept), steps)

    def _count(self, data: bytes) -> None:
        if self.count is not None:
            self.count.feed(data)

    def _row(self, *, folded: int, body: int | None, timeline: bytes | None) -> tuple[object, ...]:
        end = self.end
        ended = (
            (None, None, None)
            if end is None
            else (self.end_seq, end.at, to_text(end.trailers) if end.trailers else None)
        )
        return (
            *(self.seq, self.exchange, _MESSAGES[self.message], SIDES[self.side], self.at),
            *(self.last_seq if self.end_seq is None else self.end_seq, self.total, self.size, self.kept),
            *(folded, body, timeline, *ended),
        )
