from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortem.percentiles import COLUMNS, SHARES, Rough, Scale, distribution, rank

NUMBERS = st.lists(st.one_of(st.integers(0, 100), st.integers(0, 10**9)), min_size=1, max_size=300)


@given(NUMBERS)
def test_a_percentile_is_the_least_number_that_is_enough_for_so_many(numbers: list[int]) -> None:
    found = distribution(sorted(numbers), len(numbers), Scale.over(min(numbers), max(numbers)))
    for share in SHARES:
        value = found.percentiles[share]
        assert value in numbers
        assert sum(each <= value for each in numbers) * 100 >= share * len(numbers)
        assert sum(each < value for each in numbers) * 100 < share * len(numbers)
    assert found.max == max(numbers)
    assert found.exact


@given(NUMBERS)
def test_each_number_is_in_one_cell_of_the_spread(numbers: list[int]) -> None:
    found = distribution(sorted(numbers), len(numbers), Scale.over(min(numbers), max(numbers)))
    assert len(found.spread) == COLUMNS
    assert sum(found.spread) == len(numbers)


@given(st.lists(NUMBERS, min_size=1, max_size=5))
def test_what_is_counted_in_buckets_is_within_one_percent(parts: list[list[int]]) -> None:
    rough = Rough()
    for part in parts:
        rough.add_all(part)
    numbers = sorted(each for part in parts for each in part)
    scale = Scale.over(numbers[0], numbers[-1])
    exact, found = distribution(numbers, len(numbers), scale), rough.distribution(scale)
    assert not found.exact
    assert (found.n, found.max) == (exact.n, exact.max)
    assert sum(found.spread) == len(numbers)
    for share in SHARES:
        assert isclose(found.percentiles[share], exact.percentiles[share], rel_tol=0.01)


def test_of_nothing_there_is_nothing() -> None:
    for found in (distribution([], 0, Scale.over(0, 0)), Rough().distribution(Scale.over(0, 0))):
        assert (found.n, found.percentiles, found.max) == (0, {}, None)
        assert sum(found.spread) == 0


@pytest.mark.parametrize(
    ("share", "n", "expected"),
    [(50, 1, 1), (50, 2, 1), (50, 3, 2), (90, 10, 9), (99, 100, 99), (99, 101, 100)],
)
def test_ranks_are_the_nearest_ones(share: int, n: int, expected: int) -> None:
    assert rank(share, n) == expected


def test_numbers_that_are_alike_stand_in_the_middle_of_their_scale() -> None:
    found = distribution([20_000, 20_001], 2, Scale.over(20_000, 20_001))
    assert [number for number, count in enumerate(found.spread) if count] in ([7], [8], [7, 8])
