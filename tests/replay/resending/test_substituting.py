"""Values are replaced in their places, and what stands around them stays as it is, byte for byte."""

import gzip
import json
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Chunk, Event, Form
from replay.recorded import Recorded
from replay.resending.substituting import (
    Replacement,
    Sendable,
    encoded,
    substituted,
    swapped,
    without_tokens,
)
from replay.values import Place, in_request
from tests.replay.resending.build import JSON, exchange, put_together

OLD, NEW = "0b2f6c0e-5a53-4c3e-9a44-0f3e7d1c2b3a", "11111111-2222-4333-8444-555555555555"
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def asked(line: str, *fields: tuple[bytes, bytes], body: bytes = b"") -> Recorded:
    return put_together(exchange(1, 0, line, fields=fields, body=body))[1]


def everywhere(recorded: Recorded, old: str = OLD, new: str = NEW) -> Sendable:
    """Replaced at every place at which a request carries it."""
    places = [found.place for found in in_request(recorded) if found.value == old]
    assert places
    return substituted(recorded, [Replacement(place, old, new) for place in places])


def test_a_path_segment_and_a_query_value() -> None:
    sent = everywhere(asked(f"GET /a%20b/{OLD}/c?x=1&id={OLD}&y=%2F"))
    assert sent.target == f"/a%20b/{NEW}/c?x=1&id={NEW}&y=%2F".encode()


def test_headers_keep_scheme_order_and_case() -> None:
    fields = ((b"x-B", b"1"), (b"AuthorizatioN", b"Bearer " + OLD.encode()), (b"X-a", b"2"))
    sent = everywhere(asked("GET /", *fields))
    assert sent.headers[1:] == (fields[0], (b"AuthorizatioN", b"Bearer " + NEW.encode()), fields[2])


def test_one_cookie_of_many() -> None:
    sent = everywhere(asked("GET /", (b"Cookie", f"a=1; sid={OLD};b={OLD}x".encode())))
    assert dict(sent.headers)[b"Cookie"] == f"a=1; sid={NEW};b={OLD}x".encode()


def test_a_json_leaf_and_the_length() -> None:
    body = b'{ "a":1.50, "id": "' + OLD.encode() + b'",\t"b": "\\u00e9" }'
    sent = everywhere(asked("POST /", JSON, body=body), new="short")
    assert sent.body == body.replace(OLD.encode(), b"short")
    assert dict(sent.headers)[b"Content-Length"] == str(len(sent.body)).encode()


def test_a_form_field() -> None:
    sent = everywhere(asked("POST /", FORM, body=f"a=%20&id={OLD}&b=+".encode()))
    assert sent.body == f"a=%20&id={NEW}&b=+".encode()


def test_a_value_within_a_url_in_json() -> None:
    body = json.dumps({"callback": f"http://x.test/s/{OLD}?v={OLD}"}).encode()
    sent = everywhere(asked("POST /", JSON, body=body))
    assert json.loads(sent.body) == {"callback": f"http://x.test/s/{NEW}?v={NEW}"}


def test_a_number_within_a_longer_one_is_left_alone() -> None:
    place = Place("query", "q")
    sent = substituted(asked("GET /?q=17,7,70"), [Replacement(place, "7", "9")])
    assert parse_qsl(urlsplit(sent.target.decode()).query) == [("q", "17,9,70")]


def test_a_compressed_body_is_compressed_again() -> None:
    body = gzip.compress(json.dumps({"id": OLD}).encode())
    sent = everywhere(asked("POST /", JSON, (b"Content-Encoding", b"gzip"), body=body))
    assert json.loads(gzip.decompress(sent.body)) == {"id": NEW}
    assert dict(sent.headers)[b"Content-Length"] == str(len(sent.body)).encode()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_every_coding_that_can_be_undone_can_be_done(coding: str) -> None:
    recorded = asked("POST /", (b"Content-Encoding", coding.encode()), body=encoded(b"text", coding))
    if ", " not in coding:
        assert recorded.request_text() == b"text"
    assert encoded(b"text", coding) != b"text"


def test_basic_credentials_are_given_as_user_and_password() -> None:
    recorded = asked("GET /", (b"Authorization", b"Basic redacted~abcdefg"))
    place = Place("header", "authorization")
    sent = substituted(recorded, [Replacement(place, "redacted~abcdefg", "joe:pass")])
    assert dict(sent.headers)[b"Authorization"] == b"Basic am9lOnBhc3M="


def test_a_secret_in_a_part_of_a_multipart_body_is_replaced() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n~Abc\r\n--b--\r\n'
    recorded = asked("POST /", (b"Content-Type", b"multipart/form-data; boundary=b"), body=body)
    sent = without_tokens(substituted(recorded, []), [("~Abc", "longer secret")])
    assert sent.body == body.replace(b"~Abc", b"longer secret")
    assert dict(sent.headers)[b"Content-Length"] == str(len(sent.body)).encode()


def test_a_body_that_was_not_kept_is_an_error() -> None:
    events: list[Event] = exchange(1, 0, "POST /", body=b"abc")
    lost = [
        Chunk(each.exchange, each.message, each.side, each.at, b"", each.size, Form.LOST)
        if isinstance(each, Chunk)
        else each
        for each in events
    ]
    with pytest.raises(ValueError, match="not kept"):
        substituted(put_together(lost)[1], [])


words = st.text('abcdefghij-/ %é"&=+', min_size=1, max_size=12)
uuids = st.uuids(version=4).map(str)


@given(uuids, uuids, words)
def test_there_and_back_again_is_the_same_request(old: str, new: str, word: str) -> None:
    if old == new:
        return
    quoted = quote(word, safe="")
    body = json.dumps({"w": word, "deep": [{"id": old}], "n": 1.50}).encode()
    fields = (JSON, (b"Cookie", f"a=b; s={old}".encode()), (b"Authorization", f"Bearer {old}".encode()))
    recorded = asked(f"POST /{quoted}/{old}?w={quoted}&id={old}", *fields, body=body)
    there = everywhere(recorded, old, new)
    assert there.target == recorded.request.target.replace(old.encode(), new.encode())
    assert there.body == body.replace(old.encode(), new.encode())
    headers = dict(there.headers)
    again = asked(f"POST {there.target.decode()}", *there.headers[1:-1], body=there.body)
    back = everywhere(again, new, old)
    assert headers[b"Content-Length"] == str(len(there.body)).encode()
    assert (back.target, back.headers, back.body) == (
        recorded.request.target,
        recorded.request.headers,
        body,
    )


@given(words, words)
def test_a_whole_value_is_replaced_whatever_it_is(old: str, new: str) -> None:
    assert swapped(old, old, new) == new
