from bisect import bisect_left
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postmortem.axis import SHORTEST_SILENCE, Axis

TIMES = st.lists(
    st.one_of(st.integers(0, 1_000_000), st.integers(0, 10**12), st.integers(5_000_000, 5_000_500)),
    min_size=1,
    max_size=60,
)
WIDTHS = st.integers(1, 240)
SILENCE_WIDTHS = st.integers(1, 10)


@given(TIMES, WIDTHS, SILENCE_WIDTHS)
@example([0, 0, 10**12, 10**12 + 1], 8, 2)
def test_order_is_kept_and_no_time_is_outside(times: list[int], width: int, silence_width: int) -> None:
    axis = Axis(times, width, silence_width)
    columns = [axis.column(at) for at in sorted(times)]
    assert columns == sorted(columns)
    assert columns[0] == 0
    assert columns[-1] < width
    places = [axis.position(at) for at in sorted(times)]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= width


@given(TIMES, WIDTHS, SILENCE_WIDTHS)
def test_counts_add_up_to_the_number_of_times(times: list[int], width: int, silence_width: int) -> None:
    counts = Axis(times, width, silence_width).counted(times)
    assert len(counts) == width
    assert sum(counts) == len(times)


@given(TIMES, WIDTHS, SILENCE_WIDTHS)
def test_pieces_fill_the_axis_and_nothing_happens_in_a_silence(
    times: list[int], width: int, silence_width: int
) -> None:
    axis = Axis(times, width, silence_width)
    assert axis.pieces[0].start == 0
    assert axis.pieces[-1].end == width
    for one, other in pairwise(axis.pieces):
        assert one.end == other.start
        assert one.until == other.since
        assert one.is_silence != other.is_silence
    assert all(piece.start < piece.end for piece in axis.pieces)
    for silence in axis.silences:
        assert silence.end - silence.start == silence_width
        assert silence.until - silence.since >= SHORTEST_SILENCE
        assert not any(silence.start <= axis.column(at) < silence.end for at in times)
        marks = sorted(set(times))
        assert marks[bisect_left(marks, silence.since) + 1] == silence.until


@given(TIMES, WIDTHS, SILENCE_WIDTHS)
def test_what_is_no_silence_has_one_scale(times: list[int], width: int, silence_width: int) -> None:
    axis = Axis(times, width, silence_width)
    scaled = [piece for piece in axis.pieces if not piece.is_silence]
    whole = sum(piece.until - piece.since for piece in scaled)
    free = width - silence_width * len(axis.silences) - len(scaled)
    if whole:
        for piece in scaled[:-1]:
            due = 1 + free * (piece.until - piece.since) / whole
            assert abs(piece.end - piece.start - due) <= 1


@given(TIMES, WIDTHS, st.integers(1, 30))
def test_ticks_are_in_order_and_apart(times: list[int], width: int, apart: int) -> None:
    axis = Axis(times, width)
    ticks = axis.ticks(apart)
    assert ticks[0] == min(times)
    assert all(axis.position(b) - axis.position(a) >= apart for a, b in pairwise(ticks))
    assert ticks[-1] <= max(times)


def test_equal_steps_are_drawn_to_scale() -> None:
    axis = Axis(range(0, 101_000, 1_000), 101)
    assert [axis.column(n * 1_000) for n in range(100)] == list(range(100))
    assert axis.silences == []


def test_a_silence_of_minutes_leaves_the_rest_readable() -> None:
    stream = range(0, 600_001, 10_000)
    update = [180_600_000, 180_610_000]
    axis = Axis([*stream, *update], 60, 8)
    (silence,) = axis.silences
    assert (silence.since, silence.until) == (600_000, 180_600_000)
    assert axis.column(600_000) >= 45
    assert axis.column(180_600_000) == axis.column(600_000) + 9


def test_several_silences_are_all_cut_short() -> None:
    bursts = [base + n * 5_000 for base in (0, 60_000_000, 100_000_000) for n in range(20)]
    axis = Axis(bursts, 80)
    assert [piece.until - piece.since for piece in axis.silences] == [59_905_000, 39_905_000]
    assert len({axis.column(at) for at in bursts}) >= 50


@pytest.mark.parametrize(
    "times",
    [
        [n * 1_000_000 for n in range(20)],
        [0, 60_000_000],
        [0, 100, 9_000],
        [*range(0, 10_000_000, 100_000), 30_000_000],
        [0, 400_000, 900_000, 1_000_000],
    ],
    ids=["an even pace", "two times alone", "microseconds", "a pause that flattens nothing", "few"],
)
def test_pauses_that_flatten_nothing_keep_their_scale(times: list[int]) -> None:
    assert Axis(times, 80).silences == []


def test_more_silences_than_there_is_room_for_keep_their_scale() -> None:
    bursts = [base * 60_000_000 + n * 5_000 for base in range(12) for n in range(3)]
    assert Axis(bursts, 12, 8).silences == []
    assert len(Axis(bursts, 400, 8).silences) == 11


def test_ticks_are_round_and_a_scale_that_goes_on_has_one() -> None:
    axis = Axis([*range(3_000, 1_000_000, 9_000), 61_000_000, 61_400_000], 80, 8)
    ticks = axis.ticks(12)
    after = [at for at in ticks if at >= 61_000_000]
    assert after[0] == 61_000_000
    assert [at - 3_000 for at in ticks if at < 61_000_000] == [0, 500_000]


def test_one_time_and_none_are_an_axis_of_one_piece() -> None:
    assert Axis([7], 10).column(7) == 0
    assert Axis([], 10).counted([]) == [0] * 10
    with pytest.raises(ValueError, match="one position"):
        Axis([1], 0)
