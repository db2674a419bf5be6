"""Values are found whole and decoded, each with its place and its time."""

import gzip
from dataclasses import replace

from replay.recorded import Piece, Recorded, RecordedBody
from replay.values import Place, in_answer, in_request
from tests.support.planting import Call, as_recorded


def requested(call: Call) -> set[tuple[str, str, str]]:
    return {(*each.place, each.value) for each in in_request(as_recorded(1, 0, 50, call))}


def answered(call: Call) -> set[tuple[str, str, str]]:
    return {(*each.place, each.value) for each in in_answer(as_recorded(1, 0, 50, call))}


def test_of_a_request_the_target_headers_and_cookies() -> None:
    headers = {
        "Authorization": "Bearer a.b.c",
        "Cookie": 'sid=1=2; theme="dark"',
        "If-Match": '"a", "b"',
        "Referer": "http://localhost/carts/8",
        "Accept": "*/*",
        "User-Agent": "curl",
    }
    assert requested(Call("GET", "/a%20b//carts/7?q=%C3%A4+b&next=%2Fx%2F9%3Fc%3D1&empty=", headers)) == {
        ("path", "0", "a b"),
        ("path", "2", "carts"),
        ("path", "3", "7"),
        ("query", "q", "ä b"),
        ("query", "next", "/x/9?c=1"),
        ("query", "next", "x"),
        ("query", "next", "9"),
        ("query", "next", "1"),
        ("header", "authorization", "Bearer a.b.c"),
        ("header", "authorization", "a.b.c"),
        ("cookie", "sid", "1=2"),
        ("cookie", "theme", "dark"),
        ("header", "if-match", '"a", "b"'),
        ("header", "if-match", '"a"'),
        ("header", "if-match", '"b"'),
        ("header", "referer", "http://localhost/carts/8"),
        ("header", "referer", "carts"),
        ("header", "referer", "8"),
    }


def test_of_json_the_strings_and_integers_at_dotted_paths() -> None:
    said = {"user": {"id": 7, "ok": True, "price": 1.5, "none": None}, "models": [{"id": "m"}, "n"], "": "e"}
    assert answered(Call("GET", "/", said=said)) == {
        ("json", "user.id", "7"),
        ("json", "models.0.id", "m"),
        ("json", "models.1", "n"),
        ("json", "", "e"),
    }
    assert answered(Call("GET", "/", said="alone")) == {("json", "", "alone")}
    assert answered(Call("GET", "/", said=[3])) == {("json", "0", "3")}


def test_of_json_in_a_string_what_is_in_it_at_the_place_of_the_string() -> None:
    text = '{"cartId": "c-81", "n": [4]}'
    assert answered(Call("POST", "/", said={"text": text})) == {
        ("json", "text", text),
        ("json", "text", "c-81"),
        ("json", "text", "4"),
    }


def test_of_a_form_its_fields_and_of_an_answer_location_cookies_and_links() -> None:
    form = requested(Call("POST", "/", body={"a": "b c", "d": "/e/1"}, is_form=True))
    assert form == {("form", "a", "b c"), ("form", "d", "/e/1"), ("form", "d", "e"), ("form", "d", "1")}
    headers = {"Location": "/carts/7", "Set-Cookie": "sid=x; Path=/y", "Link": '</p?page=2>; rel="next"'}
    assert answered(Call("POST", "/", said_headers=headers)) == {
        ("header", "location", "/carts/7"),
        ("header", "location", "carts"),
        ("header", "location", "7"),
        ("cookie", "sid", "x"),
        ("header", "link", '</p?page=2>; rel="next"'),
        ("header", "link", "p"),
        ("header", "link", "2"),
    }


def test_of_a_stream_ids_and_payloads_but_not_every_bit_of_text() -> None:
    events = [
        ("chunk", "", '{"text": " some"}'),
        ("done", "41", '{"run": {"id": "r1"}, "n": 2}'),
        ("endpoint", "", "/messages?sessionId=s1"),
    ]
    assert answered(Call("GET", "/", events=events)) == {
        ("sse-id", "done", "41"),
        ("sse", "done:run.id", "r1"),
        ("sse", "done:n", "2"),
        ("sse", "endpoint:", "/messages?sessionId=s1"),
        ("sse", "endpoint:", "messages"),
        ("sse", "endpoint:", "s1"),
    }


def with_answer(call: Call, pieces: list[tuple[int, bytes]], *headers: tuple[bytes, bytes]) -> Recorded:
    whole = as_recorded(1, 0, 50, call)
    assert whole.response
    response = replace(whole.response, headers=(*whole.response.headers, *headers))
    body = RecordedBody(tuple(Piece(at, data) for at, data in pieces), 99)
    return replace(whole, response=response, response_body=body)


def test_each_value_has_the_time_at_which_it_was_complete() -> None:
    call = Call("GET", "/", said_headers={"X-Id": "a1"}, events=[("", "", "")])
    pieces = [(60, b'data: {"id": '), (70, b'1}\n\ndata: {"id": 2}'), (80, b"\n\n")]
    assert [tuple(each) for each in in_answer(with_answer(call, pieces))] == [
        (Place("header", "x-id"), "a1", 25),
        (Place("sse", "message:id"), "1", 70),
        (Place("sse", "message:id"), "2", 80),
    ]
    whole = with_answer(Call("GET", "/"), [(60, b'{"id"'), (70, b": 1}")])
    assert [tuple(each) for each in in_answer(whole)] == [(Place("json", "id"), "1", 70)]


def test_bodies_are_read_without_their_content_coding() -> None:
    coded = (b"Content-Encoding", b"gzip")
    body = gzip.compress(b'{"id": 7}')
    one = with_answer(Call("GET", "/"), [(60, body[:9]), (70, body[9:])], coded)
    assert [each.value for each in in_answer(one)] == ["7"]
    body = gzip.compress(b'data: {"id": 7}\n\n')
    stream = with_answer(Call("GET", "/", events=[("", "", "")]), [(60, body)], coded)
    assert [each.value for each in in_answer(stream)] == ["7"]
    assert not in_answer(with_answer(Call("GET", "/"), [(60, b"{broken"), (70, b"gzip")], coded))
