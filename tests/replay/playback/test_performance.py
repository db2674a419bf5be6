"""What is sent for a recorded answer, and when: counted from the end of its request."""

from dataclasses import replace

import pytest

from contract.events import Abort, Breaker, Event, Manner, Message, Side
from contract.events import End as EndOf
from replay.playback.performance import (
    CLIENT_LEFT,
    GRACE,
    NEVER_ENDED,
    Break,
    Performance,
    own_answer,
    performance,
)
from replay.recorded import Piece, recorded_exchanges
from tests.replay.playback.scenes import head
from tests.support.sequences import JSON, chunk, request, response

BOTH, REQUEST, RESPONSE = Side.BOTH, Message.REQUEST, Message.RESPONSE
BEGUN: list[Event] = [request(1, 1000), EndOf(1, REQUEST, BOTH, 2500)]
ANSWERED: list[Event] = [*BEGUN, response(1, 4000), chunk(1, 5000, b"one"), chunk(1, 7000, b"two")]


def of(*events: Event) -> Performance:
    (recorded,) = recorded_exchanges(events)
    return performance(recorded, "a.db")


def aborted(by: Breaker, at: int = 9000, manner: Manner = Manner.RESET, reason: str = "gone") -> Abort:
    return Abort(1, BOTH, at, by, manner, reason)


def test_times_are_counted_from_the_end_of_the_request() -> None:
    found = of(*ANSWERED, EndOf(1, RESPONSE, BOTH, 8000, ((b"t", b"1"),)))
    assert found == Performance(
        *("a.db", 1, 200, b"OK", b"HTTP/1.1", JSON),
        start=1500,
        pieces=(Piece(2500, b"one"), Piece(4500, b"two")),
        end=5500,
        trailers=((b"t", b"1"),),
    )
    assert not found.is_over_with_its_head


def test_an_answer_without_body_may_be_over_with_its_head() -> None:
    assert of(*BEGUN, response(1, 4000), EndOf(1, RESPONSE, BOTH, 4999)).is_over_with_its_head
    empty = ((b"Content-Length", b"0"),)
    assert of(*BEGUN, response(1, 4000, headers=empty), EndOf(1, RESPONSE, BOTH, 9000)).is_over_with_its_head
    assert of(*BEGUN, response(1, 4000, status=204), EndOf(1, RESPONSE, BOTH, 9000)).is_over_with_its_head
    assert not of(*BEGUN, response(1, 4000), EndOf(1, RESPONSE, BOTH, 5000)).is_over_with_its_head


def test_a_request_that_ended_at_the_very_start_counts_from_there() -> None:
    assert of(request(1, 0), EndOf(1, REQUEST, BOTH, 0), response(1, 70)).start == 70


def test_an_answer_that_began_before_its_request_was_complete_begins_at_once() -> None:
    found = of(
        request(1, 1000),
        response(1, 3000),
        chunk(1, 3500, b"no"),
        EndOf(1, REQUEST, BOTH, 6000),
        EndOf(1, RESPONSE, BOTH, 6500),
    )
    assert (found.start, found.pieces, found.end) == (0, (Piece(500, b"no"),), 3500)


def test_where_the_request_never_ended_times_count_from_its_head_or_the_answer() -> None:
    found = of(request(1, 1000), response(1, 3000), EndOf(1, RESPONSE, BOTH, 4000))
    assert (found.start, found.end, found.is_whole) == (2000, 3000, True)


def test_an_answer_that_the_service_broke_off_breaks_off_then() -> None:
    found = of(*ANSWERED, aborted(Breaker.SERVER))
    assert (found.end, found.is_whole) == (6500, False)
    assert found.broken == Break(Manner.RESET, "gone", by_service=True)


def test_where_the_client_left_the_recording_ends_later_for_one_who_stays() -> None:
    found = of(*ANSWERED, aborted(Breaker.CLIENT))
    assert found.broken == Break(Manner.CLOSED, CLIENT_LEFT, grace=GRACE)
    assert (found.end, found.is_whole) == (6500, False)


@pytest.mark.parametrize(
    "breaker", [each for each in Breaker if each not in (Breaker.SERVER, Breaker.CLIENT)]
)
def test_what_the_proxy_cut_is_no_doing_of_the_service(breaker: Breaker) -> None:
    assert of(*ANSWERED, aborted(breaker)).broken == Break(Manner.CLOSED, NEVER_ENDED)


def test_what_never_ended_breaks_off_after_its_last_piece() -> None:
    found = of(*ANSWERED)
    assert (found.end, found.is_whole, found.broken) == (4500, False, Break(Manner.CLOSED, NEVER_ENDED))


def test_no_answer_at_all_has_no_status() -> None:
    found = of(*BEGUN, aborted(Breaker.SERVER, 3000, Manner.UNREACHABLE, "refused"))
    assert (found.status, found.headers, found.pieces, found.end) == (None, (), (), 500)
    assert found.broken == Break(Manner.UNREACHABLE, "refused", by_service=True)


def test_an_end_before_the_last_piece_s_time_comes_with_it() -> None:
    found = of(*ANSWERED, EndOf(1, RESPONSE, BOTH, 6000))
    assert found.end == found.pieces[-1].at


def test_a_service_may_break_an_exchange_whose_answer_is_whole() -> None:
    found = of(
        *(request(1, 0), response(1, 10), EndOf(1, RESPONSE, BOTH, 20)),
        aborted(Breaker.SERVER, 30),
    )
    assert (found.is_whole, found.broken) == (True, Break(Manner.RESET, "gone", by_service=True))


def test_an_answer_of_our_own_is_in_the_request_s_version_of_http() -> None:
    fields = ((b"Content-Type", b"text/plain"),)
    first = own_answer(head(version=b"HTTP/1.1"), 404, b"Not Found", fields, b"no")
    assert (first.reason, first.version) == (b"Not Found", b"HTTP/1.1")
    assert first.headers == (*fields, (b"Content-Length", b"2"))
    assert (first.start, first.end, first.pieces, first.is_whole) == (0, 0, (Piece(0, b"no"),), True)
    for version in (b"HTTP/2.0", b"HTTP/3"):
        second = own_answer(head(version=version), 404, b"Not Found", fields, b"no")
        assert (second.reason, second.version) == (b"", version)
        assert second.headers == ((b"content-type", b"text/plain"), (b"content-length", b"2"))


def test_an_answer_of_our_own_to_head_has_no_body() -> None:
    found = own_answer(head("HEAD"), 404, b"Not Found", (), b"no")
    assert (found.headers, found.pieces) == (((b"Content-Length", b"2"),), ())


def test_a_script_on_another_origin_may_read_an_answer_of_our_own() -> None:
    asked = replace(head(), headers=((b"Origin", b"http://localhost:5173"),))
    fields = dict(own_answer(asked, 404, b"Not Found", (), b"no").headers)
    assert fields[b"Access-Control-Allow-Origin"] == b"http://localhost:5173"
    assert b"Access-Control-Allow-Origin" not in dict(own_answer(head(), 404, b"", (), b"no").headers)
