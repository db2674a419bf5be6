import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Event, Form, Headers
from recordings.redaction import Redactor
from recordings.redaction.bodies import MOST_HELD
from tests.recordings.redaction.exchanges import (
    JSON,
    KEY,
    REQUEST,
    answer,
    body,
    chunk,
    chunks,
    cut,
    end,
    forms,
    redact,
    redacted_body,
    request,
    response,
)

FORM: Headers = ((b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),)
MULTIPART: Headers = ((b"content-type", b"multipart/form-data; boundary=XX"),)
TEXT: Headers = ((b"content-type", b"text/plain"),)
LOGIN = json.dumps(
    {
        "username": "user1",
        "pass\\u0077ord": 1,
        "password": 'Us"er1@123 ü',
        "nested": {"credentials": [{"id": 12345678, "on": True, "none": None}, "x"], "tokensUsed": 4},
        "url": "https://h/p?access_token=abcdef&x=1",
        "echo": '{"token": "inner secret"}',
    }
).encode()
PARTS = (
    b'--XX\r\nContent-Disposition: form-data; name="user"\r\n\r\nme\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n--XX--\r\n'
)


def test_leaves_under_secret_names_are_replaced_and_nothing_else() -> None:
    redacted = redacted_body(JSON, LOGIN)
    before, after = json.loads(LOGIN), json.loads(redacted)
    assert len(redacted) == len(LOGIN)
    assert after["password"] != before["password"]
    first, second = after["nested"]["credentials"]
    assert (len(str(first["id"])), first["on"], first["none"]) == (8, True, None)
    assert first["id"] != 12345678
    assert second != "x"
    assert after["url"].startswith("https://h/p?access_token=")
    assert after["url"].endswith("&x=1")
    assert "abcdef" not in after["url"]
    assert "inner secret" not in after["echo"]
    for name in ("username", "pass\\u0077ord"):
        assert after[name] == before[name]
    assert after["nested"]["tokensUsed"] == 4


def test_escaped_and_plain_forms_of_a_secret_start_alike() -> None:
    redacted = json.loads(
        redacted_body(JSON, b'{"token": "a\\u0062cdefghijklmnopqrst", "jwt": "abcdefghijklmnopqrst"}')
    )
    assert redacted["token"].startswith(redacted["jwt"])


@pytest.mark.parametrize(
    ("headers", "text"),
    [(JSON, LOGIN), (FORM, b"user=me&password=b%26c+d&x=1"), (MULTIPART, PARTS), (TEXT, LOGIN), ((), LOGIN)],
)
@given(bounds=st.lists(st.integers(0, 400), max_size=12))
def test_any_chunking_gives_the_same(headers: Headers, text: bytes, bounds: list[int]) -> None:
    whole = redacted_body(headers, text)
    pieces = cut(text, bounds)
    events = redact(answer(headers, pieces))
    assert body(events) == whole != text
    assert [len(each.data) for each in chunks(events)] == [len(piece) for piece in pieces]


def test_a_chunk_keeps_its_time_and_its_place() -> None:
    events: list[Event] = [
        request(),
        end(REQUEST),
        response(JSON),
        chunk(b'{"pwd":', at=5),
        chunk(b'"abc"}', at=7),
        end(),
    ]
    kept = redact(events)
    assert [type(event) for event in kept] == [type(event) for event in events]
    assert [(each.at, each.size) for each in chunks(kept)] == [(5, 7), (7, 6)]


def test_json_is_held_until_it_is_complete_and_what_follows_waits() -> None:
    redactor = Redactor(KEY)
    redact([request(JSON)], redactor)
    assert redactor.feed(chunk(b'{"password": "a', REQUEST)) == []
    assert redactor.feed(response()) == []
    assert redactor.feed(chunk(b'b"}', REQUEST)) == []
    released = redactor.feed(end(REQUEST))
    assert [type(event).__name__ for event in released] == ["Chunk", "ResponseHead", "Chunk", "End"]


def test_clean_json_passes_as_it_is() -> None:
    text = b'{"completeResponse": "x", "streamingSessionId": "stream-1-2", "tokensUsed": 3}'
    events = answer(JSON, [text[:20], text[20:]])
    assert redact(events) == events


@pytest.mark.parametrize(
    "text", [b'{"password": "abc', b'{"a": 1, "password": }', b"{'password': 'abc'}", b'\xff\xfe{\x00"\x00']
)
def test_broken_json_that_could_hold_a_secret_keeps_its_length_only(text: bytes) -> None:
    [lost] = chunks(redact(answer(JSON, [text])))
    assert (lost.form, lost.data, lost.size) == (Form.LOST, b"", len(text))


def test_other_broken_json_is_kept() -> None:
    assert redacted_body(JSON, b'{"a": 1, ') == b'{"a": 1, '


def test_json_beyond_the_bound_is_lost_from_its_first_chunk_where_it_names_a_secret() -> None:
    filler = b'"' + b"x" * 100_000 + b'",'
    pieces = [b'[{"password": "abc"},', *([filler] * 11), b"1]"]
    events = redact(answer(JSON, pieces))
    assert set(forms(events)) == {Form.LOST}
    assert [each.size for each in chunks(events)] == [len(piece) for piece in pieces]


def test_long_json_without_such_a_name_is_kept() -> None:
    pieces = [b"[", *([b'"' + b"x" * 100_000 + b'",'] * 30), b"1]"]
    assert redacted_body(JSON, *pieces) == b"".join(pieces)
    late = [*pieces, b'{"password": "abc"}']
    kept = redact(answer(JSON, late))
    assert b"abc" not in body(kept)
    assert Form.WIRE in forms(kept)
    assert forms(kept)[-1] is Form.LOST


def test_a_long_upload_is_kept_and_a_long_form_is_not() -> None:
    part = b'--XX\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + b"x" * (
        2 * MOST_HELD
    )
    assert redacted_body(MULTIPART, part) == part
    assert forms(redact(answer(FORM, [b"a=" + b"x" * (2 * MOST_HELD)]))) == [Form.LOST]


@pytest.mark.parametrize("content_type", [b"image/png", b"application/zip", b"audio/mpeg"])
def test_bodies_without_text_pass_at_once(content_type: bytes) -> None:
    events = answer(((b"content-type", content_type),), [b'{"password": "abc"}'])
    assert redact(events) == events


def test_text_passes_at_once_while_no_secret_is_known() -> None:
    redactor = Redactor(KEY)
    redact([request(), response(TEXT)], redactor)
    for piece in (b"some ", b'text with "password": "x"'):
        [passed] = redactor.feed(chunk(piece))
        assert passed == chunk(piece)


@given(bounds=st.lists(st.integers(0, 60), max_size=6))
def test_a_known_secret_is_replaced_in_any_text(bounds: list[int]) -> None:
    redactor = Redactor(KEY)
    redact([request(((b"Authorization", b"Bearer s3cret-Value"),))], redactor)
    text = b"token s3cret-Value is not s3cret-Valu, s3cret-Value!"
    redacted = body(
        redact(
            [response(((b"content-type", b"text/html"),)), *map(chunk, cut(text, bounds)), end()], redactor
        )
    )
    assert len(redacted) == len(text)
    assert b"s3cret-Value" not in redacted
    assert b" is not s3cret-Valu, " in redacted


@pytest.mark.parametrize(
    "text", [b'{"message": "token s3cret-Value is invalid"}', b"s3cret-Value", b'{"s3cret-Value": 1}']
)
def test_a_known_secret_is_replaced_in_json(text: bytes) -> None:
    redactor = Redactor(KEY)
    redact([request(((b"Authorization", b"Bearer s3cret-Value"),))], redactor)
    redacted = body(redact([response(JSON), chunk(text), end()], redactor))
    assert len(redacted) == len(text)
    assert b"s3cret-Value" not in redacted


def test_secrets_of_a_body_are_known_afterwards() -> None:
    redactor = Redactor(KEY)
    redact(answer(JSON, [b'{"accessToken": "s3cret-Value"}']), redactor)
    [head] = redact([request(((b"X-Debug", b"s3cret-Value"),), exchange=2)], redactor)
    assert "s3cret-Value" not in repr(head)


def test_a_lost_chunk_makes_the_rest_of_a_json_body_unreadable() -> None:
    missing = chunk(b"")
    missing = type(missing)(1, missing.message, missing.side, 0, b"", 10, Form.LOST)
    events = redact([request(), response(JSON), chunk(b'{"pass'), missing, chunk(b'"abc"}'), end()])
    assert forms(events) == [Form.LOST] * 3
    assert [each.size for each in chunks(events)] == [6, 10, 6]


def test_nothing_is_touched_where_redaction_is_off() -> None:
    redactor = Redactor(KEY, enabled=False)
    events = [request(((b"Cookie", b"a=b"),)), *answer(JSON, [LOGIN])]
    assert redact(events, redactor) == events
    assert redactor.flush() == []
    assert redactor.take_redactions() == []


def test_what_is_held_at_the_end_of_the_run_is_given_out() -> None:
    redactor = Redactor(KEY)
    assert redact([request(), response(JSON), chunk(b'{"a": 1')], redactor)[2:] == []
    assert body(redactor.flush()) == b'{"a": 1'


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"utf-8"])
def test_json_that_is_not_encoded_though_its_head_says_so_leaks_nothing(encoding: bytes) -> None:
    headers = (*JSON, (b"content-encoding", encoding))
    assert b"hunter2" not in redacted_body(headers, b'{"password": "hunter2"}')


def test_json_of_all_types_of_json() -> None:
    for name in (
        b"application/problem+json",
        b"text/json",
        b"APPLICATION/JSON;charset=utf-8",
        b"application/x-ndjson",
    ):
        assert b"hunter2" not in redacted_body(((b"content-type", name),), b'{"password": "hunter2"}\n')


def test_lines_of_json_are_released_line_by_line() -> None:
    redactor = Redactor(KEY)
    redact([request(), response(((b"content-type", b"application/x-ndjson"),))], redactor)
    assert len(redactor.feed(chunk(b'{"a": 1}\n'))) == 1
    assert redactor.feed(chunk(b'{"token": ')) == []
    released = redactor.feed(chunk(b'"abc"}\n'))
    assert b"abc" not in body(released)
    assert len(released) == 2


def test_each_replacement_is_noted_with_its_offset() -> None:
    redactor = Redactor(KEY)
    text = b'{"password": "abc", "pin": 1, "otp": 4711}'
    redacted = body(redact(answer(JSON, [text[:15], text[15:]]), redactor))
    noted = redactor.take_redactions()
    assert [(each.where, each.offset, each.length) for each in noted] == [("body", 14, 3), ("body", 37, 4)]
    assert [redacted[each.offset : each.offset + each.length].decode() for each in noted] == [
        each.token for each in noted
    ]


def test_a_body_whose_heads_are_encoded_but_types_opaque_stays_as_it_is() -> None:
    headers = ((b"content-type", b"image/png"), (b"content-encoding", b"gzip"))
    events = answer(headers, [gzip.compress(b"\0" * 100)])
    assert redact(events) == events
