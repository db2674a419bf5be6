import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.figures import Figures

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.none(), st.integers(0, 10**12)),
        st.one_of(st.none(), st.floats(0, 1e6)),
    ),
    max_size=50,
)


@given(ROWS)
def test_numbers_come_back_in_order_by_group_and_of_all(
    rows: list[tuple[int, int | None, float | None]],
) -> None:
    with Figures(2) as figures:
        for group, *numbers in rows:
            figures.add(group, numbers)
        for column in (0, 1):
            pairs = [(row[0], row[column + 1]) for row in rows if row[column + 1] is not None]
            assert list(figures.by_group(column)) == sorted(pairs)
            assert list(figures.all(column)) == sorted(value for _, value in pairs if value is not None)


def test_more_than_one_batch_is_kept() -> None:
    with Figures(1) as figures:
        for number in range(2500, 0, -1):
            figures.add(7, [number])
        assert list(figures.all(0)) == list(range(1, 2501))
        figures.add(7, [0])
        assert next(figures.all(0)) == 0


def test_a_column_that_is_none_is_an_error() -> None:
    with Figures(1) as figures, pytest.raises(IndexError):
        list(figures.all(1))
