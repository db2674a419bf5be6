"""The faults that touch the body of an answer: held back, compressed, kept, or cut off."""

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lab.hop.fault import Answer, CutOffError, Fault, Stage
from lab.hop.message import Fields, Framing, Head, Request, without

EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
"""The blank line after an event, in the line ends that servers use (HTML, section 9.2.5)."""


@dataclass(slots=True)
class Held:
    """A body that goes out in one piece at its end, through `finish`."""

    finish: Callable[[bytes], bytes] = bytes
    parts: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> bytes:
        """Nothing goes on yet."""
        self.parts += data
        return b""

    def end(self) -> bytes:
        """All of it."""
        return self.finish(bytes(self.parts))


@dataclass(slots=True)
class Cut:
    """An event stream that is cut off after so many events."""

    left: int
    tail: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Up to the end of the last event that may pass."""
        seen = self.tail + data
        end = 0
        for match in EVENT_END.finditer(seen):
            end = match.end()
            self.left -= 1
            if self.left == 0:
                raise CutOffError(data[: end - len(self.tail)])
        self.tail = seen[max(end, len(seen) - 3) :]  # a blank line may come in two pieces
        return data

    def end(self) -> bytes:
        """Nothing: there were fewer events."""
        return b""


@dataclass(slots=True)
class Kept:
    """A body that passes and is given to `store` when it is complete."""

    store: Callable[[bytes], None]
    parts: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> bytes:
        """All of it goes on."""
        self.parts += data
        return data

    def end(self) -> bytes:
        """Nothing; it is stored."""
        self.store(bytes(self.parts))
        return b""


@dataclass(slots=True)
class Cache:
    """The complete answers to streams, by path, as a cache that takes POST for GET keeps them."""

    clock: Callable[[], float] = time.monotonic
    answers: dict[bytes, tuple[float, Answer]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer | None:
        """What was kept, with its age in whole seconds (RFC 9111, section 5.1)."""
        if not request.is_stream or request.path not in self.answers:
            return None
        since, kept = self.answers[request.path]
        age = (b"Age", b"%d" % (self.clock() - since))
        return replace(kept, head=kept.head.with_fields((*kept.head.fields, age)))

    def body(self, request: Request, head: Head) -> Stage | None:
        """Keep a successful stream."""
        if not request.is_stream or not head.is_event_stream or head.status != 200:
            return None

        def store(body: bytes) -> None:
            fields = (*_unframed(head.fields), (b"Content-Length", b"%d" % len(body)))
            answer = Answer(replace(head, fields=fields, framing=Framing.LENGTH), body)
            self.answers.setdefault(request.path, (self.clock(), answer))

        return Kept(store)


def buffer() -> Fault:
    """Every answer at its end, head and all."""
    return Fault(body=lambda _, __: Held(), holds=True)


def compress() -> Fault:
    """Event streams compressed as one piece, so they come at their end; the head goes at once."""

    def body(_: Request, head: Head) -> Stage | None:
        return Held(gzip.compress) if _compressible(head) else None

    def rewritten(_: Request, head: Head) -> Head:
        if not _compressible(head):
            return head
        fields = (
            *without(head.fields, lambda name: name == b"content-length"),
            (b"Content-Encoding", b"gzip"),
        )
        if head.framing is not Framing.LENGTH:
            return head.with_fields(fields)
        return replace(head, fields=(*fields, (b"Transfer-Encoding", b"chunked")), framing=Framing.CHUNKED)

    return Fault(head=rewritten, body=body)


def cut(events: int) -> Fault:
    """Event streams that end in the middle."""
    return Fault(body=lambda _, head: Cut(events) if head.is_event_stream else None)


def cache() -> Fault:
    """A cache of its own for one hop."""
    kept = Cache()
    return Fault(answer=kept.answer, body=kept.body)


def _compressible(head: Head) -> bool:
    return head.is_event_stream and not any(name.lower() == b"content-encoding" for name, _ in head.fields)


def _unframed(fields: Fields) -> Fields:
    return without(fields, lambda name: name in (b"transfer-encoding", b"content-length", b"connection"))
