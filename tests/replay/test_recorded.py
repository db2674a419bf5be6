"""An exchange is put together as the service saw it."""

import gzip

from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Event,
    Form,
    Gap,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)
from replay.recorded import Recorded, recorded_exchanges

REQUEST, RESPONSE = Message.REQUEST, Message.RESPONSE
BOTH, CLIENT, SERVER = Side.BOTH, Side.CLIENT, Side.SERVER


def request(side: Side, number: int = 1, target: bytes = b"/a") -> RequestHead:
    return RequestHead(number, side, 0, b"POST", "http", "localhost", 3002, target, b"HTTP/1.1", ())


def response(side: Side, number: int = 1, *fields: tuple[bytes, bytes]) -> ResponseHead:
    return ResponseHead(number, side, 10, 200, b"OK", b"HTTP/1.1", fields)


def chunk(message: Message, side: Side, data: bytes, at: int = 20, form: Form = Form.WIRE) -> Chunk:
    return Chunk(1, message, side, at, data, len(data) or 5, form)


def only(events: list[Event]) -> Recorded:
    (found,) = recorded_exchanges(events)
    return found


def test_pieces_keep_their_bounds_and_times() -> None:
    found = only(
        [
            request(BOTH),
            End(1, REQUEST, BOTH, 1),
            response(BOTH),
            chunk(RESPONSE, BOTH, b"one", 20),
            chunk(RESPONSE, BOTH, b"two", 30),
            End(1, RESPONSE, BOTH, 40, ((b"a", b"b"),)),
        ]
    )
    assert [tuple(piece) for piece in found.response_body.pieces] == [(20, b"one"), (30, b"two")]
    assert (found.response_body.ended_at, found.response_body.trailers) == (40, ((b"a", b"b"),))
    assert found.origin == "http://localhost:3002"


def test_where_the_sides_differ_the_service_s_counts() -> None:
    found = only(
        [
            request(CLIENT, target=b"/sent"),
            request(SERVER, target=b"/got"),
            response(SERVER),
            chunk(RESPONSE, SERVER, b"said"),
            End(1, RESPONSE, SERVER, 40),
            response(CLIENT),
            chunk(RESPONSE, CLIENT, b"changed"),
        ]
    )
    assert (found.request.target, found.response_body.data) == (b"/got", b"said")


def test_what_never_reached_a_service_is_as_the_client_saw_it() -> None:
    found = only([request(CLIENT), response(CLIENT), chunk(RESPONSE, CLIENT, b"ours")])
    assert found.response_body.data == b"ours"
    assert found.response_body.ended_at is None


def test_an_abort_is_kept_and_ends_the_exchange() -> None:
    abort = Abort(1, BOTH, 30, Breaker.SERVER, Manner.CLOSED, "gone")
    exchanges = recorded_exchanges([request(BOTH), response(BOTH), abort, request(BOTH, 2)])
    first, second = exchanges
    assert (first.abort, first.response_body.ended_at) == (abort, None)
    assert (second.exchange, second.response, second.abort) == (2, None, None)


def test_a_content_coding_is_undone_on_demand() -> None:
    packed = gzip.compress(b"hello")
    coded = [(b"Content-Encoding", b"gzip")]
    found = only(
        [request(BOTH), response(BOTH, 1, *coded), chunk(RESPONSE, BOTH, packed), End(1, RESPONSE, BOTH, 40)]
    )
    assert (found.response_body.data, found.response_text()) == (packed, b"hello")
    decoded = only(
        [request(BOTH), response(BOTH, 1, *coded), chunk(RESPONSE, BOTH, b"hi", form=Form.DECODED)]
    )
    assert decoded.response_text() == b"hi"


def test_a_body_with_lost_bytes_says_so() -> None:
    found = only([request(BOTH), response(BOTH), chunk(RESPONSE, BOTH, b"", form=Form.LOST)])
    assert found.response_body.why_not_whole
    assert found.response_text() is None


def test_a_gap_in_an_exchange_makes_its_bodies_incomplete() -> None:
    found = only([request(BOTH), Gap(1, 5, 1, 10, "overload"), response(BOTH)])
    assert found.response_body.why_not_whole == "overload"
