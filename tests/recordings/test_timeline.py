"""Chunk bounds and times survive packing, whatever they are, and take little room."""

import random
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from contract.events import Form
from recordings.timeline import Timeline, joined, pack, unpack, write_down

columns = st.lists(
    st.tuples(
        st.one_of(st.just(1), st.integers(1, 2**40)),
        st.integers(-(2**50), 2**50),
        st.integers(0, 2**40),
        st.sampled_from(Form),
        st.integers(0, 2**40),
    ),
    min_size=1,
    max_size=60,
)


@given(columns, st.booleans())
def test_any_columns_come_back(rows: list[tuple[int, int, int, Form, int]], whole: bool) -> None:
    steps, ats, sizes, forms, kept = map(list, zip(*rows, strict=True))
    seqs = list(accumulate(steps))
    line = Timeline(seqs, ats, sizes, None if whole else forms, None if whole else kept)
    again = unpack(pack(line), seqs[0], ats[0])
    assert (list(again.seqs), list(again.ats), list(again.sizes)) == (seqs, ats, sizes)
    if whole:
        assert again.forms is None
        assert again.kept is None
    else:
        assert (list(again.forms or ()), list(again.kept or ())) == (forms, kept)


@given(st.lists(st.tuples(columns, st.booleans(), st.booleans()), min_size=1, max_size=5))
def test_what_was_written_down_in_pieces_is_one(
    parts: list[tuple[list[tuple[int, int, int, Form, int]], bool, bool]],
) -> None:
    expected: list[tuple[object, ...]] = []
    segments = []
    for rows, is_whole, briefly in parts:
        steps, ats, sizes, forms, kept = map(list, zip(*rows, strict=True))
        seqs = list(accumulate(steps))
        line = Timeline(seqs, ats, sizes, None if is_whole else forms, None if is_whole else kept)
        packed = write_down(line) if briefly else pack(line)
        is_single = is_whole and len(rows) == 1
        segments.append((None if is_single else packed, seqs[0], ats[0], sizes[0]))
        expected += rows_of(line)
    again = joined(segments)
    assert rows_of(again) == expected
    assert (again.forms is None) == all(is_whole for _, is_whole, _ in parts)


def rows_of(line: Timeline) -> list[tuple[object, ...]]:
    whole = line.whole()
    columns = (whole.seqs, whole.ats, whole.sizes, whole.forms or (), whole.kept or ())
    return list(zip(*columns, strict=True))


def test_a_paced_stream_takes_three_bytes_a_chunk() -> None:
    random.seed(1)
    ats = [n * 20_000 + random.randrange(2000) for n in range(200)]
    line = Timeline(list(range(0, 1000, 5)), ats, [random.randrange(38, 48) for _ in ats])
    assert len(pack(line)) < 3 * 200


def test_a_few_chunks_are_not_compressed() -> None:
    assert len(pack(Timeline([5, 6], [10, 20], [3, 4]))) == 1 + 4 + 2 * (1 + 2)
