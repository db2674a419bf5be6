import pytest

from contract.headers import combined, content_coding, cookies, first, lines, media_type
from contract.template import Template, query_value, split_target
from tests.contract.build import fields

STREAM = Template("/api/chat/sessions/{session}/stream")


@pytest.mark.parametrize(
    ("path", "variables"),
    [
        (b"/api/chat/sessions/42/stream", {"session": "42"}),
        (b"/api/chat/sessions/a%20b%C3%A9/stream", {"session": "a bé"}),
        (b"/api/chat/sessions/%ff/stream", {"session": "ÿ"}),
        (b"/api/chat/sessions//stream", None),
        (b"/api/chat/sessions/a/b/stream", None),
        (b"/api/chat/sessions/42/stream/", None),
        (b"/x/api/chat/sessions/42/stream", None),
    ],
)
def test_a_variable_is_one_whole_segment(path: bytes, variables: dict[str, str] | None) -> None:
    assert STREAM.match(path) == variables


def test_a_variable_may_be_a_part_of_a_segment() -> None:
    assert Template("/v{version}/x.{kind}").match(b"/v2/x.json") == {"version": "2", "kind": "json"}


@pytest.mark.parametrize("text", ["api", "/{", "/}", "/{A}", "/{a}/{a}", "/{a{b}}"])
def test_bad_templates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Template(text)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/a?b=c?d", (b"/a", b"b=c?d")),
        (b"/a#x", (b"/a", b"")),
        (b"http://h:1/a?b", (b"/a", b"b")),
        (b"http://h", (b"/", b"")),
        (b"*", (b"*", b"")),
        (b"", (b"/", b"")),
    ],
)
def test_targets_of_every_form_have_path_and_query(target: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_target(target) == parts


def test_the_first_query_value_of_a_name_counts() -> None:
    assert query_value(b"a=1&b=x%2By+z&b=3&%63=4&e", "b") == "x+y z"
    assert query_value(b"a=1&%63=4&e", "c") == "4"
    assert query_value(b"a=1&e", "e") == ""
    assert query_value(b"a=1", "f") is None


HEADERS = fields(
    [
        ("A", " 1\t"),
        ("a", "2"),
        ("Content-Type", "Text/Event-Stream ; charset=utf-8"),
        ("content-encoding", "identity, GZIP"),
        ("Content-Encoding", "br"),
        ("Cookie", "x=1; y=2=3; x=4; z"),
    ]
)


def test_field_lines_are_found_without_regard_to_case_and_combined_in_order() -> None:
    assert lines(HEADERS, b"a") == [b"1", b"2"]
    assert first(HEADERS, b"a") == b"1"
    assert combined(HEADERS, b"a") == b"1, 2"
    assert first(HEADERS, b"b") is None
    assert combined(HEADERS, b"b") is None


def test_media_type_codings_and_cookies_are_read() -> None:
    assert media_type(HEADERS) == "text/event-stream"
    assert media_type(()) == ""
    assert content_coding(HEADERS) == "gzip, br"
    assert content_coding(()) == ""
    assert cookies(HEADERS) == {"x": "1", "y": "2=3"}
