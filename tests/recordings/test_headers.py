"""Header sections survive as JSON that people can read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Headers
from recordings import headers
from recordings.headers import from_text, to_text

sections = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=6).map(tuple)


@given(sections)
def test_any_bytes_come_back_in_order(section: Headers) -> None:
    text = to_text(section)
    assert from_text(text) == section
    assert json.loads(text) == [[name.decode("latin-1"), value.decode("latin-1")] for name, value in section]


@given(sections)
def test_other_spellings_of_the_same_json_are_understood(section: Headers) -> None:
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in section]
    for text in (json.dumps(pairs), json.dumps(pairs, indent=1), json.dumps(pairs, separators=(",\n", ":"))):
        assert from_text(text) == section


def test_it_is_one_line_a_field() -> None:
    assert to_text(((b"Host", b"a"), (b"X-\xe9", b'"\n'))) == '[["Host","a"],\n["X-é","\\"\\n"]]'


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "_REMEMBERED", 10)
    for number in range(100):
        section = ((b"a", b"%d" % number), (b"b", bytes(600)))
        assert from_text(to_text(section)) == section
    assert len(headers._texts) <= 10
    assert len(headers._pairs) <= 10
