"""A track: the chunks of one message that were seen on one side, or on both alike, and its end.

A message that passed unchanged is one track (`both`); where the sides differ each has its own. A
track gathers chunks in memory and hands them over as rows: whole when its message has ended,
otherwise as segments while the message goes on.
"""

from collections.abc import Callable
from operator import sub

from contract.events import Chunk, End, Form, Message, Side
from recordings.batch import Batch
from recordings.compression import squeeze
from recordings.counting import EventCount
from recordings.folding import CHUNKS_AT_MOST, FOLDED_AT_MOST
from recordings.timeline import Timeline, pack, write_down

SEGMENT = 64 * 1024
"""Bytes after which a segment is cut."""

_FEW, _SMALL = 64, 4096
"""Chunks and bytes of a segment up to which packing it costs more than it saves until the fold."""

RESPONSE = 4
"""Tracks of an exchange are numbered by their side; those of the response have this added."""

SIDES: dict[int, str] = {Side.CLIENT: "client", Side.SERVER: "server", Side.BOTH: "both"}
_MESSAGES = (Message.REQUEST.value, Message.RESPONSE.value)
_WIRE = Form.WIRE

type Pending = list[int | Chunk]
"""Chunks that wait, each after its sequence number."""


class Track:
    """What is known of one track, and those of its chunks that are not stored yet (`pending`)."""

    __slots__ = (
        "at",
        "count",
        "end",
        "end_seq",
        "exchange",
        "gaps",
        "index",
        "kept",
        "largest_gap",
        "last_at",
        "last_seq",
        "lossy",
        "over",
        "pending",
        "seq",
        "size",
        "stored",
        "total",
    )

    def __init__(self, exchange: int, index: int, seq: int) -> None:
        self.exchange = exchange
        self.index = index
        self.seq = self.last_seq = seq
        self.pending: Pending = []
        self.at: int | None = None
        self.last_at = self.total = self.size = self.kept = self.largest_gap = 0
        self.lossy = self.over = self.stored = False
        self.count: EventCount | None = None
        self.gaps: list[int] | None = None
        """Where the times between chunks (µs) are noted, if anyone wants them."""
        self.end: End | None = None
        self.end_seq: int | None = None

    def flush(self, batch: Batch, *, over: bool) -> None:
        """Hand over what is pending: as segments, or folded at once if all of a message (`over`) is here."""
        self.over = over
        if over and not self.stored and len(self.pending) == 2 and self._lone(batch):
            return
        seqs, chunks = self._taken()
        if over and not self.stored and self._whole(batch, seqs, chunks):
            return
        self.stored = True
        self._segments(batch, seqs, chunks)
        if over and self._fits():
            batch.folds.append(self.seq)
        batch.rows["message"].append(self._row(batch, folded=0, body=None, timeline=None))

    def foldable(self) -> bool:
        """It goes on, nothing is pending, and what is stored of it can be folded."""
        return self.stored and not self.over and self._fits()

    def _fits(self) -> bool:
        return self.kept <= FOLDED_AT_MOST and self.total <= CHUNKS_AT_MOST

    def _taken(self) -> tuple[list[int], list[Chunk]]:
        """What is pending, and is so no more: sequence numbers and chunks."""
        pending, self.pending = self.pending, []
        return pending[::2], pending[1::2]  # type: ignore[return-value]

    def _lone(self, batch: Batch) -> bool:
        """Store a message of one chunk, as most are; False where it is not as it passed."""
        chunk: Chunk = self.pending[1]  # type: ignore[assignment]
        data = chunk.data
        size = len(data)
        if chunk.form is not _WIRE or size != chunk.size or size > FOLDED_AT_MOST:
            return False
        self.pending = []
        self.at = self.last_at = chunk.at
        self.total, self.size, self.kept = 1, size, size
        if self.count is not None:
            self.count.feed(data)
        batch.rows["message"].append(self._row(batch, folded=1, body=batch.body(data), timeline=None))
        return True

    def _whole(self, batch: Batch, seqs: list[int], chunks: list[Chunk]) -> bool:
        """Store the message as one row; False where it is too large for that."""
        pieces = [chunk.data for chunk in chunks]
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if len(body) > FOLDED_AT_MOST:
            return False
        timeline = self._timeline(seqs, chunks, pieces, len(body)) if chunks else None
        if self.count is not None:
            self.count.feed(body)
        batch.rows["message"].append(self._row(batch, folded=1, body=batch.body(body), timeline=timeline))
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
        data = b"".join(pieces)
        packing = write_down if len(chunks) <= _FEW else pack
        timeline = self._timeline(seqs, chunks, pieces, len(data), packing)
        if self.count is not None:
            self.count.feed(data)
        batch.rows["segment"].append(
            (
                *(seqs[0], self.seq, chunks[0].at, seqs[-1], len(chunks)),
                *(self.size - size, self.kept - kept, timeline),
                *squeeze(data, _SMALL),
            )
        )

    def _timeline(
        self,
        seqs: list[int],
        chunks: list[Chunk],
        pieces: list[bytes],
        kept: int,
        packing: Callable[[Timeline, list[int]], bytes] = pack,
    ) -> bytes | None:
        """The timeline of `chunks`, which are counted in; None for a single one that is whole.

        `pieces` are their bytes, `kept` of them in all.
        """
        self.last_seq = seqs[-1]
        if len(chunks) == 1 and chunks[0].form is _WIRE and chunks[0].size == kept:
            self._counted_in(chunks[0].at, chunks[0].at, 1, kept, kept)
            return None
        ats, forms = [chunk.at for chunk in chunks], [chunk.form for chunk in chunks]
        sizes = [chunk.size for chunk in chunks]
        steps = list(map(sub, ats[1:], ats))
        size = sum(sizes)
        self._counted_in(ats[0], ats[-1], len(ats), size, kept)
        if steps:
            self.largest_gap = max(self.largest_gap, max(steps))
            if self.gaps is not None:
                self.gaps += steps
        if size == kept and forms.count(_WIRE) == len(forms):
            return packing(Timeline(seqs, ats, sizes), steps)
        self.lossy = self.lossy or Form.LOST in forms
        return packing(Timeline(seqs, ats, sizes, forms, list(map(len, pieces))), steps)

    def _counted_in(self, first_at: int, last_at: int, chunks: int, size: int, kept: int) -> None:
        if self.at is None:
            self.at = first_at
        else:
            gap = first_at - self.last_at
            self.largest_gap = max(self.largest_gap, gap)
            if self.gaps is not None:
                self.gaps.append(gap)
        self.last_at = last_at
        self.total += chunks
        self.size += size
        self.kept += kept

    def _row(
        self, batch: Batch, *, folded: int, body: int | None, timeline: bytes | None
    ) -> tuple[object, ...]:
        end, end_seq, end_at, trailers = self.end, self.end_seq, None, None
        if end is not None:
            end_at, trailers = end.at, batch.headers(end.trailers) if end.trailers else None
        index = self.index
        return (
            *(self.seq, self.exchange, _MESSAGES[index >= RESPONSE], SIDES[index % RESPONSE], self.at),
            *(self.last_seq if end_seq is None else end_seq, self.total, self.size, self.kept),
            *(folded, body, timeline, end_seq, end_at, trailers),
        )
