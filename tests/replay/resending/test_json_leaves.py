"""A leaf of a JSON text is found by its path and replaced; no other byte changes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.resending.json_leaves import spans, value_at, with_value

keys = st.text(st.characters(exclude_characters=".", exclude_categories=["Cs"]), min_size=1, max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4),
    max_leaves=12,
)


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[str, Any]:
    if isinstance(value, dict):
        return {k: v for name, each in value.items() for k, v in leaves(each, (*path, name)).items()}
    if isinstance(value, list):
        return {k: v for at, each in enumerate(value) for k, v in leaves(each, (*path, str(at))).items()}
    return {".".join(path): value}


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_every_leaf_is_found_whatever_the_writing(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    found = spans(text)
    assert set(found) == set(leaves(value))
    for path, leaf in leaves(value).items():
        expected = leaf if isinstance(leaf, str) else None if leaf in (None, True, False) else str(leaf)
        if type(leaf) is int:
            expected = str(leaf)
        assert value_at(text, found[path]) == expected


@given(values, st.text(max_size=8), st.data())
def test_a_replaced_leaf_reads_back_and_nothing_else_changes(
    value: Any, new: str, data: st.DataObject
) -> None:
    text = json.dumps(value).encode()
    found = spans(text)
    texts = [path for path, leaf in leaves(value).items() if isinstance(leaf, str)]
    if not texts:
        return
    path = data.draw(st.sampled_from(texts))
    changed = with_value(text, found[path], new)
    assert value_at(changed, spans(changed)[path]) == new
    assert changed.startswith(text[: found[path].start])
    assert changed.endswith(text[found[path].end :])


def test_a_number_stays_a_number_where_the_new_value_is_one() -> None:
    text = b'{"cart": 7, "name": "7"}'
    found = spans(text)
    assert with_value(text, found["cart"], "12") == b'{"cart": 12, "name": "7"}'
    assert with_value(text, found["cart"], "c-12") == b'{"cart": "c-12", "name": "7"}'
    assert with_value(text, found["name"], "12") == b'{"cart": 7, "name": "12"}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        spans(b"{'a': 1}")
