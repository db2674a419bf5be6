"""A body that is one chunk of JSON takes a short way, on which nothing else comes out."""

import random

import pytest

from contract.events import Abort, Breaker, Chunk, End, Event, Form, Gap, Headers, Manner, Message, Side
from recordings.redaction import Redactor
from recordings.redaction.exchange import Half, OpenExchange
from tests.recordings.redaction.exchanges import (
    JSON,
    KEY,
    REQUEST,
    RESPONSE,
    SSE,
    answer,
    body,
    chunk,
    end,
    forms,
    redact,
    request,
    response,
)

BODIES = [
    b'{"a": "x"}',
    b'{"password": "hunter2-s3cret"}',
    b'{"a": "hunter2-s3cret"}',
    b'{"a": "?token=abcdefg123"}',
    b'{"a": "\\u0074oken"}',
    b'{"pass',
    b"\xff\xfe{\0",
    b"",
]
HEADERS: list[Headers] = [
    JSON,
    JSON,
    JSON,
    SSE,
    (),
    ((b"content-type", b"image/png"),),
    (*JSON, (b"Content-Encoding", b"gzip")),
    (*JSON, (b"Authorization", b"Bearer hunter2-s3cret")),
]
MESSAGES = [Message.REQUEST, Message.RESPONSE]
SIDES = [*[Side.BOTH] * 6, Side.CLIENT, Side.SERVER]


class LongWay(Redactor):
    """The same without the short way."""

    def _may_be_alone(self, exchange: OpenExchange, half: Half, chunk: Chunk) -> bool:
        return False


def an_event(chance: random.Random) -> Event:
    exchange, message, side = chance.randint(1, 2), chance.choice(MESSAGES), chance.choice(SIDES)
    kind = chance.choices(
        ["request", "response", "chunk", "lost", "end", "abort", "gap"], [4, 3, 8, 1, 6, 1, 1]
    )
    match kind[0]:
        case "request":
            return request(chance.choice(HEADERS), side=side, exchange=exchange)
        case "response":
            return response(chance.choice(HEADERS), side=side, exchange=exchange)
        case "chunk":
            return chunk(chance.choice(BODIES), message, side=side, exchange=exchange)
        case "lost":
            return Chunk(exchange, message, side, 0, b"", 9, Form.LOST)
        case "end":
            trailers = chance.choice(HEADERS) if chance.random() < 0.1 else ()
            return end(message, side=side, exchange=exchange, trailers=trailers)
        case "abort":
            return Abort(exchange, side, 0, Breaker.CLIENT, Manner.CLOSED, "")
    return Gap(chance.randint(0, 2), 0, 1, 1, "")


@pytest.mark.parametrize("seed", range(20))
def test_the_short_way_gives_what_the_long_one_gives_at_every_step(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        short, long = Redactor(KEY), LongWay(KEY)
        for event in [an_event(chance) for _ in range(chance.randint(1, 25))]:
            assert short.feed(event) == long.feed(event)
        assert short.flush() == long.flush()
        assert short.take_redactions() == long.take_redactions()


def test_a_clean_chunk_is_held_until_its_end_and_comes_out_as_the_same_object() -> None:
    redactor = Redactor(KEY)
    redact([request(), response(JSON)], redactor)
    clean, over = chunk(b'{"a": 1}'), end()
    assert redactor.feed(clean) == []
    (first, second) = redactor.feed(over)
    assert first is clean
    assert second is over


def test_a_secret_learned_while_a_chunk_is_held_is_replaced_in_it() -> None:
    redactor = Redactor(KEY)
    redact([request(), response(JSON), chunk(b'{"a": "hunter2-s3cret"}')], redactor)
    redact([request(((b"Authorization", b"Bearer hunter2-s3cret"),), exchange=2)], redactor)
    assert b"hunter2" not in body(redactor.feed(end()))


def test_what_follows_the_end_of_a_body_is_lost() -> None:
    late = chunk(b'{"password": "hunter2"}')
    events = redact([request(), response(JSON), chunk(b'{"a": 1}'), end(), late])
    assert forms(events) == [Form.WIRE, Form.LOST]


def test_a_body_in_one_chunk_that_names_a_secret_is_redacted() -> None:
    text = body(redact(answer(JSON, [b'{"password": "hunter2-s3cret"}'])), RESPONSE)
    assert text.startswith(b'{"password": "~')
    assert body(redact([request(JSON), chunk(text, REQUEST), End(1, REQUEST, Side.BOTH, 0)]), REQUEST)
