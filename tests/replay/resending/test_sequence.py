"""Equal sequences have no differences; what is planted into one is found, and nothing else."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from replay.resending.sequence import MOST, Change, Item, Way, changes

KINDS = ("chunk", "done", "ping")


def items(*keys: str) -> list[Item]:
    return [Item(key.rstrip("0123456789"), key) for key in keys]


repeating = st.lists(st.builds(Item, st.sampled_from(KINDS), st.integers(0, 4)), max_size=30)
unlike = st.lists(st.integers(0, 10_000), unique=True, min_size=2, max_size=40).map(
    lambda keys: [Item(KINDS[key % 3], key) for key in keys]
)
"""Sequences in which no item comes twice, so that there is one way alone to say what changed."""


@given(repeating)
def test_equal_sequences_have_no_differences(sequence: list[Item]) -> None:
    assert changes(sequence, list(sequence)) == []


@given(repeating, repeating)
def test_the_differences_say_how_the_new_sequence_comes_about(old: list[Item], new: list[Item]) -> None:
    found = changes(old, new)
    gone = {change.recorded for change in found if change.recorded is not None}
    come = {change.new for change in found if change.new is not None}
    assert [item for at, item in enumerate(old) if at not in gone] == [
        item for at, item in enumerate(new) if at not in come
    ]
    for change in found:
        if change.way is Way.REORDERED:
            assert old[change.recorded or 0] == new[change.new or 0]
        if change.way is Way.CHANGED:
            assert old[change.recorded or 0].kind == new[change.new or 0].kind
    positions = [change.recorded for change in found if change.recorded is not None]
    assert all(before < after for before, after in pairwise(positions))


@given(unlike, st.data())
def test_a_missing_item_is_found(old: list[Item], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(old) - 1))
    assert changes(old, old[:at] + old[at + 1 :]) == [Change(Way.MISSING, at, None)]


@given(unlike, st.data())
def test_an_extra_item_is_found(old: list[Item], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(old)))
    assert changes(old, [*old[:at], Item("chunk", "planted"), *old[at:]]) == [Change(Way.EXTRA, None, at)]


@given(unlike, st.data())
def test_a_changed_item_is_found(old: list[Item], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(old) - 1))
    new = [*old[:at], Item(old[at].kind, "planted"), *old[at + 1 :]]
    assert changes(old, new) == [Change(Way.CHANGED, at, at)]


@given(unlike, st.data())
def test_an_item_that_moved_is_found(old: list[Item], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(old) - 2))
    new = [*old[:at], old[at + 1], old[at], *old[at + 2 :]]
    (change,) = changes(old, new)
    assert change.way is Way.REORDERED
    assert change.recorded in (at, at + 1)


def test_an_item_of_another_kind_is_no_changed_one() -> None:
    found = changes(items("chunk1", "done1"), items("chunk1", "error1"))
    assert found == [Change(Way.MISSING, 1, None), Change(Way.EXTRA, None, 1)]


def test_long_sequences_without_anything_in_common_are_compared_by_their_kinds() -> None:
    size = 2 * MOST
    old = [Item("chunk", at) for at in range(size)] + items("done1")
    new = [Item("chunk", -at) for at in range(1, size - 2)] + items("done1")
    ways = [change.way for change in changes(old, new)]
    assert ways.count(Way.MISSING) == 3
    assert ways.count(Way.CHANGED) == size - 3
