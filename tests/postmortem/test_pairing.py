"""Exchanges find each other, whatever a hop did to them, and whatever the clocks say."""

from pathlib import Path
from random import Random

import pytest

from postmortem.pairing import Pairing
from postmortem.taps import NoPairError, Taps
from recordings.reader import Recording
from tests.postmortem.trips import (
    AGENT,
    DRIFT,
    OFFSET,
    Part,
    Told,
    Trip,
    exchange,
    get,
    paired,
    post,
    through,
)
from tests.postmortem.two_taps import written, written_elsewhere
from tests.support.sequences import small

MS, SECOND = 1_000, 1_000_000


def polls(count: int, random: Random, path: str = "/api/jobs/7") -> list[Trip]:
    """The same request again and again, about once a second."""
    return [
        through(n * SECOND + random.randint(0, 80 * MS), get(path), random.randint(300, 3_000))
        for n in range(count)
    ]


def lost(trip: Trip, status: int = 504) -> Trip:
    """The same, but it never reached B."""
    return Trip(trip.at, trip.over, trip.asked, status, trip.answer)


def assert_all_found(told: Told) -> Pairing:
    assert told.found == told.truth
    clock = told.taps.clock
    for at in (0, told.taps.pairing.pairs[-1].a.asked_at):
        assert abs(clock.offset + clock.drift * at - OFFSET - DRIFT * at) < 10 * MS
    return told.taps.pairing


def test_hundreds_of_polls_pair_up_though_some_never_arrived(tmp_path: Path) -> None:
    random = Random(1)
    trips = [lost(trip) if random.random() < 0.1 else trip for trip in polls(400, random)]
    pairing = assert_all_found(paired(tmp_path, trips))
    assert len(pairing.lost) == sum(not trip.tries for trip in trips) > 20


def test_polls_of_several_clients_at_once_pair_up_in_their_order(tmp_path: Path) -> None:
    random = Random(2)
    trips = [
        through(at + client * 300, get("/api/jobs/7"), work=30 * MS)
        for at in range(0, 60 * SECOND, SECOND)
        for client in range(4)
    ]
    random.shuffle(trips)
    assert_all_found(paired(tmp_path, trips))


def test_requests_that_the_hop_repeated_belong_to_the_one_that_was_sent(tmp_path: Path) -> None:
    again = ((1_000, 2_000, 503), (12_000, 15_000, 503), (40_000, 45_000, 200))
    trips = [
        *polls(20, Random(3)),
        Trip(0, 46_000, post("/api/chat", b'{"n":1}'), tries=again),
        Trip(
            5 * SECOND,
            5 * SECOND + 90 * MS,
            get("/api/jobs/8"),
            tries=tuple((5 * SECOND + arrived, 5 * SECOND + left, status) for arrived, left, status in again),
        ),
    ]
    at = 7 * SECOND + 500 * MS
    tries = tuple((at + arrived, at + left, status) for arrived, left, status in again)
    trips.append(Trip(at, at + 46 * MS, get("/api/jobs/7"), tries=tries))
    pairing = assert_all_found(paired(tmp_path, trips))
    repeated = [pair for pair in pairing.pairs if pair.others]
    assert [(pair.b.status, len(pair.others)) for pair in repeated] == [(200, 2)] * 3


def test_answers_from_the_hops_cache_have_no_counterpart(tmp_path: Path) -> None:
    trips = [through(n * SECOND, get(f"/static/{n}")) for n in range(10)]
    cached = [Trip(n * SECOND + 500 * MS, n * SECOND + 501 * MS, get(f"/static/{n}")) for n in range(10)]
    pairing = assert_all_found(paired(tmp_path, [*trips, *cached]))
    assert len(pairing.lost) == 10


def test_what_only_the_server_side_saw_is_nobodys(tmp_path: Path) -> None:
    health = [through(n * SECOND // 2, get("/health")) for n in range(120)]
    same = [through(n * SECOND + 500 * MS, get("/api/jobs/7")) for n in range(30)]
    told = paired(tmp_path, polls(60, Random(4)), [*health, *same])
    pairing = assert_all_found(told)
    assert len(pairing.extra) == 150


@pytest.mark.parametrize("prefix", ["/gateway/v2", ""])
def test_a_path_may_get_another_beginning(tmp_path: Path, prefix: str) -> None:
    trips = []
    for n in range(30):
        trip = through(n * SECOND, get(f"/edge/sessions/{n % 3}/stream"))
        there = get(f"{prefix}/sessions/{n % 3}/stream")
        trips.append(Trip(trip.at, trip.over, trip.asked, tries=trip.tries, asked_there=there))
    assert_all_found(paired(tmp_path, trips))


@pytest.mark.parametrize("there", ["/v2/stream", "/stream/"])
def test_a_path_of_one_part_may_get_another_beginning_or_end(tmp_path: Path, there: str) -> None:
    """What only ends alike is another one: /elsewhere/stream never passed A."""
    trips = []
    for n in range(30):
        trip = through(n * SECOND, get("/stream"))
        trips.append(Trip(trip.at, trip.over, trip.asked, tries=trip.tries, asked_there=get(there)))
    trips += [lost(through(n * SECOND + 500 * MS, get("/here/stream"))) for n in range(30)]
    others = [through(n * SECOND + 500 * MS, get("/elsewhere/stream")) for n in range(30)]
    assert_all_found(paired(tmp_path, trips, others))


def test_a_request_id_is_enough_where_the_hop_changes_all_else(tmp_path: Path) -> None:
    trips = []
    for n in range(30):
        identity = (b"X-Request-Id", b"%032x" % n)
        trip = through(n * 2 * MS, get(f"/old/{n % 4}", identity), work=90 * MS)
        there = Part(b"POST /rpc/everything", ((b"x-request-id", identity[1]),), b"{}", b"HTTP/2.0")
        trips.append(Trip(trip.at, trip.over, trip.asked, tries=trip.tries, asked_there=there))
    assert_all_found(paired(tmp_path, trips))


def test_a_hop_gives_its_requests_spans_of_their_own_in_the_same_trace(tmp_path: Path) -> None:
    trips = []
    for n in range(20):

        def trace(span: int, of: int = n) -> tuple[bytes, bytes]:
            return b"traceparent", b"00-%032x-%016x-01" % (of, span)

        # The later ones overtake: their order tells nothing.
        trip = through(n * 2 * MS, get("/same", trace(1)), 80 * MS - n * 4 * MS, 90 * MS)
        trips.append(
            Trip(trip.at, trip.over, trip.asked, tries=trip.tries, asked_there=get("/same", trace(2)))
        )
    assert_all_found(paired(tmp_path, trips))


def test_headers_and_bodies_that_a_hop_changes_still_leave_enough(tmp_path: Path) -> None:
    trips = []
    for n in range(40):
        trip = through(
            n * 3 * MS,
            post(f"/sessions/{n}/update", b'{"id":"%d"}' % n, (b"Accept", b"application/json")),
            work=50 * MS,
        )
        there = post(f"/sessions/{n}/update", b"{}", (b"Via", b"1.1 hop"))
        trips.append(Trip(trip.at, trip.over, trip.asked, tries=trip.tries, asked_there=there))
    assert_all_found(paired(tmp_path, trips))


@pytest.mark.parametrize("apart", [6, 7, 40])
def test_requests_that_a_hop_makes_alike_pair_up_in_their_order(tmp_path: Path, apart: int) -> None:
    """The first of each three carries from the start what the hop makes of the other two, just after it."""
    trips = [through(n * SECOND + 500 * MS, get(f"/items/{n}")) for n in range(20)]
    for n in range(20):
        without = post(f"/sessions/{n}/update", b'{"answer":"%d"}' % n)
        for k, asked in enumerate(
            (without, *(post(f"/sessions/{n}/update", b'{"id":"%d"}' % i) for i in (1, 2)))
        ):
            trip = through(n * SECOND + k * apart * MS, asked)
            trips.append(Trip(trip.at, trip.over, asked, tries=trip.tries, asked_there=without))
    pairing = assert_all_found(paired(tmp_path, trips))
    assert not pairing.lost
    assert not any(pair.others for pair in pairing.pairs)


def test_http_2_before_the_hop_and_http_1_behind_it(tmp_path: Path) -> None:
    trips = []
    for n in range(20):
        trip = through(n * 100 * MS, get("/api/jobs/7"))
        two = Part(
            b"GET /api/jobs/7", ((b":authority", b"edge"), (b"user-agent", AGENT[1])), version=b"HTTP/2.0"
        )
        trips.append(Trip(trip.at, trip.over, two, tries=trip.tries, asked_there=get("/api/jobs/7")))
    assert_all_found(paired(tmp_path, trips))


def test_long_answers_that_are_held_back_do_not_move_the_clock(tmp_path: Path) -> None:
    random = Random(5)
    trips = [
        through(
            n * SECOND,
            get(f"/stream/{n}"),
            random.randint(200, 2_000),
            20 * MS,
            random.randint(SECOND // 10, 8 * SECOND),
        )
        for n in range(200)
    ]
    assert_all_found(paired(tmp_path, trips))


def test_all_at_once(tmp_path: Path) -> None:
    random = Random(6)
    trips = [lost(trip) if random.random() < 0.05 else trip for trip in polls(300, random)]
    trips += [
        through(n * 700 * MS, post(f"/sessions/{n}/stream", b"{}"), back=random.randint(500, 3 * SECOND))
        for n in range(200)
    ]
    trips += [Trip(n * 5 * SECOND, n * 5 * SECOND + 200, get(f"/static/{n % 2}")) for n in range(40)]
    assert_all_found(paired(tmp_path, trips, [through(n * SECOND, get("/health")) for n in range(200)]))


def none_of(a: Path, b: Path) -> str:
    with Recording(a) as first, Recording(b) as second, pytest.raises(NoPairError) as caught:
        Taps(first, second)
    return str(caught.value)


def test_where_nothing_pairs_it_says_why(tmp_path: Path) -> None:
    one = written(tmp_path / "one.db", small(1))
    empty = written(tmp_path / "empty.db", [])
    assert none_of(one, empty) == f"{empty}: has no HTTP exchange on its client's side"
    assert none_of(empty, one) == f"{empty}: has no HTTP exchange on its server's side"
    elsewhere = exchange(1, 0, 5, get("/quite/another"), 200, Part(b"OK"))
    now = written(tmp_path / "now.db", elsewhere)
    assert "no request of one has the path or the body of one of the other" in none_of(one, now)
    later = written_elsewhere(tmp_path / "later.db", elsewhere, 86_400e6, 0)
    assert "and are of different times (2025-01-31T12:00:00Z to 2025-01-31T12:00:00Z and" in none_of(
        one, later
    )
