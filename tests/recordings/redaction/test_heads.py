import base64

import pytest

from contract.events import Abort, Breaker, End, Headers, Manner, RequestHead, ResponseHead, Side
from recordings.redaction import DEFAULT_NAMES, Redactor
from tests.recordings.redaction.exchanges import KEY, REQUEST, body, chunk, end, redact, request, response

JWT = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyMSJ9.c2lnbmF0dXJlIHRoYXQgaXMgbG9uZw"


def line(name: bytes, value: bytes) -> bytes:
    [head] = redact([request(((name, value),))])
    assert isinstance(head, RequestHead)
    [(kept, redacted)] = head.headers
    assert kept == name
    assert len(redacted) == len(value)
    return redacted


@pytest.mark.parametrize(
    ("name", "before", "secret", "after"),
    [
        (b"Authorization", b"Bearer ", JWT, b""),
        (b"authorization", b"Basic ", base64.b64encode(b"user1:User1@123"), b""),
        (b"Proxy-Authorization", b"Digest ", b'username="a", response="b"', b" "),
        (b"Authorization", b"", b"justatoken", b""),
        (b"X-Api-Key", b" ", b"12 34", b""),
        (b"X-Auth-Token", b"", b"t", b""),
        (b"Cookie", b"session=", b"abc", b""),
        (b"Cookie", b"", b"nameless", b""),
        (b"Set-Cookie", b"accessToken=", JWT, b"; Path=/; HttpOnly; SameSite=Lax"),
        (b"set-cookie", b'a="', b"b c", b'"; Expires=Wed, 21 Oct 2026 07:28:00 GMT'),
        (b"Location", b"https://h/cb?code=1&access_token=", b"abc%2F", b"&state=2#x"),
        (b"Location", b"https://h/cb#access_token=", b"abc", b"&token_type=bearer"),
        (b"Referer", b"http://user:", b"s3cret", b"@host/p"),
        (b"Link", b"</p?token=", b"abc", b'>; rel="next"'),
        (b"Content-Location", b"/p?api_key=", b"abc", b""),
    ],
)
def test_only_the_secret_is_replaced(name: bytes, before: bytes, secret: bytes, after: bytes) -> None:
    redacted = line(name, before + secret + after)
    assert redacted.startswith(before)
    assert redacted.endswith(after)
    assert redacted != before + secret + after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"X-Streaming-Session-Id", b"stream-1700000000000-1a2b3c4d"),
        (b"X-User-ID", b"user1"),
        (b"Set-Cookie", b"accessToken=; Max-Age=0"),
        (b"Authorization", b""),
        (b"Cookie", b""),
        (b"Access-Control-Allow-Headers", b"Authorization, Content-Type"),
        (b"WWW-Authenticate", b'Bearer realm="x"'),
        (b"Location", b"/api/chat/sessions/1?page=2&tokensUsed=3"),
    ],
)
def test_what_is_no_secret_stays(name: bytes, value: bytes) -> None:
    head = request(((name, value),))
    assert redact([head])[0] is head


def test_each_cookie_has_a_token_of_its_own() -> None:
    names = [pair.partition(b"=") for pair in line(b"Cookie", b"a=one; b=two;c=one").split(b";")]
    assert [name.strip() for name, _, _ in names] == [b"a", b"b", b"c"]
    assert names[0][2] == names[2][2] != names[1][2]


def test_the_same_secret_has_the_same_token_wherever_it_is() -> None:
    headers: Headers = (
        (b"Authorization", b"Bearer " + JWT),
        (b"Cookie", b"x=1; accessToken=" + JWT),
        (b"X-Access-Token", JWT),
        (b"Content-Type", b"application/json"),
    )
    content = b'{"accessToken": "' + JWT + b'"}'
    head, *rest = redact([request(headers, b"/p?token=" + JWT), chunk(content, REQUEST), end(REQUEST)])
    assert isinstance(head, RequestHead)
    token = head.target.partition(b"=")[2]
    assert len(token) == len(JWT)
    assert token.startswith(b"redacted~")
    assert head.headers[0][1] == b"Bearer " + token
    assert head.headers[1][1].endswith(b"; accessToken=" + token)
    assert head.headers[2][1] == token
    assert body(rest, REQUEST) == content.replace(JWT, token)


def test_order_case_and_duplicates_stay() -> None:
    headers: Headers = ((b"b", b"1"), (b"COOKIE", b"x=1"), (b"A", b"2"), (b"Cookie", b"x=1"), (b"b", b"1"))
    [head] = redact([request(headers)])
    assert isinstance(head, RequestHead)
    assert [name for name, _ in head.headers] == [name for name, _ in headers]


def test_the_target_keeps_its_path() -> None:
    [head] = redact([request((), b"http://u:pw@h/api/password=1/x?password=hunter2&page=1")])
    assert isinstance(head, RequestHead)
    assert head.target.startswith(b"http://u:")
    assert head.target.endswith(b"&page=1")
    assert b"/api/password=1/x?password=" in head.target
    assert b"hunter2" not in head.target
    assert b":pw@" not in head.target


def test_all_else_of_a_head_stays() -> None:
    head = request(((b"Cookie", b"a=b"),), side=Side.CLIENT)
    [redacted] = redact([head])
    assert isinstance(redacted, RequestHead)
    assert (redacted.exchange, redacted.side, redacted.method, redacted.port) == (
        1,
        Side.CLIENT,
        b"POST",
        3002,
    )


def test_a_known_secret_is_replaced_in_any_other_place_of_a_head() -> None:
    login = request(((b"Authorization", b"Bearer " + JWT),))
    later = request(((b"X-Debug", b"got " + JWT + b"!"),), b"/api/sessions/" + JWT + b"/x", exchange=2)
    answer = ResponseHead(2, Side.BOTH, 0, 400, b"Bad " + JWT, b"HTTP/1.1", ())
    for head in redact([login, later, answer]):
        assert JWT not in repr(head).encode()


def test_the_password_sent_by_basic_is_known_afterwards() -> None:
    login = request(((b"Authorization", b"Basic " + base64.b64encode(b"user1:User1@123")),))
    [_, later] = redact([login, request(((b"X-Debug", b"User1@123"),))])
    assert "User1@123" not in repr(later)


def test_an_ordinary_cookie_is_not_looked_for_elsewhere() -> None:
    first = request(((b"Cookie", b"theme=dark-mode; streamingSessionId=stream-1700000000000-1a2b3c4d"),))
    issued = response(
        ((b"X-Streaming-Session-Id", b"stream-1700000000000-1a2b3c4d"), (b"X-Theme", b"dark-mode"))
    )
    assert redact([first, issued])[1] is issued


def test_trailers_are_redacted_too() -> None:
    redactor = Redactor(KEY)
    events = redact(
        [request(), response(), end(trailers=((b"X-Api-Key", b"abc"), (b"Digest", b"x")))], redactor
    )
    last = events[-1]
    assert isinstance(last, End)
    assert last.trailers[0][1] != b"abc"
    assert last.trailers[1] == (b"Digest", b"x")
    assert [noted.where for noted in redactor.take_redactions()] == ["trailer x-api-key"]


@pytest.mark.parametrize(
    "reason",
    [
        "Invalid header line: b'Authorization: Bearer {}'",
        "no route to http://user:{}@host/",
        "bad target /p?token={}&x=1",
        'unexpected {{"password": "{}"}}',
        "Illegal character '\\x00' in header value: b'{}\\x00'",
        """Illegal character '\\x00' in header value: b"it's {}\\x00\"""",
        'illegal chunk header: bytearray(b\'n": "{}"}}\\r\\n\')',
    ],
)
def test_the_proxys_words_quote_no_secret(reason: str) -> None:
    secret = "s3cret-Value"
    [abort] = redact([Abort(1, Side.BOTH, 0, Breaker.CLIENT, Manner.MALFORMED, reason.format(secret))])
    assert isinstance(abort, Abort)
    assert secret not in abort.reason
    assert len(abort.reason) == len(reason.format(secret))


@pytest.mark.parametrize("words", ["Client disconnected.", "illegal chunk header: bytearray(b'zz\\r\\n')"])
def test_the_proxys_words_stay_as_they_are_otherwise(words: str) -> None:
    abort = Abort(1, Side.BOTH, 0, Breaker.CLIENT, Manner.CLOSED, words)
    assert redact([abort]) == [abort]


def test_headers_of_the_users_own_names() -> None:
    [head] = redact([request(((b"X-Acme", b"abc"),))], Redactor(KEY, DEFAULT_NAMES.extended(["x-acme"])))
    assert isinstance(head, RequestHead)
    assert head.headers[0][1] != b"abc"


def test_each_replacement_is_noted() -> None:
    redactor = Redactor(KEY)
    [head] = redact(
        [request(((b"Authorization", b"Bearer abc"),), b"/?token=12345", side=Side.CLIENT)], redactor
    )
    assert isinstance(head, RequestHead)
    noted = redactor.take_redactions()
    assert [(each.side, each.where, each.offset, each.length) for each in noted] == [
        (Side.CLIENT, "header authorization", 7, 3),
        (Side.CLIENT, "target", 8, 5),
    ]
    assert noted[0].token.encode() == head.headers[0][1][7:]
    assert redactor.take_redactions() == []


def test_tokens_depend_on_the_key() -> None:
    head = request(((b"Authorization", b"Bearer " + JWT),))
    assert redact([head], Redactor(b"one")) != redact([head], Redactor(b"two"))
    assert redact([head], Redactor(b"one")) == redact([head], Redactor(b"one"))
