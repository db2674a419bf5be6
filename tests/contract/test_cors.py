"""Whether a script can read a header: one row for each way that the Fetch standard decides it."""

import pytest

from contract.cors import body_readable, exposed_names, header_readable
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
