"""A planted offset and drift are found again, whatever the delays are, and the bounds that are told hold."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.clocks import FASTEST, Bounds, Clock, agreed_offset, fitted

SECOND = 1_000_000
DAY = 86_400 * SECOND
delays = st.integers(0, 5 * SECOND)
offsets = st.integers(-DAY, DAY)
drifts = st.floats(-FASTEST / 2, FASTEST / 2)


def ahead(at: float, offset: float, drift: float) -> float:
    return offset + drift * at


def bounds(sent: int, forward: int, work: int, back: int, offset: float, drift: float) -> Bounds:
    """What a pair says: sent at `sent` of A's clock, there `forward` later, and so on."""
    arrived, left = sent + forward, sent + forward + work
    answered = left + back

    def at_b(at: int) -> float:
        return at + ahead(at, offset, drift)

    return Bounds((sent, round(at_b(arrived) - sent)), (answered, round(at_b(left) - answered)))


@given(
    st.lists(st.tuples(st.integers(0, 3600 * SECOND), delays, delays, delays), min_size=1, max_size=30),
    offsets,
    drifts,
)
def test_the_true_offset_is_never_outside_of_what_is_told(
    trips: list[tuple[int, int, int, int]], offset: int, drift: float
) -> None:
    pairs = [bounds(*trip, offset, drift) for trip in trips]
    clock = fitted(pairs)
    assert clock.violations == 0
    assert clock.early is not None
    assert clock.late is not None
    for at in (each.upper[0] for each in pairs):
        error = ahead(at, offset, drift) - ahead(at, clock.offset, clock.drift)
        assert -clock.early - 5 <= error <= clock.late + 5


@settings(max_examples=60)
@given(
    st.integers(0, 2**32).map(Random),
    offsets,
    st.floats(-100e-6, 100e-6),
    st.integers(40, 400),
    st.sampled_from([20, 600, 7200]),
    st.sampled_from(["quick", "held back", "far away"]),
    st.booleans(),
)
def test_offset_and_drift_are_found_within_10_ms(
    random: Random, offset: int, drift: float, count: int, span: int, hop: str, is_upwards: bool
) -> None:
    """Also where a hop holds all answers back, or all requests, for times that differ."""

    def quick() -> int:
        return 200 + round(random.expovariate(1 / 2_000)) + (30_000 if hop == "far away" else 0)

    def slow() -> int:
        return random.randint(20_000, 3 * SECOND) if hop == "held back" else quick()

    pairs = []
    for _ in range(count):
        sent, work = random.randint(0, span * SECOND), random.randint(1_000, SECOND)
        forward, back = (slow(), quick()) if is_upwards else (quick(), slow())
        pairs.append(bounds(sent, forward, work, back, offset, drift))
    clock = fitted(pairs)
    for at in (0, span * SECOND / 2, span * SECOND):
        assert abs(ahead(at, clock.offset, clock.drift) - ahead(at, offset, drift)) < 10_000


@pytest.mark.parametrize("wrong", [1, 5, 12])
def test_pairs_that_were_paired_wrongly_are_counted_and_left_out(wrong: int) -> None:
    random = Random(wrong)
    pairs = [
        bounds(n * SECOND, 500 + random.randint(0, 2000), SECOND, 500 + random.randint(0, 2000), 3e6, 50e-6)
        for n in range(120)
    ]
    for n in random.sample(range(120), wrong):
        (x, z), lower = pairs[n].upper, pairs[n].lower
        assert lower is not None
        by = random.choice((-4, 7)) * SECOND
        pairs[n] = Bounds((x, z + by), (lower[0], lower[1] + by))
    clock = fitted(pairs)
    assert abs(clock.offset - 3e6) < 2_000
    assert clock.violations == wrong


def test_times_of_both_runs_are_translated_there_and_back() -> None:
    clock = Clock(3e6, 50e-6, ahead=1_000_000)
    assert clock.at_b(100 * SECOND) == pytest.approx(102 * SECOND + 5_000)
    assert clock.at_a(clock.at_b(100 * SECOND)) == 100 * SECOND


def test_without_any_answer_the_quickest_request_tells_the_offset() -> None:
    clock = fitted([Bounds((0, 5_000)), Bounds((9, 1_000))])
    assert (clock.offset, clock.early, clock.late) == (1_000, None, 0.0)


def test_without_any_pair_the_clocks_are_taken_for_alike() -> None:
    assert fitted([], ahead=7) == Clock(0.0, drift_error=100e-6, ahead=7)


def test_most_intervals_decide_and_of_near_ties_the_smallest_offset() -> None:
    assert agreed_offset([(0, 10), (5, 20), (8, 9), (100, 90)]) == (8, 9)
    assert agreed_offset([(1000, 1010), (1000, 1010), (-5, 5), (-4, 6)]) == (-4, 5)
    assert agreed_offset([]) is None
