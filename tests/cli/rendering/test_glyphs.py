import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.rendering.glyphs import ASCII, PIPED_WIDTH, UNICODE, Glyphs, output_width

BOTH = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


@BOTH
@given(most=st.integers(1, 10**6), count=st.integers(0, 10**6))
def test_a_bar_shows_what_is_there_and_the_most_is_no_higher_than_the_highest(
    glyphs: Glyphs, most: int, count: int
) -> None:
    unit = glyphs.unit(most)
    assert most <= unit * len(glyphs.bars)
    bar = glyphs.bar(min(count, most), unit)
    assert (bar == " ") == (min(count, most) == 0)
    if count:
        level = glyphs.bars.index(bar) + 1
        assert (level - 1) * unit < min(count, most) <= level * unit


@BOTH
@given(counts=st.lists(st.integers(0, 10**6), max_size=60))
def test_a_sparkline_has_a_cell_for_each_count(glyphs: Glyphs, counts: list[int]) -> None:
    line = glyphs.sparkline(counts)
    assert len(line) == len(counts)
    assert [cell == " " for cell in line] == [count == 0 for count in counts]
    if any(counts):
        assert line[counts.index(max(counts))] == glyphs.bars[-1]


@BOTH
@given(share=st.floats(0, 1), width=st.integers(1, 60))
def test_a_long_bar_fits_and_shows_whatever_is_more_than_nothing(
    glyphs: Glyphs, share: float, width: int
) -> None:
    bar = glyphs.long_bar(share, width)
    assert len(bar) <= width
    assert bool(bar) == (share > 0)
    assert len(glyphs.long_bar(1, width)) == width


def test_a_pipe_has_a_width_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert output_width() == PIPED_WIDTH
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert output_width() == 70
    monkeypatch.setenv("COLUMNS", "160")
    assert output_width() == 160
