"""Legal event sequences for property tests, and small exchanges to write down by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    Deed,
    End,
    Event,
    Form,
    Gap,
    Headers,
    Injection,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.profile import Profile
from recordings.rows import EventRedactor, Redaction, RunInfo
from recordings.writer import BOUND, Writer

RUN = RunInfo(
    started=datetime(2025, 1, 31, 23, 59, 59, 123456, tzinfo=UTC),
    mitmproxy="12.2.3",
    streamid="0.1.0",
    python="3.13.0",
    platform="Linux",
    pid=2**22 + 1,
    profile_name="chat",
    profile_toml='name = "chat"\n',
    options={"streamid_profile": "chat"},
)


@dataclass
class Plain(EventRedactor):
    """A redactor that lets everything pass."""

    notes: list[Redaction] = field(default_factory=list)

    def feed(self, event: Event) -> list[Event]:
        return [event]

    def flush(self) -> list[Event]:
        return []

    def take_redactions(self) -> list[Redaction]:
        notes, self.notes = self.notes, []
        return notes


JSON: Headers = ((b"Content-Type", b"application/json"),)
SSE: Headers = ((b"content-type", b"text/event-stream"), (b"X-Streaming-Session-Id", b"stream-1-0000abcd"))


def request(
    number: int, at: int, side: Side = Side.BOTH, *, headers: Headers = JSON, target: bytes = b"/a"
) -> Event:
    """A request's head."""
    return RequestHead(number, side, at, b"POST", "http", "localhost", 3002, target, b"HTTP/1.1", headers)


def response(
    number: int, at: int, side: Side = Side.BOTH, *, headers: Headers = JSON, status: int = 200
) -> Event:
    """A response's head."""
    return ResponseHead(number, side, at, status, b"OK", b"HTTP/1.1", headers)


def chunk(
    number: int, at: int, data: bytes, *, side: Side = Side.BOTH, message: Message = Message.RESPONSE
) -> Event:
    """A chunk, of the response by default."""
    return Chunk(number, message, side, at, data, len(data))


def small(number: int, at: int = 0) -> list[Event]:
    """A small exchange with heads that differ by the side, and all else alike."""
    return [
        request(number, at, Side.CLIENT, headers=((b"Host", b"proxy"), *JSON)),
        request(number, at + 5, Side.SERVER, headers=((b"Host", b"service"), *JSON)),
        chunk(number, at + 10, b'{"message":"hello"}', message=Message.REQUEST),
        End(number, Message.REQUEST, Side.BOTH, at + 11),
        response(number, at + 500, Side.SERVER),
        response(number, at + 505, Side.CLIENT),
        chunk(number, at + 600, b'{"ok":true}'),
        End(number, Message.RESPONSE, Side.BOTH, at + 601),
    ]


def begun(number: int, at: int = 0) -> list[Event]:
    """A stream's beginning, up to its response's head."""
    return [
        request(number, at, target=b"/api/chat/sessions/s/stream"),
        End(number, Message.REQUEST, Side.BOTH, at + 1),
        response(number, at + 900, headers=SSE),
    ]


def stream(number: int, at: int = 0, events: int = 3) -> list[Event]:
    """A whole stream of so many events."""
    chunks = [chunk(number, at + 1000 * n, b"data: %d\n\n" % n) for n in range(1, events + 1)]
    return [*begun(number, at), *chunks, End(number, Message.RESPONSE, Side.BOTH, at + 1000 * events)]


times = st.integers(0, 2**41)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
tokens = st.sampled_from([b"", b"Host", b'X-\xff\x00\n",[', b"content-type", b'a"],\n["b'])
headers = st.lists(st.tuples(tokens, st.one_of(tokens, st.binary(max_size=20))), max_size=4).map(tuple)
sides = st.sampled_from([Side.CLIENT, Side.SERVER])


@st.composite
def heads(draw: DrawFn, number: int, message: Message) -> list[Event]:
    """One message's heads: of both sides at once, or one after the other and alike or not."""
    both = draw(st.booleans())
    first = Side.BOTH if both else Side.CLIENT if message is Message.REQUEST else Side.SERVER
    parts = [draw(_head(number, message, first))]
    if not both and draw(st.booleans()):
        other = Side.BOTH ^ first
        if draw(st.booleans()):
            parts.append(draw(_head(number, message, other)))
        else:
            same = parts[0]
            values = {name: getattr(same, name) for name in same.__dataclass_fields__}
            differing: dict[str, object] = {"side": other, "at": draw(times)}
            if draw(st.booleans()):
                differing["headers"] = draw(headers)
            if isinstance(same, RequestHead) and draw(st.booleans()):
                differing["server"] = draw(texts)
            parts.append(type(same)(**values | differing))
    return parts


def _head(number: int, message: Message, side: Side) -> SearchStrategy[Event]:
    if message is Message.RESPONSE:
        return st.builds(
            ResponseHead, st.just(number), st.just(side), times, st.integers(0, 999), tokens, tokens, headers
        )
    return st.builds(
        RequestHead,
        *(st.just(number), st.just(side), times, tokens, texts, texts, st.integers(0, 65535), tokens, tokens),
        *(headers, st.sampled_from(Kind), texts, texts),
    )


@st.composite
def chunks(draw: DrawFn, number: int, message: Message, side: Side) -> Event:
    """Any chunk, also a decoded or a lost one."""
    data = draw(st.sampled_from([b"", b"a", b"data: x\n\n", b"event: y\rdata\r\r", b"0123456789" * 40]))
    form = draw(st.sampled_from([Form.WIRE, Form.WIRE, Form.WIRE, Form.DECODED, Form.LOST]))
    if form is Form.WIRE:
        return Chunk(number, message, side, draw(times), data, len(data))
    size = draw(st.integers(0, 2**33))
    return Chunk(number, message, side, draw(times), b"" if form is Form.LOST else data, size, form)


@st.composite
def messages(draw: DrawFn, number: int, message: Message) -> list[Event]:
    """A message: heads, chunks of both sides or of one, ends together or apart, or no end."""
    events = draw(heads(number, message))
    for side in draw(st.lists(st.sampled_from([Side.BOTH, Side.BOTH, Side.CLIENT, Side.SERVER]), max_size=8)):
        events.append(draw(chunks(number, message, side)))
    ending = draw(st.sampled_from(["both", "apart", "one", "none"]))
    if ending == "both":
        events.append(End(number, message, Side.BOTH, draw(times), draw(headers)))
    if ending in ("apart", "one"):
        side = draw(sides)
        events.append(End(number, message, side, draw(times), draw(headers)))
        other = Side.BOTH ^ side
        events += [draw(chunks(number, message, other)) for _ in range(draw(st.integers(0, 2)))]
        if ending == "apart":
            events.append(End(number, message, other, draw(times), draw(headers)))
    return events


@st.composite
def exchanges(draw: DrawFn, number: int) -> list[Event]:
    """An exchange: a request, mostly an answer, sometimes broken off at any point on one side or both."""
    events = draw(messages(number, Message.REQUEST))
    if draw(st.integers(0, 3)):
        events += draw(messages(number, Message.RESPONSE))
    if draw(st.booleans()):
        return events
    events = events[: draw(st.integers(1, len(events)))]
    for side in draw(st.sampled_from([[Side.BOTH], [Side.CLIENT], [Side.SERVER, Side.CLIENT]])):
        breaker, manner = draw(st.sampled_from(Breaker)), draw(st.sampled_from(Manner))
        events.append(
            Abort(number, side, draw(times), breaker, manner, draw(texts), draw(st.integers(0, 599)))
        )
    return events


@st.composite
def runs(draw: DrawFn) -> list[Event]:
    """Some exchanges, interleaved, with gaps between."""
    parts = [draw(exchanges(number)) for number in range(1, draw(st.integers(0, 4)) + 1)]
    gaps: list[Event] = draw(
        st.lists(
            st.builds(Gap, st.integers(0, 3), times, st.integers(0, 9), st.integers(0, 2**40), texts),
            max_size=2,
        )
    )
    entries: list[Event] = draw(st.lists(injections(), max_size=2))
    return interleave(draw, [*parts, gaps, entries])


def injections() -> st.SearchStrategy[Injection]:
    """Entries of the journal of faults."""
    values = st.none() | st.binary(max_size=9)
    return st.builds(
        *(Injection, st.integers(1, 4), times, texts, st.just("delay"), st.sampled_from(Message)),
        *(st.sampled_from(Deed), texts, st.integers(1, 9), texts, values, values),
        offset=st.none() | st.integers(0, 2**40),
    )


def interleave(draw: DrawFn, parts: Iterable[list[Event]]) -> list[Event]:
    """The events of `parts` in any order that keeps each part's own."""
    queues = [list(part) for part in parts if part]
    order = draw(st.permutations([n for n, queue in enumerate(queues) for _ in queue]))
    return [queues[n].pop(0) for n in order]


def record(
    path: Path, events: Iterable[Event], *, profile: Profile | None = None, bound: int = BOUND
) -> Path:
    """A finished recording of `events`, judged where a profile is given.

    `bound` is what may wait to be written (bytes).
    """
    writer = Writer(
        path,
        RUN,
        redactor=Plain(),
        profile=profile,
        on_judged=lambda _: None,
        on_trouble=lambda _: None,
        bound=bound,
    )
    for event in events:
        writer.put(event)
    assert writer.close().clean
    return path
