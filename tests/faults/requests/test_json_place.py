"""The place of a value in a JSON text is that which a parser reads it from."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.requests.json_place import Steps, find, is_json, steps_of

TEXT = ' { "a" : {"b":[ 1, {"c" : "x,]}\\"" } , null ]} ,"é":-1.5e3,"a b":[] , "twice":1,"twice":2 } '


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", '{"b":[ 1, {"c" : "x,]}\\"" } , null ]}'),
        ("a.b[0]", "1"),
        ("a.b[1].c", '"x,]}\\""'),
        ("a.b[2]", "null"),
        ("é", "-1.5e3"),
        ("a b", "[]"),
        ("twice", "2"),
    ],
)
def test_the_value_at_a_path(path: str, value: str) -> None:
    span = find(TEXT, steps_of(path))
    assert span is not None
    assert TEXT[span.begin : span.end] == value


@pytest.mark.parametrize("path", ["x", "a[0]", "a.b[3]", "a.b.c", "a.b[0].c", "a.b[0][0]"])
def test_what_is_not_there(path: str) -> None:
    assert find(TEXT, steps_of(path)) is None


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "[0]", "a[x]", "a[", "a]", "a[0]b", "a[-1]"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="is no path; one is written like"):
        steps_of(path)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, above: Steps = ()) -> list[Steps]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in pairs for found in ((*above, key), *places(each, (*above, key)))]


def without(value: Any, steps: Steps) -> Any:
    """A copy of `value` that lacks what is at `steps`."""
    copy = json.loads(json.dumps(value))
    parent = copy
    for step in steps[:-1]:
        parent = parent[step]
    del parent[steps[-1]]
    return copy


@given(values, st.booleans(), st.sampled_from([None, 1]), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_any_value_is_found_and_can_be_taken_out(
    value: Any, ascii_only: bool, indent: int | None, separators: tuple[str, str]
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)
    for steps in places(value):
        span = find(text, steps)
        assert span is not None
        wanted = value
        for step in steps:
            wanted = wanted[step]
        assert json.loads(text[span.begin : span.end]) == wanted
        assert json.loads(text[: span.first] + text[span.last :]) == without(value, steps)


@pytest.mark.parametrize("text", ["", "{", "{}x", "[" * 200_000, "1" * 10_000, "\ufeff{}"])
def test_what_is_no_json_or_too_much_of_it(text: str) -> None:
    assert not is_json(text)
