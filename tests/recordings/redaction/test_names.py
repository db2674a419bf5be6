import pytest

from recordings.redaction.names import DEFAULT_NAMES, loose_value, possible_name


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "accessToken",
        "access_token",
        "access-token",
        "refreshToken",
        "clientSecret",
        "apiKey",
    ],
)
def test_case_and_gaps_do_not_matter(name: str) -> None:
    assert DEFAULT_NAMES.is_field(name)
    assert possible_name(DEFAULT_NAMES)(b'{"%s" : "x"}' % name.encode())


@pytest.mark.parametrize(
    "name",
    [
        "streamingSessionId",
        "sessionId",
        "tokensUsed",
        "estimatedTokens",
        "actualTokens",
        "maxTokens",
        "tokens",
        "text",
    ],
)
def test_a_name_matches_as_a_whole(name: str) -> None:
    assert not DEFAULT_NAMES.is_field(name)
    assert not possible_name(DEFAULT_NAMES)(b'{"%s": "x"}' % name.encode())
    assert not DEFAULT_NAMES.is_header(b"X-" + name.encode())


@pytest.mark.parametrize(
    "name",
    [b"Authorization", b"X-Api-Key", b"x-auth-token", b"Cookie", b"SET-COOKIE", b"X-Acme-Authorization"],
)
def test_header_fields_that_are_secret_by_default(name: bytes) -> None:
    assert DEFAULT_NAMES.is_header(name)


def test_names_of_the_users_own_are_headers_and_fields() -> None:
    names = DEFAULT_NAMES.extended(["X-Acme_Thing ", "", "  "])
    assert names.is_header(b"x-acme-thing")
    assert names.is_field("xAcmeThing")
    assert possible_name(names)(b'{"x_acme_thing":1}')
    assert DEFAULT_NAMES.extended([]) == DEFAULT_NAMES
    assert not DEFAULT_NAMES.is_field("xAcmeThing")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("user[password]", True),
        ("user.password", True),
        ("password[0]", True),
        ("password[]", True),
        ("a[b]", False),
    ],
)
def test_a_form_field_is_named_by_its_last_part(name: str, secret: bool) -> None:
    assert DEFAULT_NAMES.is_form_field(name) is secret


@pytest.mark.parametrize(
    "text",
    [
        b"{'password': 'x'}",
        b"{password: 1}",
        b'{"a":1, "pass_word":1}',
        b'{"pass\\u0077ord":1}',
        b'{"user":"a","password"\n\t:\n"x"}',
        b'"https://h/p?token=x"',
        b'data: {"password"\ndata: : 1}',
        b'{\\"password\\": 1}',
    ],
)
def test_all_that_could_name_a_secret_is_noticed(text: bytes) -> None:
    assert possible_name(DEFAULT_NAMES)(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"Invalid header: 'Cookie: a=b; c=d'", b"a=b; c=d"),
        (b"bad line Authorization: Bearer abc.def", b"abc.def"),
        (b'got {"password": "two words", "x": 1}', b"two words"),
        (b"api-key=12345678 rest", b"12345678"),
        (b"sent Bearer abcdefgh to", b"abcdefgh"),
    ],
)
def test_secrets_quoted_in_text(text: bytes, value: bytes) -> None:
    match = loose_value(DEFAULT_NAMES).search(text)
    assert match is not None
    assert match[match.lastindex or 0] == value
