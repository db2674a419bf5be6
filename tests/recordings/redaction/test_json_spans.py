import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.redaction.json_spans import nested_leaves, secret_leaves
from recordings.redaction.names import DEFAULT_NAMES

texts = st.text(max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
keys = texts | st.sampled_from(["password", "accessToken", "token", "credentials", "text"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
)


def found(text: bytes) -> list[bytes]:
    return [leaf.secret for leaf in secret_leaves(text, DEFAULT_NAMES.is_field)]


def expected(value: Any, below: bool = False) -> list[bytes]:
    """The leaves below a secret name, by walking what Python's own parser gives."""
    if isinstance(value, dict):
        return [
            leaf
            for key, inner in value.items()
            for leaf in expected(inner, below or DEFAULT_NAMES.is_field(key))
        ]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in expected(inner, below)]
    if not below or isinstance(value, bool) or value is None:
        return []
    return [value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()]


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_the_leaves_are_those_that_a_parser_sees(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert found(text) == expected(value)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ 1ae"', max_size=30).map(str.encode))
def test_no_bytes_raise_anything_but_a_value_error(text: bytes) -> None:
    try:
        leaves = secret_leaves(text, DEFAULT_NAMES.is_field)
    except ValueError:
        return
    assert all(0 <= leaf.start <= leaf.end <= len(text) for leaf in leaves)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (b'{"password": "a", "password": "b"}', [b"a", b"b"]),
        (b'{"pass\\u0077ord": "x\\u0041\\n"}', [b"xA\n"]),
        (b'\xef\xbb\xbf{"pwd":1.5e3}', [b"1.5e3"]),
        (b'{"credentials": {"a": ["x", {"b": 2}], "c": null}, "d": "e"}', [b"x", b"2"]),
        (b'{"a": [[{"TOKEN": "x"}], "y"]}', [b"x"]),
        (b'{"token": "x"}\n{"token": "y"}', [b"x", b"y"]),
        (b'{"authorization": "Bearer abc"}', [b"abc"]),
        (b'"password"', []),
        (b'["password", "x"]', []),
        (b"12345678901234567890123456789", []),
        (b"", []),
        (b"  \r\n", []),
    ],
)
def test_by_example(text: bytes, secrets: list[bytes]) -> None:
    assert found(text) == secrets


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b'{"a"}',
        b'{"a":}',
        b'{"a":1,}',
        b"[1,]",
        b"[1}",
        b"]",
        b'{"a":"b',
        b"{'a': 1}",
        b"[01]",
        b"nul",
        b'{"a":1 "b":2}',
    ],
)
def test_broken_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        found(text)


def test_any_depth() -> None:
    text = b'{"a":[' * 20_000 + b'{"token":"x"}' + b"]}" * 20_000
    assert found(text) == [b"x"]


def test_json_inside_a_string_of_json() -> None:
    inner = json.dumps({"password": 'sec"ret\\ 1', "text": "x", "token": 12})
    text = json.dumps({"body": inner}).encode()
    spans = [
        (text[leaf.start : leaf.end], leaf.number) for leaf in nested_leaves(text, DEFAULT_NAMES.is_field)
    ]
    assert spans == [(b'sec\\\\\\"ret\\\\\\\\ 1', False), (b"12", True)]
