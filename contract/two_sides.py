"""What differs between the two sides of the proxy, or of any hop: head by head, and body by body.

Names and values are compared as RFC 9110 §5 has them: names without case, values without white space
around them, lines of one name joined in order. What HTTP itself changes at every hop is left out.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from contract.events import Chunk, Form, Headers, Message, Side

# RFC 9110 §7.6.1: fields that are for one connection only, beside those that Connection names.
HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    )
)
# What every hop may write anew: framing, the host that it asks, its own answer to Expect, its own ports.
REWRITTEN = frozenset((b"content-length", b"host", b":authority", b"expect", b"alt-svc", b"via", b"date"))
_FARTHEST = 1 << 20
"""Bytes that one side may be ahead of the other and still be compared one by one."""
_SENT = {Message.REQUEST: Side.CLIENT, Message.RESPONSE: Side.SERVER}


class Kind(StrEnum):
    """What became of a header or a body."""

    DROPPED = "dropped"
    RENAMED = "renamed"
    CHANGED = "changed"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `before` entered, `after` left (a name where `kind` is `RENAMED`, else a value)."""

    kind: Kind
    message: Message
    name: str
    before: str
    after: str = ""


def compare_heads(message: Message, entered: Headers, left: Headers) -> list[Change]:
    """What became of each end-to-end header that entered."""
    if _differ_only_in_place(entered, left):
        return []
    before, after = _end_to_end(entered), _end_to_end(left)
    new = {value: name for name, value in after.items() if name not in before}
    changes = []
    for name, value in before.items():
        if name not in after:
            other = new.get(value)
            kind, then = (Kind.DROPPED, b"") if other is None else (Kind.RENAMED, other)
        elif after[name] != value:
            kind, then = Kind.CHANGED, after[name]
        else:
            continue
        changes.append(Change(kind, message, _text(name), _text(value), _text(then)))
    return changes


def _differ_only_in_place(entered: Headers, left: Headers) -> bool:
    """Whether, line by line, only such fields differ as every hop may write anew: the usual case, cheaply."""
    if len(entered) != len(left):
        return False
    differing = [
        (one[0].lower(), other[0].lower()) for one, other in zip(entered, left, strict=True) if one != other
    ]
    return all(one == other and one in REWRITTEN for one, other in differing)


def _end_to_end(fields: Headers) -> dict[bytes, bytes]:
    """Each end-to-end header with its lines joined; cookies as HTTP/1.1 writes them (RFC 9113 §8.2.3)."""
    joined: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        joined.setdefault(name.lower(), []).append(value.strip(b" \t"))
    nominated = {part.strip().lower() for line in joined.get(b"connection", ()) for part in line.split(b",")}
    return {
        name: (b"; " if name == b"cookie" else b", ").join(values)
        for name, values in joined.items()
        if name not in HOP_BY_HOP and name not in REWRITTEN and name not in nominated
    }


def _text(value: bytes) -> str:
    return value.decode("latin-1")


class TwoSides:
    """One message's body on both sides, from the first chunk on that did not leave as it came, at once.

    `delay` (µs) is by how much, at most, bytes left later than they had come. `differs_at` is the offset,
    from that chunk on, of the first byte that left as another one, None while there is none; `is_unsure`
    says that this can no longer be told. `left` are the times (µs) of the first and the last chunk that left,
    `came` those at which its bytes had come; (0, 0) for none.
    """

    __slots__ = (
        "_ahead",
        "_came",
        "_entered",
        "_hashes",
        "_leader",
        "_left",
        "_matched",
        "_sizes",
        "came",
        "delay",
        "differs_at",
        "is_unsure",
        "left",
        "why_unknown",
    )

    def __init__(self, message: Message) -> None:
        self._entered = int(_SENT[message])
        self._left = 3 - self._entered
        self._hashes = {self._entered: blake2b(digest_size=16), self._left: blake2b(digest_size=16)}
        self._sizes = {self._entered: 0, self._left: 0}
        self._came: deque[tuple[int, int]] = deque()
        self._ahead = bytearray()
        self._leader = 0
        self._matched = 0
        self.delay = 0
        self.differs_at: int | None = None
        self.is_unsure = False
        self.came = self.left = (0, 0)
        self.why_unknown = ""

    def feed(self, chunk: Chunk) -> None:
        """Take a chunk that was seen on one side or on both."""
        if chunk.form is not Form.WIRE:
            self.why_unknown = "bytes of the body were not kept as they were"
            self.is_unsure = True
        for side in (self._entered, self._left):
            if int(chunk.side) & side:
                self._hashes[side].update(chunk.data)
                self._sizes[side] += chunk.size
                self._match(side, chunk.data)
        if int(chunk.side) & self._entered:
            self._came.append((self._sizes[self._entered], chunk.at))
        if int(chunk.side) & self._left:
            self.left = (self.left[0] or chunk.at, chunk.at)
            self._note_delay(chunk.at)

    def _match(self, side: int, data: bytes) -> None:
        """Compare what one side is behind with what the other was ahead."""
        if self.is_unsure or self.differs_at is not None:
            return
        ahead = self._ahead
        if ahead and side != self._leader:
            common = min(len(ahead), len(data))
            if ahead[:common] != data[:common]:
                pairs = enumerate(zip(ahead, data, strict=False))
                self.differs_at = self._matched + next(at for at, (one, other) in pairs if one != other)
                ahead.clear()
                return
            self._matched += common
            del ahead[:common]
            data = data[common:]
        if data:
            self._leader = side
            ahead += data
        if len(ahead) > _FARTHEST:
            self.is_unsure = True
            ahead.clear()

    def _note_delay(self, at: int) -> None:
        gone = self._sizes[self._left]
        while self._came and self._came[0][0] <= gone:
            came = self._came.popleft()[1]
            self.came = (self.came[0] or came, came)
            self.delay = max(self.delay, at - came)

    @property
    def is_alike(self) -> bool:
        """Whether the same bytes entered and left."""
        return self._hashes[self._entered].digest() == self._hashes[self._left].digest()

    @property
    def sizes(self) -> tuple[int, int]:
        """How many of these bytes entered, and left."""
        return self._sizes[self._entered], self._sizes[self._left]


def compare_bodies(message: Message, sides: TwoSides | None) -> Iterable[Change]:
    """The difference between a body that entered and what left, if there is one."""
    if sides is not None and not sides.is_alike:
        entered, left = sides.sizes
        yield Change(Kind.BODY, message, "", f"{entered} bytes", f"{left} bytes")
