"""Whatever comes, in whatever order: the checker takes it and still accounts for every exchange."""

from hypothesis import given
from hypothesis import strategies as st

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from contract.findings import ExchangeFacts, Finding
from tests.contract.build import FIRST, ID_HEADER, MISMATCH
from tests.contract.judge import outputs

NUMBERS = st.integers(0, 3)
SIDES = st.sampled_from([*list(Side)[:2], Side.BOTH])
MESSAGES = st.sampled_from(list(Message))
TEXTS = st.sampled_from(
    [
        b"",
        b"\0",
        FIRST.encode(),
        b"text/event-stream",
        b"application/json",
        b"gzip",
        b"\xff\xfe",
        b"*",
        b"a, b",
        b"https://x",
    ]
) | st.binary(max_size=12)
NAMES = st.sampled_from(
    [
        ID_HEADER.encode(),
        b"x-stream-id",
        b"Content-Type",
        b"Content-Encoding",
        b"Origin",
        b"Host",
        b"Cookie",
        b"Authorization",
        b"Access-Control-Expose-Headers",
        b"",
    ]
)
HEADERS = st.lists(st.tuples(NAMES, TEXTS), max_size=5).map(tuple)
TARGETS = st.sampled_from(
    [
        b"/api/chat/sessions/s/stream",
        b"/api/chat/sessions/s/update-stream",
        b"/api/chat/sessions/s",
        b"/api/chat/sessions/%ff%/stream?x=%",
        b"http://[::1/api/chat/sessions/s/stream#",
        b"*",
        b"",
        b"/",
    ]
) | st.binary(max_size=30)
DATA = st.sampled_from(
    [
        b"",
        b"{}",
        b'{"streamingSessionId":"a"}',
        b'{"streamingSessionId":{"a":[1]}}',
        b'{"streamingSessionId":"\\ud800"}',
        b"[" * 100_000,
        MISMATCH,
    ]
) | st.binary(max_size=40)
METHODS = st.sampled_from([b"POST", b"DELETE", b"OPTIONS", b"\xff"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        RequestHead,
        NUMBERS,
        SIDES,
        NUMBERS,
        METHODS,
        st.just("http"),
        st.just("h"),
        NUMBERS,
        TARGETS,
        st.just(b"HTTP/1.1"),
        HEADERS,
        st.sampled_from([Kind.HTTP, Kind.HTTP, Kind.CONNECT]),
    ),
    st.builds(
        ResponseHead,
        NUMBERS,
        SIDES,
        NUMBERS,
        st.sampled_from([100, 101, 200, 204, 302, 400, 404, 503, 999]),
        TEXTS,
        st.just(b"HTTP/1.1"),
        HEADERS,
    ),
    st.builds(
        Chunk, NUMBERS, MESSAGES, SIDES, NUMBERS, DATA, st.integers(0, 100), st.sampled_from(list(Form))
    ),
    st.builds(End, NUMBERS, MESSAGES, SIDES, NUMBERS),
    st.builds(
        Abort,
        NUMBERS,
        SIDES,
        NUMBERS,
        st.sampled_from(list(Breaker)),
        st.sampled_from(list(Manner)),
        st.text(),
    ),
    st.builds(Gap, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.text()),
)


@given(st.lists(EVENTS, max_size=40))
def test_no_sequence_of_events_makes_it_raise(events: list[Event]) -> None:
    outs = outputs(events, window=3)
    facts = [out.exchange for out in outs if isinstance(out, ExchangeFacts)]
    assert {out.exchange for out in outs if isinstance(out, Finding)} <= set(facts)
