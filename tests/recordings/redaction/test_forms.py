import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.redaction.forms import boundary_of, form_values, multipart_values, query_values, userinfo
from recordings.redaction.names import DEFAULT_NAMES

IS_SECRET = DEFAULT_NAMES.is_form_field


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (b"user=a&password=b%26c+d&x=1", [b"b&c d"]),
        (b"pass%77ord=x", [b"x"]),
        (b"user%5Bpassword%5D=x", [b"x"]),
        (b"password=&token", []),
        (b"password=a=b", [b"a=b"]),
        (b"note=password=x", []),
    ],
)
def test_form_fields(text: bytes, secrets: list[bytes]) -> None:
    assert [value.secret for value in form_values(text, IS_SECRET)] == secrets


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (b"/p?access_token=abc&x=1", [b"abc"]),
        (b"/p?x=1;token=abc", [b"abc"]),
        (b"https://h/cb#id_token=abc&state=1", [b"abc"]),
        (b'<https://h/p?token=abc>; rel="next"', [b"abc"]),
        (b"/p?tokensUsed=12&sessionId=4", []),
        (b"/p/token=abc", []),
    ],
)
def test_query_parameters(text: bytes, secrets: list[bytes]) -> None:
    assert [value.secret for value in query_values(text, IS_SECRET)] == secrets


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (b"http://user:pa%40ss@host/", [b"pa@ss"]),
        (b"http://t0ken@host/", [b"t0ken"]),
        (b"http://host/a@b", []),
        (b"mail me@host", []),
    ],
)
def test_userinfo(text: bytes, secrets: list[bytes]) -> None:
    assert [value.secret for value in userinfo(text)] == secrets


MULTIPART = (
    b'--XX\r\nContent-Disposition: form-data; name="user"\r\n\r\nme\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="password"\r\n\r\nline 1\r\nline 2\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="file"; filename="password"\r\n\r\ntext\r\n--XX--\r\n'
)


def test_multipart_fields() -> None:
    [value] = multipart_values(MULTIPART, b"XX", IS_SECRET)
    assert MULTIPART[value.start : value.end] == value.secret == b"line 1\r\nline 2"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/form-data; boundary=XX", b"XX"),
        (b'multipart/form-data; charset=x; Boundary="a b"', b"a b"),
        (b"multipart/form-data", b""),
    ],
)
def test_the_boundary(content_type: bytes, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@given(st.binary(max_size=80))
def test_any_bytes_give_spans_within_them(text: bytes) -> None:
    values = [
        *form_values(text, IS_SECRET),
        *query_values(text, IS_SECRET),
        *userinfo(text),
        *multipart_values(b"--XX" + text, b"XX", IS_SECRET),
    ]
    assert all(0 <= value.start < value.end <= len(text) + 4 for value in values)
