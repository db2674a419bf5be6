"""Whatever comes, the redactor gives it back: in order, with its sizes, without an exception."""

import gzip

from hypothesis import given
from hypothesis import strategies as st

from contract.events import Abort, Breaker, Chunk, End, Event, Form, Gap, Kind, Manner, Message, Side
from recordings.redaction import Redactor
from tests.recordings.redaction.exchanges import KEY, REQUEST, RESPONSE, request, response

TYPES = [
    b"application/json",
    b"text/event-stream",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=b",
    b"multipart/mixed",
    b"text/plain",
    b"text/html",
    b"application/x-ndjson",
    b"image/png",
    b"",
]
FRAGMENTS = [
    b'{"password":',
    b'"s3cret-Value"',
    b"}",
    b"data: ",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"token=s3cret-Value&",
    b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n',
    b"[",
    b"\xef\xbb\xbf",
    b"\xff\xfe{\0",
    b"\\u0070",
    b"event: x\n",
    gzip.compress(b'{"token": "s3cret-Value"}'),
]
content = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=9), max_size=4).map(b"".join)
exchanges = st.integers(1, 2)
messages = st.sampled_from([REQUEST, RESPONSE])
sides = st.sampled_from([Side.CLIENT, Side.SERVER, Side.BOTH, Side.BOTH])
fields = st.tuples(
    st.sampled_from(
        [b"Content-Type", b"Content-Encoding", b"Authorization", b"Cookie", b"Set-Cookie", b"Location"]
    ),
    st.sampled_from([*TYPES, b"gzip", b"br", b"zstd", b"deflate, gzip", b"Bearer s3cret-Value", b'a="b; c'])
    | st.binary(max_size=20),
)
headers = st.lists(fields, max_size=4).map(tuple)


def a_chunk(exchange: int, message: Message, side: Side, text: bytes, lost: bool) -> Chunk:
    if lost:
        return Chunk(exchange, message, side, 0, b"", len(text), Form.LOST)
    return Chunk(exchange, message, side, 0, text, len(text))


events = st.one_of(
    st.builds(a_chunk, exchanges, messages, sides, content, st.sampled_from([True, *[False] * 6])),
    st.builds(a_chunk, exchanges, messages, sides, content, st.just(False)),
    st.builds(
        lambda exchange, side, lines, target, kind: request(
            lines, target, side=side, exchange=exchange, kind=kind
        ),
        exchanges,
        sides,
        headers,
        st.sampled_from([b"/", b"/?token=a", b"http://a:b@c/?x#token=d"]) | st.binary(max_size=20),
        st.sampled_from([Kind.HTTP, Kind.HTTP, *Kind]),
    ),
    st.builds(
        lambda exchange, side, lines: response(lines, side=side, exchange=exchange), exchanges, sides, headers
    ),
    st.builds(End, exchanges, messages, sides, st.just(0), headers),
    st.builds(
        Abort,
        exchanges,
        sides,
        st.just(0),
        st.sampled_from(Breaker),
        st.sampled_from(Manner),
        st.text(max_size=20),
    ),
    st.builds(Gap, st.integers(0, 2), st.just(0), st.just(1), st.just(1), st.just("")),
)


def shape(event: Event) -> tuple[object, ...]:
    """What redaction never changes of an event."""
    size = event.size if isinstance(event, Chunk | Gap) else 0
    return (
        type(event),
        event.exchange,
        getattr(event, "side", 0),
        getattr(event, "message", ""),
        event.at,
        size,
    )


@given(st.lists(events, max_size=25))
def test_all_comes_back_in_order_per_exchange_and_at_its_size(sequence: list[Event]) -> None:
    redactor = Redactor(KEY)
    out = [released for event in sequence for released in redactor.feed(event)] + redactor.flush()
    for exchange in (1, 2):
        assert [shape(event) for event in out if event.exchange == exchange] == [
            shape(event) for event in sequence if event.exchange == exchange
        ]
    for event in out:
        if isinstance(event, Chunk):
            assert len(event.data) == event.size or event.form is not Form.WIRE
            assert event.form is not Form.LOST or event.data == b""
    for noted in redactor.take_redactions():
        assert noted.length == len(noted.token) > 0
