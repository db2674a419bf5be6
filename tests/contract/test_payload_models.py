"""Payload models: what fits, what does not and why, and a pattern that never takes what does not fit."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.payload_models import is_json, misfit, pattern
from contract.profile_sections import JsonType, Payload

DONE = Payload(required={"message": "string", "tokensUsed": "integer"})
TYPES: tuple[JsonType, ...] = ("string", "number", "integer", "boolean", "object", "array", "null", "any")


def one(kind: JsonType) -> Payload:
    return Payload(required={"a": kind})


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ('{"message": "m", "tokensUsed": 3}', ""),
        ('{"tokensUsed":3,"message":"m","more":[]}', ""),
        ('{"message": "m"}', "'tokensUsed' is missing"),
        ('{"message": "m", "tokensUsed": "3"}', "'tokensUsed' is a string, not an integer"),
        ('{"message": null, "tokensUsed": 3}', "'message' is null, not a string"),
        ('{"message": "m", "tokensUsed": 3', "not JSON"),
        ('{"message": "m", "tokensUsed": NaN}', "not JSON"),
        ("", "not JSON"),
        ("[1]", "an array, not an object"),
        ("true", "a boolean, not an object"),
        ("[" * 100_000, "JSON nested too deeply"),
    ],
)
def test_a_misfit_is_told_by_its_first_reason(text: str, clause: str) -> None:
    assert misfit(DONE, text) == clause


@pytest.mark.parametrize(
    ("kind", "fitting", "others"),
    [
        ("integer", ["1", "-0", "1.0", "1e3", "1e400", "9" * 5000], ["1.5", "true", '"1"', "null"]),
        ("number", ["1", "1.5", "-2e-3"], ["false", '"1"']),
        ("boolean", ["true", "false"], ["0", "1", "null"]),
        ("null", ["null"], ["0", '""', "false"]),
        ("object", ["{}"], ["[]", "null"]),
        ("array", ["[]"], ["{}"]),
        ("any", ["null", "{}", "[]", "1", '"x"', "true"], []),
    ],
)
def test_types_are_those_of_json_schema(kind: JsonType, fitting: list[str], others: list[str]) -> None:
    assert [misfit(one(kind), f'{{"a": {value}}}') for value in fitting] == [""] * len(fitting)
    assert all(misfit(one(kind), f'{{"a": {value}}}') for value in others)


def test_an_optional_member_may_be_missing_but_not_of_another_type() -> None:
    model = Payload(required={"a": "any"}, optional={"b": "string"})
    assert misfit(model, '{"a": 1}') == ""
    assert misfit(model, '{"a": 1, "b": 2}') == "'b' is an integer, not a string"


def test_a_member_beyond_the_model_fits_unless_the_model_forbids_it() -> None:
    text = '{"text": "x", "more": 1}'
    assert misfit(Payload(required={"text": "string"}), text) == ""
    closed = Payload(required={"text": "string"}, additional=False)
    assert misfit(closed, text) == "'more' is not a member of the model"


def test_json_that_is_nested_too_deeply_counts_as_json() -> None:
    assert is_json("[" * 100_000)
    assert not is_json("[")


def test_the_pattern_takes_the_usual_ways_to_write_an_object() -> None:
    made = pattern(
        Payload(required={"message": "string", "tokensUsed": "integer"}, optional={"x": "boolean"})
    )
    assert made is not None
    for text in (
        b'{"message": "a\\n\\"b\\u00e9", "tokensUsed": 200}',
        b'{"tokensUsed":0,"message":""}',
        b'{"message": "m", "tokensUsed": 1, "x": true}',
    ):
        assert re.fullmatch(made, text)


def test_a_model_with_something_nested_has_no_pattern_and_an_empty_one_neither() -> None:
    assert pattern(Payload(required={"a": "object"})) is None
    assert pattern(Payload()) is None


VALUES = st.sampled_from(
    ["1", "-1.5e3", "01", "1.", '"x"', '"\\n"', '"\\x"', '"\t"', "true", "null", "NaN", "{}"]
)
SEPARATORS = st.sampled_from([", ", ",", ",  ", ""])


@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(TYPES), max_size=3),
    st.dictionaries(st.sampled_from("xy"), st.sampled_from(TYPES), max_size=2),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from("abcxyz"), VALUES, SEPARATORS), max_size=5),
)
def test_what_the_pattern_takes_fits_the_model(
    required: dict[str, JsonType],
    optional: dict[str, JsonType],
    additional: bool,
    members: list[tuple[str, str, str]],
) -> None:
    model = Payload(required=required, optional=optional, additional=additional)
    made = pattern(model)
    text = (
        "{" + "".join(f"{json.dumps(name)}: {value}{sep}" for name, value, sep in members).rstrip(", ") + "}"
    )
    if made is not None and re.fullmatch(made, text.encode()):
        assert misfit(model, text) == ""
