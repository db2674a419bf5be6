"""Faults of CORS headers: exact lines out, only where there is something to change."""

from typing import Any

import pytest
from pydantic import ValidationError

from contract.events import Headers
from faults.cors.bad_expose_grammar import BadExposeGrammar
from faults.cors.cors_fault import CorsFault
from faults.cors.drop_vary import DropVary
from faults.cors.duplicate_origin import DuplicateOrigin
from faults.cors.expose_on_preflight_only import ExposeOnPreflightOnly
from faults.cors.expose_wildcard import ExposeWildcard
from faults.cors.refuse_preflight import RefusePreflight
from faults.cors.replace_expose import ReplaceExpose
from faults.cors.strip_cors_on_errors import StripCorsOnErrors
from faults.cors.strip_cors_on_stream import StripCorsOnStream
from faults.cors.strip_expose import StripExpose
from faults.cors.thin_preflight import ThinPreflight
from faults.cors.wrong_origin import WrongOrigin
from faults.fault import Fault
from faults.parts import Data, End, RequestStart, ResponseStart
from tests.faults.support import ORIGIN, PREFLIGHT, REQUEST, UNTOUCHED, drive, head, response

NAME = b"Access-Control-Expose-Headers"
EXPOSE, MORE = (NAME, b"X-Id"), (NAME.lower(), b"X-B , x-c")
ALLOW = (b"access-control-allow-Origin", ORIGIN)
CREDENTIALS = (b"Access-Control-Allow-Credentials", b"true")
STREAM = (b"content-type", b"text/event-stream;charset=utf-8")
METHODS = (b"Access-Control-Allow-Methods", b"POST, GET")
ALLOWED = (b"Access-Control-Allow-Headers", b"Authorization,Content-Type, X-User-ID")

ANSWERS: list[tuple[CorsFault, Headers, Headers]] = [
    (StripExpose(), (EXPOSE, ALLOW, MORE), (ALLOW,)),
    (ReplaceExpose(value=("X-B", "c")), (EXPOSE, ALLOW, MORE), ((NAME, b"X-B, c"), ALLOW)),
    (ExposeWildcard(), (MORE, ALLOW, EXPOSE), ((NAME.lower(), b"*"), ALLOW)),
    (ExposeOnPreflightOnly(), (EXPOSE, ALLOW, MORE), (ALLOW,)),
    (BadExposeGrammar(), (EXPOSE, ALLOW), ((NAME, b'"X-Id'), ALLOW)),
    (BadExposeGrammar(), (EXPOSE, MORE), ((NAME, b"X-Id X-B x-c"),)),
    (BadExposeGrammar(), ((NAME, b""),), ((NAME, b'"'),)),
    (BadExposeGrammar(value="X-Id; X-B"), (MORE, EXPOSE), ((NAME.lower(), b"X-Id; X-B"),)),
    (DuplicateOrigin(), (ALLOW, CREDENTIALS), (ALLOW, ALLOW, CREDENTIALS)),
    (DuplicateOrigin(value="*"), (ALLOW, CREDENTIALS), (ALLOW, (ALLOW[0], b"*"), CREDENTIALS)),
    (WrongOrigin(how="trailing-slash"), (ALLOW,), ((ALLOW[0], ORIGIN + b"/"),)),
    (WrongOrigin(how="null"), (ALLOW,), ((ALLOW[0], b"null"),)),
    (WrongOrigin(how="other", value="http://b"), (ALLOW, EXPOSE), ((ALLOW[0], b"http://b"), EXPOSE)),
    (DropVary(), ((b"Vary", b" oRigin"), ALLOW), (ALLOW,)),
    (
        DropVary(),
        ((b"vary", b"Accept ,Origin"), (b"Vary", b"Cookie")),
        ((b"vary", b"Accept"), (b"Vary", b"Cookie")),
    ),
    (
        StripCorsOnStream(),
        (STREAM, ALLOW, EXPOSE, CREDENTIALS, (b"Vary", b"Origin")),
        (STREAM, (b"Vary", b"Origin")),
    ),
]


@pytest.mark.parametrize(("fault", "came", "left"), ANSWERS)
def test_the_lines_are_these_and_all_others_are_as_they_were(
    fault: CorsFault, came: Headers, left: Headers
) -> None:
    start = response(*UNTOUCHED, *came, *UNTOUCHED)
    assert fault.applies(drive(fault).scene, start)
    assert head(fault, start).headers == (*UNTOUCHED, *left, *UNTOUCHED)


@pytest.mark.parametrize("fault", {type(fault): fault for fault, _, _ in ANSWERS}.values())
def test_where_there_is_nothing_to_change_nothing_is_struck(fault: CorsFault) -> None:
    start = response(*UNTOUCHED, CREDENTIALS, (b"Vary", b"*"), (b"X-Vary", b"Origin"))
    assert not fault.applies(drive(fault).scene, start)
    assert not fault.applies(drive(fault).scene, REQUEST)


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (ReplaceExpose(value=("X-Id",)), EXPOSE),
        (ExposeWildcard(), (NAME, b"*")),
        (WrongOrigin(how="null"), (ALLOW[0], b"null")),
    ],
)
def test_what_is_wrong_already_is_not_struck(fault: CorsFault, line: tuple[bytes, bytes]) -> None:
    assert not fault.applies(drive(fault).scene, response(line))


def test_only_errors_lose_their_cors_headers() -> None:
    fault, lines = StripCorsOnErrors(), (ALLOW, STREAM, CREDENTIALS, (b"Vary", b"Origin"))
    for status, is_struck in ((200, False), (302, False), (399, False), (400, True), (503, True)):
        assert fault.applies(drive(fault).scene, response(*lines, status=status)) is is_struck
    assert head(fault, response(*lines, status=404)) == response(STREAM, lines[-1], status=404)


def test_only_streams_lose_their_cors_headers() -> None:
    fault = StripCorsOnStream()
    assert not fault.applies(drive(fault).scene, response((b"Content-Type", b"text/plain"), ALLOW))
    assert not fault.applies(drive(fault).scene, response(STREAM))


def test_names_are_listed_where_they_have_no_effect() -> None:
    fault = ExposeOnPreflightOnly()
    start = response(*UNTOUCHED, ALLOW)
    for scene, added in (
        ({"expose": ("X-A", "X-B")}, (NAME, b"X-A, X-B")),
        ({"memory": {"listed": b"X-Id"}}, (NAME, b"X-Id")),
    ):
        assert fault.applies(drive(fault, PREFLIGHT, **scene).scene, start)
        assert head(fault, start, PREFLIGHT, **scene).headers == (*start.headers, added)
        there = response(EXPOSE)
        assert not fault.applies(drive(fault, PREFLIGHT, **scene).scene, there)
    assert not fault.applies(drive(fault, PREFLIGHT).scene, start)
    options = RequestStart(b"OPTIONS", b"/", ())
    assert not fault.applies(drive(fault, options, expose=("X-A",)).scene, response(EXPOSE))


def test_what_was_left_out_is_remembered_for_preflights() -> None:
    fault, memory = ExposeOnPreflightOnly(), dict[str, Any]()
    head(fault, response(EXPOSE, MORE), memory=memory)
    assert head(fault, response(), PREFLIGHT, memory=memory).headers == ((NAME, b"X-Id, X-B , x-c"),)


@pytest.mark.parametrize(
    ("code", "more"),
    [
        (401, ((b"WWW-Authenticate", b"Bearer"),)),
        (403, ()),
        (404, ()),
        (405, ((b"Allow", b"GET, HEAD, POST, PUT, PATCH, DELETE"),)),
    ],
)
def test_a_refused_preflight_has_no_cors_headers(code: Any, more: Headers) -> None:
    fault = RefusePreflight(code=code)
    came = response(*UNTOUCHED, ALLOW, METHODS, status=204)
    run = drive(fault, PREFLIGHT)
    assert fault.applies(run.scene, came)
    assert not fault.applies(drive(fault).scene, came)
    (start,) = run.feed(came)
    assert isinstance(start, ResponseStart)
    assert start.status == code
    assert start.headers == (UNTOUCHED[0], *more, (b"Content-Length", b"0"))
    assert run.feed(End()) == [End()]


def test_a_refused_preflight_may_have_a_short_body() -> None:
    run = drive(RefusePreflight(body="no"), PREFLIGHT)
    text = ((b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"2"))
    assert run.feed(response(ALLOW)) == [ResponseStart(403, b"Forbidden", text), Data(b"no")]


@pytest.mark.parametrize(
    ("settings", "came", "left"),
    [
        ({}, (METHODS, ALLOWED), (METHODS, (ALLOWED[0], b"Content-Type, X-User-ID"))),
        ({"leave-out": "x-user-id"}, (ALLOWED,), ((ALLOWED[0], b"Authorization, Content-Type"),)),
        ({"leave-out": "POST"}, (METHODS, ALLOWED), ((METHODS[0], b"GET"), ALLOWED)),
        ({}, ((ALLOWED[0], b"authorization"), METHODS, (ALLOWED[0], b"b")), (METHODS, (ALLOWED[0], b"b"))),
        ({}, ((ALLOWED[0], b"*"), METHODS), ((ALLOWED[0], b"content-type, x-user-id"), METHODS)),
        ({"leave-out": "POST"}, ((METHODS[0], b"*"), ALLOWED), (ALLOWED,)),
    ],
)
def test_a_thin_preflight_lacks_one_name(settings: dict[str, Any], came: Headers, left: Headers) -> None:
    fault, start = ThinPreflight.model_validate(settings), response(*UNTOUCHED, *came)
    assert fault.applies(drive(fault, PREFLIGHT).scene, start)
    assert head(fault, start, PREFLIGHT).headers == (*UNTOUCHED, *left)
    assert not fault.applies(drive(fault).scene, start)


def test_without_headers_asked_for_the_method_is_left_out() -> None:
    lines = tuple(line for line in PREFLIGHT.headers if not line[0].endswith(b"-Headers"))
    request = RequestStart(b"OPTIONS", b"/", lines)
    left = head(ThinPreflight(), response(METHODS, ALLOWED), request)
    assert left.headers == ((METHODS[0], b"GET"), ALLOWED)


@pytest.mark.parametrize(
    ("settings", "came"),
    [
        ({"leave-out": "X-None"}, (METHODS, ALLOWED)),
        ({"leave-out": "X-None"}, ((ALLOWED[0], b"*"),)),
        ({}, (METHODS,)),
    ],
)
def test_a_preflight_without_the_name_is_not_struck(settings: dict[str, Any], came: Headers) -> None:
    fault = ThinPreflight.model_validate(settings)
    assert not fault.applies(drive(fault, PREFLIGHT).scene, response(*came))


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        (ReplaceExpose, {"value": ()}, "at least 1 item"),
        (ReplaceExpose, {"value": ("a b",)}, "'a b' is no field name"),
        (BadExposeGrammar, {"value": "X-A, X-B"}, "'X-A, X-B' is a list of names"),
        (BadExposeGrammar, {"value": ""}, "'' is a list of names"),
        (WrongOrigin, {"how": "other"}, 'value is for how = "other" alone, which needs it'),
        (WrongOrigin, {"how": "null", "value": "a"}, 'value is for how = "other" alone, which needs it'),
        (DuplicateOrigin, {"value": "\n"}, "is no field value"),
        (RefusePreflight, {"code": 402}, "Input should be 401, 403, 404 or 405"),
        (ThinPreflight, {"leave-out": "a,b"}, "'a,b' is no field name"),
        (StripExpose, {"on": "request"}, "not permitted"),
    ],
)
def test_bad_settings_are_told_in_one_line(kind: type[Fault], settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(settings)
    error, *_ = caught.value.errors()
    assert says in error["msg"]
    assert "\n" not in error["msg"]
