"""Whether a script can read a header: one row for each way that the Fetch standard decides it."""

from dataclasses import replace

import pytest

from contract.cors import (
    Credentials,
    Readable,
    body_readable,
    cors_refusal,
    exposed_names,
    header_readable,
    is_preflight,
    is_same_origin,
    judge_preflight,
    malformed_expose,
    origin_of,
)
from contract.events import RequestHead, ResponseHead, Side
from tests.contract.build import Fields, fields

APP = ("Origin", "https://app.example")
HOST = ("Host", "chat.test")
COOKIE = ("Cookie", "a=b")
ALLOW = ("Access-Control-Allow-Origin", "https://app.example")
ANY = ("Access-Control-Allow-Origin", "*")
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")


def expose(value: str) -> tuple[str, str]:
    return ("Access-Control-Expose-Headers", value)


def request(*given: tuple[str, str]) -> RequestHead:
    return RequestHead(
        1, Side.BOTH, 0, b"POST", "https", "chat.test", 443, b"/", b"HTTP/1.1", fields([HOST], given)
    )


def response(*given: tuple[str, str]) -> ResponseHead:
    return ResponseHead(1, Side.BOTH, 0, 200, b"", b"HTTP/1.1", fields(given))


@pytest.mark.parametrize(
    ("name", "asked", "answered", "readable"),
    [
        ("X-Id", [APP], [ALLOW, CREDENTIALS, expose("X-Id")], True),
        ("X-Id", [APP], [ALLOW, CREDENTIALS, expose("x-ID")], True),
        ("X-Id", [APP], [ALLOW, CREDENTIALS, expose("a,, X-Id ,")], True),
        ("X-Id", [APP], [ALLOW, CREDENTIALS, expose("a"), expose("X-Id")], True),
        ("X-Id", [APP], [ALLOW, expose("X-Id")], None),
        ("X-Id", [APP], [ANY, expose("X-Id")], None),
        ("X-Id", [APP], [ANY], False),
        ("X-Id", [APP], [ANY, expose("X-Id, b c")], False),
        ("X-Id", [APP], [ANY, expose("X-Id"), expose('"x"')], False),
        ("X-Id", [APP], [ANY, expose("*")], None),
        ("X-Id", [APP, ("Authorization", "Bearer t")], [ANY, expose("*")], None),
        ("X-Id", [APP, COOKIE], [ALLOW, CREDENTIALS, expose("*")], False),
        ("X-Id", [APP, COOKIE], [ALLOW, CREDENTIALS, expose("X-Id")], True),
        ("X-Id", [APP, COOKIE], [ALLOW, expose("X-Id")], False),
        ("X-Id", [APP, COOKIE], [ANY, CREDENTIALS, expose("X-Id")], False),
        ("*", [APP, COOKIE], [ALLOW, CREDENTIALS, expose("*")], True),
        ("X-Id", [APP], [expose("X-Id")], False),
        ("X-Id", [APP], [ALLOW, ALLOW, expose("X-Id")], False),
        ("X-Id", [APP], [("Access-Control-Allow-Origin", "https://APP.example"), expose("X-Id")], False),
        (
            "X-Id",
            [("Origin", "null")],
            [("Access-Control-Allow-Origin", "null"), CREDENTIALS, expose("X-Id")],
            True,
        ),
        ("Content-Type", [APP], [ANY], None),
        ("Content-Type", [APP], [ALLOW, CREDENTIALS], True),
        ("Set-Cookie", [APP], [ANY, expose("Set-Cookie")], False),
        ("Set-Cookie", [("Origin", "https://chat.test")], [], False),
        ("X-Id", [("Origin", "https://chat.test")], [], True),
        ("X-Id", [APP, ("Sec-Fetch-Site", "same-origin")], [], True),
        ("X-Id", [("Origin", "https://chat.test"), ("Sec-Fetch-Site", "same-site")], [], False),
        ("X-Id", [], [], None),
        ("X-Id", [], [expose("*")], None),
        ("X-Id", [], [expose("X-Id")], True),
        ("X-Id", [], [expose("X Y")], False),
    ],
)
def test_a_script_can_read_the_header_or_not(
    name: str, asked: Fields, answered: Fields, readable: bool | None
) -> None:
    found = header_readable(name.encode(), request(*asked), response(*answered))
    assert found.readable is readable, found.because
    assert found.because


@pytest.mark.parametrize(
    ("asked", "answered", "readable"),
    [
        ([APP], [ALLOW], None),
        ([APP], [ALLOW, CREDENTIALS], True),
        ([APP], [], False),
        ([], [], None),
        ([("Sec-Fetch-Site", "same-origin")], [], True),
    ],
)
def test_a_body_needs_only_the_cors_check(asked: Fields, answered: Fields, readable: bool | None) -> None:
    assert body_readable(request(*asked), response(*answered)).readable is readable


def test_one_malformed_line_exposes_nothing() -> None:
    assert exposed_names(fields([expose("A"), expose("b, C")])) == frozenset((b"a", b"b", b"c"))
    assert exposed_names(fields([expose("A"), expose("b;c")])) is None
    assert exposed_names(()) == frozenset()


def asked(*given: tuple[str, str], scheme: str = "https", host: str = "chat.test") -> RequestHead:
    return RequestHead(
        1, Side.BOTH, 0, b"POST", scheme, host, 443, b"/", b"HTTP/1.1", fields([("Host", host)], given)
    )


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "same"),
    [
        ("http://h", "h", "http", True),
        ("http://h:80", "h", "http", True),
        ("http://h", "h:80", "http", True),
        ("https://h:443", "h", "https", True),
        ("https://H", "h", "https", True),
        ("http://h:8080", "h:8080", "http", True),
        ("http://h:8080", "h:8080", "https", True),  # in front of a proxy that begins TLS
        ("http://[::1]:80", "[::1]", "http", True),
        ("http://[::1]", "[::1]", "http", True),
        ("https://h", "h", "http", False),
        ("http://h:443", "h", "http", False),
        ("http://h:8080", "h", "http", False),
        ("http://h", "h:8080", "http", False),
        ("http://h.example", "h", "http", False),
        ("http://[::1]", "[::2]", "http", False),
        ("null", "null", "http", False),
        ("h", "h", "http", False),
        ("http://h, http://h", "h", "http", False),
        ("", "h", "http", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(origin: str, host: str, scheme: str, same: bool) -> None:
    assert is_same_origin(asked(("Origin", origin), scheme=scheme, host=host)) is same


def test_two_origin_lines_are_no_origin() -> None:
    twice = asked(("Origin", "https://chat.test"), ("Origin", "https://chat.test"))
    assert origin_of(twice) == b"https://chat.test, https://chat.test"
    assert not is_same_origin(twice)
    assert cors_refusal(origin_of(twice) or b"", twice, response(ALLOW))


def test_an_opaque_origin_is_never_the_same_whatever_the_metadata_say() -> None:
    assert not is_same_origin(asked(("Origin", "null"), ("Sec-Fetch-Site", "same-origin")))


def test_an_answer_without_a_line_is_no_answer_of_null() -> None:
    assert cors_refusal(b"null", asked(), response())
    assert not cors_refusal(b"null", asked(), response(("Access-Control-Allow-Origin", "null")))


def test_the_question_can_be_asked_for_another_origin_and_mode() -> None:
    request, answer = asked(APP, COOKIE), response(ALLOW, expose("X-Id"))
    omitted, included = Credentials.OMITTED, Credentials.INCLUDED
    assert header_readable(b"X-Id", request, answer, credentials=omitted).readable is True
    assert header_readable(b"X-Id", request, answer, credentials=included).readable is False
    other = header_readable(b"X-Id", request, answer, credentials=omitted, origin=b"https://b.example")
    assert other == Readable(
        False, "Access-Control-Allow-Origin is https://app.example, not the origin https://b.example"
    )
    assert body_readable(request, response(), origin=b"https://chat.test").readable is True
    assert body_readable(asked(), response(), origin=b"https://b.example").readable is None
    assert body_readable(asked(), response(ANY, CREDENTIALS), origin=b"https://b.example").readable is None


def test_an_unknown_mode_is_told_apart_only_where_it_matters() -> None:
    found = header_readable(b"X-Id", asked(APP), response(ANY, expose("X-Id")))
    assert found.readable is None
    assert "credentials mode" in found.because
    assert header_readable(b"X-Id", asked(APP), response(ANY)).because == (
        "Access-Control-Expose-Headers lists nothing"
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_what_a_script_reads(status: int) -> None:
    to = replace(response(ALLOW, CREDENTIALS, expose("X-Id"), ("Location", "/")), status=status)
    assert header_readable(b"X-Id", asked(APP), to).readable is False
    nowhere = replace(response(ALLOW, CREDENTIALS, expose("X-Id")), status=status)
    assert header_readable(b"X-Id", asked(APP), nowhere).readable is True


@pytest.mark.parametrize(
    ("answered", "readable"),
    [
        ([], None),
        ([ALLOW, CREDENTIALS], None),
        ([ALLOW, CREDENTIALS, expose("X-Id")], True),
        ([ALLOW, CREDENTIALS, expose("a")], False),
        ([("Access-Control-Allow-Origin", "https://b.example")], False),
    ],
)
def test_a_304_may_be_completed_from_the_cache(answered: Fields, readable: bool | None) -> None:
    assert header_readable(b"X-Id", asked(APP), replace(response(*answered), status=304)).readable is readable


def test_no_script_sees_the_answer_to_a_preflight() -> None:
    preflight = replace(asked(APP, ("Access-Control-Request-Method", "PUT")), method=b"OPTIONS")
    assert is_preflight(preflight)
    assert body_readable(preflight, response(ALLOW, CREDENTIALS)).readable is False
    assert not is_preflight(replace(asked(APP), method=b"OPTIONS"))


def test_the_first_line_that_is_no_list_is_found() -> None:
    assert malformed_expose(fields([expose("A"), expose("b c"), expose('"d"')])) == b"b c"
    assert malformed_expose(fields([expose("A,, \t,b")])) is None


def preflight(*given: tuple[str, str], method: str = "PUT", wants: str = "authorization,x-a") -> RequestHead:
    more = (("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", wants))
    return replace(asked(APP, *more, *given), method=b"OPTIONS")


METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"


@pytest.mark.parametrize(
    ("answered", "mode", "refused", "covered"),
    [
        ([(METHODS, "PUT"), (HEADERS, "X-A, Authorization")], "omitted", (), ()),
        ([(METHODS, "PUT"), (HEADERS, "*")], "omitted", ("authorization",), ("authorization", "x-a")),
        ([(METHODS, "PUT"), (HEADERS, "*")], "unknown", ("authorization",), ("authorization", "x-a")),
        ([(METHODS, "PUT"), (HEADERS, "*")], "included", ("authorization", "x-a"), ()),
        ([(METHODS, "PUT"), (HEADERS, "*, AUTHORIZATION")], "omitted", (), ("x-a",)),
        ([(METHODS, "PUT"), (HEADERS, "x-a")], "omitted", ("authorization",), ()),
        ([(METHODS, "PUT")], "omitted", ("authorization", "x-a"), ()),
    ],
)
def test_a_preflight_allows_headers_by_name_or_by_wildcard(
    answered: Fields, mode: str, refused: tuple[str, ...], covered: tuple[str, ...]
) -> None:
    found = judge_preflight(preflight(), response(ALLOW, CREDENTIALS, *answered), Credentials(mode))
    assert (found.refusal, found.is_ok_status, found.method_refused) == ("", True, "")
    assert (found.headers_refused, found.by_wildcard) == (refused, covered)
    assert found.is_granted is not bool(refused)


@pytest.mark.parametrize(
    ("method", "allowed", "mode", "refused"),
    [
        ("PUT", "PUT", "included", ""),
        ("PUT", "put", "omitted", "PUT"),
        ("put", "PUT", "omitted", ""),
        ("patch", "PATCH", "omitted", "patch"),
        ("patch", "patch", "omitted", ""),
        ("POST", "", "included", ""),
        ("DELETE", "*", "omitted", ""),
        ("DELETE", "*", "unknown", ""),
        ("DELETE", "*", "included", "DELETE"),
        ("*", "*", "included", ""),
    ],
)
def test_a_preflight_allows_methods_byte_for_byte(method: str, allowed: str, mode: str, refused: str) -> None:
    answer = response(ALLOW, CREDENTIALS, (METHODS, allowed))
    found = judge_preflight(preflight(method=method, wants=""), answer, Credentials(mode))
    assert found.method_refused == refused
    assert found.refusals == ((f"the method {refused} is not allowed",) if refused else ())


@pytest.mark.parametrize(
    ("answered", "refusal"),
    [
        ([], "the response has no Access-Control-Allow-Origin"),
        ([ALLOW, (METHODS, "a b")], "a line of Access-Control-Allow-Methods is no list: a b"),
        ([ALLOW, (HEADERS, "X-A"), (HEADERS, '"')], 'a line of Access-Control-Allow-Headers is no list: "'),
    ],
)
def test_a_preflight_fails_as_a_whole_by_its_origin_and_by_its_grammar(
    answered: Fields, refusal: str
) -> None:
    answer = replace(response(*answered), status=403)
    found = judge_preflight(preflight(method="GET", wants=""), answer, Credentials.OMITTED)
    assert found.refusals == ("its status is not 2xx", refusal)
    assert not found.is_granted


@pytest.mark.parametrize(
    ("trusting", "refusal"),
    [
        (["true"], ""),
        ([" true\t"], ""),
        ([], "Access-Control-Allow-Credentials is missing though credentials are included"),
        (["True"], "Access-Control-Allow-Credentials is True, not true, though credentials are included"),
        (
            ["true", "true"],
            "Access-Control-Allow-Credentials is true, true, not true, though credentials are included",
        ),
    ],
)
def test_credentials_are_trusted_in_one_word_only(trusting: list[str], refusal: str) -> None:
    lines = [("Access-Control-Allow-Credentials", value) for value in trusting]
    assert cors_refusal(b"https://app.example", asked(APP, COOKIE), response(ALLOW, *lines)) == refusal


@pytest.mark.parametrize(
    "name",
    [
        *("Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified"),
        "Pragma",
    ],
)
def test_a_safelisted_name_needs_no_list_and_no_good_one(name: str) -> None:
    answer = response(ALLOW, CREDENTIALS, expose("a b"))
    assert header_readable(name.encode(), asked(APP), answer).readable is True


def test_a_line_that_is_no_list_is_told() -> None:
    answer = response(ALLOW, CREDENTIALS, expose("X-Id"), expose("a b"))
    assert header_readable(b"X-Id", asked(APP), answer) == Readable(
        False, "a line of Access-Control-Expose-Headers is no list, so none counts: a b"
    )


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (299, True), (300, False), (401, False)]
)
def test_a_preflight_is_answered_with_200_to_299(status: int, ok: bool) -> None:
    answer = replace(response(ALLOW), status=status)
    found = judge_preflight(preflight(method="GET", wants=""), answer, Credentials.OMITTED)
    assert found.is_ok_status is found.is_granted is ok
