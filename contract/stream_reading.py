"""What the rules need to know of an event stream, gathered as its chunks come, on one side of the proxy.

Any way of cutting the same bytes into chunks gives the same facts, but for the times. No bytes make it
raise, and no stream makes it grow: chunks are gathered until there is something to do at once, a run of
healthy events is taken by one pattern, and of all others only the block that is not complete is kept.
"""

import codecs
import re
from collections.abc import Sequence

from contract import literal_ends
from contract.bodies import LIMIT, Decoders
from contract.events import Chunk, Form
from contract.payload_models import is_json, misfit
from contract.profile_sections import Sse
from contract.sse import SseEvent, SseParser
from contract.stream_bytes import StreamBytes
from contract.stream_facts import ENOUGH, StreamFacts, kind, shortened
from contract.stream_grammar import grammar

TOO_LONG = f"an event is longer than {LIMIT} bytes"
_BOM = b"\xef\xbb\xbf"
_WIRE = Form.WIRE
_MANY = 32  # chunks that are gathered
_LARGE = 1024  # bytes of a chunk that is not worth waiting with
_SMALL = 4096  # bytes of an unfinished block that may be copied again and again
_CLAUSES = 3
_LF, _CR = b"\n\r"
_PIECES = 1 << 17  # bytes that are taken at once

# HTML §9.2.5: lines are separated by CR LF, by a single LF, or by a single CR.
_BLANK = re.compile(rb"(?>\r\n?+|\n)(?:\r\n?+|\n)")
# Empty lines and comments at the start of a block, which say nothing. Longer comments are left to the
# parser: so the limit of a block is the same for all chunks.
_NOTHING = re.compile(rb"(?:[\r\n]|:[^\r\n\\]{0,1000}+\r?+\n)++")
_BOM_AT_LINE_START = re.compile(rb"(?:\A|(?<=[\r\n]))\xef\xbb\xbf")


class StreamReader:
    """Feed it the chunks of one response on one side, then ask for the facts, by `end` or by `stop`."""

    __slots__ = (
        "_after_terminal",
        "_bytes",
        "_clean",
        "_escaped",
        "_events",
        "_fault",
        "_first_at",
        "_grammar",
        "_heard_at",
        "_is_utf8",
        "_last",
        "_last_at",
        "_misfits",
        "_offset",
        "_parser",
        "_partial",
        "_payload",
        "_rest",
        "_skip_lf",
        "_started",
        "_terminals",
        "_why",
        "held",
    )

    def __init__(self, sse: Sse, coding: str, decoders: Decoders) -> None:
        self._grammar = grammar(sse)
        self._clean = self._grammar.lf  # the kind of line ends that was seen last
        self._bytes = StreamBytes(coding, decoders)
        self.held: list[Chunk] = []
        self._heard_at = 0
        self._parser: SseParser | None = None  # it gets only whole blocks
        # Where we are.
        self._offset = 0  # of the next decoded byte to come
        self._rest = bytearray()  # of what came, the block that is not complete
        self._started = False  # past a possible byte order mark
        self._skip_lf = False  # the last byte was a CR that ended a block
        self._is_utf8 = True
        self._partial = b""  # the bytes of a character that is not complete
        self._why = ""
        # What was seen.
        self._events = self._terminals = self._after_terminal = 0
        self._first_at = self._last_at = 0
        self._last: bytes | str = ""  # the last event's type, or the beginning of its block
        self._escaped: bytes | None = None
        self._fault: tuple[int, str] | None = None
        self._payload: list[str] = []
        self._misfits = 0

    @property
    def heard_at(self) -> int:
        """When the latest chunk came (µs), whatever was in it; 0 if none did."""
        return self.held[-1].at if self.held else self._heard_at

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        held = self.held
        held.append(chunk)
        if len(held) >= _MANY or len(chunk.data) > _LARGE:
            self.settle()

    def settle(self) -> None:
        """Take what waits in `held`; whoever appends to it instead of calling `feed` calls this at times."""
        self._take(self.held)
        self.held.clear()

    def settle_if_many(self) -> None:
        """Take what waits in `held`, if it is worth it."""
        if len(self.held) >= _MANY:
            self.settle()

    def feed_many(self, chunks: Sequence[Chunk]) -> None:
        """Take a run of chunks."""
        self.settle()
        for start in range(0, len(chunks), 2 * _MANY):
            self._take(chunks[start : start + 2 * _MANY])

    def end(self) -> StreamFacts:
        """The facts of a stream that has ended by its framing."""
        self.settle()
        for piece in self._bytes.end():
            self._read(piece, (), ())
        self._why = self._why or self._bytes.why
        pending = None
        if not self._why:
            pending = self._dropped()
            if self._partial:
                offset = self._offset - len(self._partial)
                self._note(offset, f"byte {self._partial[0]:#04x} at offset {offset} is cut short")
        self._look_at_rest(has_ended=not self._why)
        return self._facts(pending)

    def stop(self) -> StreamFacts:
        """The facts of a stream that was broken off, or still runs."""
        self.settle()
        self._look_at_rest(has_ended=False)
        return self._facts(None)

    # From chunks to bytes.

    def _take(self, chunks: Sequence[Chunk]) -> None:
        if chunks:
            self._heard_at = chunks[-1].at
        if self._why:
            return
        if self._bytes.is_plain:
            pieces = [chunk.data for chunk in chunks if chunk.form is _WIRE]
            new = b"".join(pieces)
            if len(pieces) == len(chunks) and len(new) <= _PIECES:
                self._read(new, pieces, chunks)
                return
        self._take_in_turn(chunks)
        self._why = self._why or self._bytes.why

    def _take_in_turn(self, chunks: Sequence[Chunk]) -> None:
        pieces: list[bytes] = []
        owners: list[Chunk] = []
        size = 0
        for chunk in chunks:
            for piece in self._bytes.feed(chunk):
                pieces.append(piece)
                owners.append(chunk)
                size += len(piece)
                if size >= _PIECES // 2:
                    self._read(b"".join(pieces), pieces, owners)
                    pieces, owners, size = [], [], 0
        self._read(b"".join(pieces), pieces, owners)

    # From bytes to blocks.

    def _read(self, new: bytes, pieces: Sequence[bytes], chunks: Sequence[Chunk]) -> None:
        """Take bytes; `pieces` of them came with `chunks`."""
        if not new or self._why:
            return
        if self._partial or not new.isascii():
            self._check_encoding(new)
        self._offset += len(new)
        data, rest = new, self._rest
        if rest:
            if len(rest) > _SMALL and not _BLANK.search(rest[-3:] + new):
                self._keep(new)
                return
            data = bytes(rest) + new
            rest.clear()
        position, first, last = self._blocks(data, self._beginning(data))
        if last >= 0:
            before = len(data) - len(new)
            self._last_at = _time(last - before, len(new), pieces, chunks, self._last_at)
            if first >= 0:
                self._first_at = _time(first - before, len(new), pieces, chunks, self._last_at)
        if position < len(data):
            self._keep(data[position:])
        else:
            self._skip_lf = data[-1] == _CR

    def _beginning(self, data: bytes) -> int:
        """Where the next block begins; its first bytes may belong to what came before it."""
        if not self._started:
            # §9.2.5: one leading U+FEFF is ignored.
            if len(data) < len(_BOM) and _BOM.startswith(data):
                return -1
            self._started = True
            return len(_BOM) if data.startswith(_BOM) else 0
        if self._skip_lf:
            self._skip_lf = False
            return int(data[0] == _LF)
        return 0

    def _blocks(self, data: bytes, position: int) -> tuple[int, int, int]:
        """Take whole blocks from `position` on.

        Where they stop, and where the first event of all and the last one were completed, -1 if not here.
        """
        first = last = -1
        if position < 0:
            return 0, first, last
        size = len(data)
        while position < size:
            run = self._clean
            end = run.match(data, position).end()
            if end > position:
                if not self._events or end - position > LIMIT:
                    done = data.index(run.end * 2, position) + 2 * len(run.end) - (run is self._grammar.crlf)
                    # Only the first can be too long, for the others came with one piece.
                    if done - position > LIMIT:
                        break
                    first = first if self._events else done - 1
                last = end - 1 - (run is self._grammar.crlf)
                self._count(data, position, end, run.end * 2)
            elif nothing := _NOTHING.match(data, position):
                end = nothing.end()
            elif (blank := _BLANK.search(data, position)) is None:
                break
            else:
                end = blank.end()
                done = end - data.endswith(b"\r\n", position, end)
                if done - position > LIMIT:
                    break
                if self._block(data[position:end], self._offset - size + position):
                    last = done - 1
                    first = last if self._events == 1 else first
                self._clean = self._grammar.crlf if done < end else self._grammar.lf
            position = end
        return position, first, last

    def _keep(self, data: bytes) -> None:
        """Keep an unfinished block, or give up if it is too long."""
        rest = self._rest
        rest += data
        if len(rest) <= LIMIT:
            return
        self._why = TOO_LONG
        self._escaped = self._escaped or literal_ends.in_endless(bytes(rest))
        # Whatever the chunks, only so much of it has surely been seen.
        surely = self._offset - len(rest) + LIMIT - 4
        if self._fault and self._fault[0] >= surely:
            self._fault = None
        rest.clear()

    # From blocks to facts.

    def _count(self, data: bytes, start: int, end: int, between: bytes) -> None:
        """Healthy events from `start` to `end`, each with `between` after it."""
        events = data.count(between, start, end)
        self._events += events
        if self._terminals:
            self._after_terminal += events
        last = data.rfind(between, start, end - len(between))
        self._last = data[start if last < 0 else last + len(between) : end][:ENOUGH]

    def _block(self, block: bytes, offset: int) -> bool:
        """Any block, which begins at `offset`; whether it is an event."""
        if self._parser is None:
            self._parser = _started_parser()
        events = self._parser.feed(block)
        for event in events:
            self._event(event)
        if self._escaped is None and b"\\n" in block:
            is_data_json = bool(events) and is_json(events[0].data)
            self._escaped = literal_ends.in_block(block, is_data_json)
        self._look_for_marks(block, offset)
        return bool(events)

    def _event(self, event: SseEvent) -> None:
        self._events += 1
        self._last = name = event.event
        if self._terminals:
            self._after_terminal += 1
        if name in self._grammar.terminal:
            self._terminals += 1
        model = self._grammar.payloads.get(name)
        if model is not None and (clause := misfit(model, event.data)):
            self._misfits += 1
            if len(self._payload) < _CLAUSES:
                self._payload.append(f"event {self._events} ({name}): {clause}")

    def _dropped(self) -> str | None:
        """What the end of the stream drops (§9.2.6)."""
        rest = bytes(self._rest)
        lines = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
        parser = self._parser or _started_parser()
        parser.feed(rest[:lines])
        is_dropped = parser.end() is not None or rest[lines : lines + 1] not in (b"", b":")
        return shortened(rest) if is_dropped else None

    def _look_at_rest(self, *, has_ended: bool) -> None:
        rest = bytes(self._rest)
        if self._escaped is None and b"\\n" in rest:
            self._escaped = literal_ends.in_beginning(rest, has_ended)
        self._look_for_marks(rest, self._offset - len(rest))

    def _look_for_marks(self, block: bytes, offset: int) -> None:
        if _BOM in block and (mark := _BOM_AT_LINE_START.search(block)):
            self._note(offset + mark.start(), f"a byte order mark at offset {offset + mark.start()}")

    def _check_encoding(self, new: bytes) -> None:
        if not self._is_utf8:
            return
        held = self._partial + new
        try:
            _, used = codecs.utf_8_decode(held, "strict", False)
        except UnicodeDecodeError as error:
            offset = self._offset - len(self._partial) + error.start
            self._note(offset, f"byte {held[error.start]:#04x} at offset {offset} is no UTF-8")
            self._is_utf8 = False
            self._partial = b""
        else:
            self._partial = held[used:]

    def _note(self, offset: int, clause: str) -> None:
        """A fault of the encoding; the first one in the stream counts."""
        if self._fault is None or offset < self._fault[0]:
            self._fault = offset, clause

    def _facts(self, pending: str | None) -> StreamFacts:
        return StreamFacts(
            events=self._events,
            first_at=self._first_at,
            last_at=self._last_at,
            terminals=self._terminals,
            after_terminal=self._after_terminal,
            last_event=kind(self._last),
            pending=pending,
            escaped=None if self._escaped is None else shortened(self._escaped),
            encoding=self._fault[1] if self._fault else "",
            payload=tuple(self._payload),
            payload_failures=self._misfits,
            unread=self._why,
        )


def _started_parser() -> SseParser:
    parser = SseParser()
    parser.feed(b"\n")  # past the place where it would ignore a byte order mark
    return parser


def _time(index: int, size: int, pieces: Sequence[bytes], chunks: Sequence[Chunk], otherwise: int) -> int:
    """When the byte at `index` of the pieces, `size` bytes in all, came."""
    for piece, chunk in zip(reversed(pieces), reversed(chunks), strict=True):
        size -= len(piece)
        if index >= size:
            return chunk.at
    return otherwise
