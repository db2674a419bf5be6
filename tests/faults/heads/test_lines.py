"""Faults that change field lines: exact lines out, and every other line as it was."""

from typing import Any

import pytest
from pydantic import ValidationError

from contract.events import Headers, Message
from faults.heads.duplicate_header import DuplicateHeader
from faults.heads.head_fault import FieldsFault
from faults.heads.keep_only import KeepOnly
from faults.heads.nominate_header import NominateHeader
from faults.heads.recase_header import RecaseHeader
from faults.heads.rename_header import RenameHeader
from faults.heads.set_header import SetHeader
from faults.heads.strip_header import StripHeader
from faults.parts import RequestStart
from tests.faults.support import REQUEST, UNTOUCHED, head, response

A, B = (b"X-Id", b"a"), (b"x-iD", b"b")
FRAMING = ((b"content-length", b"0"), (b"Transfer-Encoding", b"chunked"))
CLOSE = (b"connection", b"close")

CASES: list[tuple[FieldsFault, Headers, Headers]] = [
    (StripHeader(names=("x-ID",)), (A, B), ()),
    (RenameHeader(header="X-ID", to="X-New"), (A, B), ((b"X-New", b"a"), (b"X-New", b"b"))),
    (RenameHeader(header="x-id", to="X-ID"), (A,), ((b"X-ID", b"a"),)),
    (RenameHeader(header="x-i", to="X-New"), (A,), (A,)),
    (SetHeader(header="x-id", value="c"), (A, B), ((b"X-Id", b"c"),)),
    (SetHeader(header="X-ID", value=""), (B,), ((b"x-iD", b""),)),
    (SetHeader(header="X-Id", value="a"), (A,), (A,)),
    (RecaseHeader(style="lower", names=("x-id",)), (A, B), ((b"x-id", b"a"), (b"x-id", b"b"))),
    (RecaseHeader(style="upper", names=("x-id",)), (A, B), ((b"X-ID", b"a"), (b"X-ID", b"b"))),
    (RecaseHeader(style="title", names=("x-id",)), (A, B), ((b"X-Id", b"a"), (b"X-Id", b"b"))),
    (DuplicateHeader(header="x-id"), (A, B), (A, A, B)),
    (DuplicateHeader(header="X-ID", value="c"), (B, A), (B, (b"x-iD", b"c"), A)),
    (DuplicateHeader(header="x-id", value=""), (A,), (A, (b"X-Id", b""))),
    (DuplicateHeader(header="x-none"), (A,), (A,)),
    (NominateHeader(names=("X-Id", "X-B")), (A, CLOSE), (A, (b"connection", b"close, X-Id, X-B"))),
    (NominateHeader(names=("X-Id",)), (CLOSE, (b"Connection", b"a")), (CLOSE, (b"Connection", b"a, X-Id"))),
    (NominateHeader(names=("X-Id",)), ((b"Connection", b" "),), ((b"Connection", b"X-Id"),)),
    (NominateHeader(names=("X-Id",)), ((b"Connection", b"x-iD,close"),), ((b"Connection", b"x-iD,close"),)),
]


@pytest.mark.parametrize(("fault", "came", "left"), CASES)
@pytest.mark.parametrize("at_end", [False, True])
def test_the_lines_are_these_and_all_others_are_as_they_were(
    fault: FieldsFault, came: Headers, left: Headers, at_end: bool
) -> None:
    def among(lines: Headers) -> Headers:
        return (*UNTOUCHED, *lines) if at_end else (*lines, *UNTOUCHED)

    assert head(fault, response(*among(came))).headers == among(left)


@pytest.mark.parametrize(
    ("fault", "added"),
    [
        (SetHeader(header="X-NEW", value="v"), (b"X-NEW", b"v")),
        (NominateHeader(names=("X-Id", "b")), (b"Connection", b"X-Id, b")),
    ],
)
def test_what_is_not_there_is_added_at_the_end(fault: FieldsFault, added: tuple[bytes, bytes]) -> None:
    assert head(fault, response(*UNTOUCHED)).headers == (*UNTOUCHED, added)


@pytest.mark.parametrize(
    ("style", "names"),
    [
        ("lower", (b"date", b"x-odd", b"x-odd", b"x-odd")),
        ("upper", (b"DATE", b"X-ODD", b"X-ODD", b"X-ODD")),
        ("title", (b"Date", b"X-Odd", b"X-Odd", b"X-Odd")),
    ],
)
def test_all_names_are_recased_where_none_is_given(style: Any, names: tuple[bytes, ...]) -> None:
    left = head(RecaseHeader(style=style), response(*UNTOUCHED)).headers
    assert left == tuple(zip(names, [value for _, value in UNTOUCHED], strict=True))


def test_only_the_listed_lines_and_the_framing_stay() -> None:
    came = response(*UNTOUCHED, A, *FRAMING, (b"Content-Type", b"text/plain"), B)
    assert head(KeepOnly(names=("X-ID", "Date")), came).headers == (UNTOUCHED[0], A, *FRAMING, B)
    assert head(KeepOnly(names=()), came).headers == FRAMING


@pytest.mark.parametrize("fault", [RecaseHeader(style="upper"), NominateHeader(names=("X-Id",))])
def test_http2_gets_neither_other_letters_nor_connection(fault: FieldsFault) -> None:
    for came in (response((b"x-id", b"a")), REQUEST):
        assert head(fault, came, version="HTTP/2.0") == came
    assert head(fault, came, version="HTTP/1.1") != came


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (StripHeader, {"names": ("cookie",)}),
        (RenameHeader, {"header": "cookie", "to": "X-Cookie"}),
        (SetHeader, {"header": "cookie", "value": "a=b"}),
        (RecaseHeader, {"style": "lower", "names": ("cookie",)}),
        (DuplicateHeader, {"header": "cookie"}),
        (NominateHeader, {"names": ("cookie",)}),
    ],
)
def test_requests_are_changed_alike(kind: type[FieldsFault], settings: dict[str, Any]) -> None:
    fault = kind.model_validate({"on": "request"} | settings)
    assert fault.message is Message.REQUEST
    left = head(fault, REQUEST)
    assert isinstance(left, RequestStart)
    assert (left.method, left.target) == (REQUEST.method, REQUEST.target)
    assert left.headers != REQUEST.headers
    assert [line for line in left.headers if line in REQUEST.headers[:2]] == list(REQUEST.headers[:2])


def test_status_and_reason_are_as_they_were() -> None:
    came = response(A, status=299)
    assert head(RenameHeader(header="X-Id", to="b"), came) == response((b"b", b"a"), status=299)


@pytest.mark.parametrize(
    ("kind", "settings", "says"),
    [
        (RenameHeader, {"header": "a b", "to": "c"}, "'a b' is no field name"),
        (RenameHeader, {"header": "a", "to": ""}, "'' is no field name"),
        (SetHeader, {"header": "a", "value": "b\r\nc: d"}, "is no field value"),
        (DuplicateHeader, {"header": "a", "value": "é"}, "'é' is no field value"),
        (NominateHeader, {"names": ()}, "at least 1 item"),
        (RecaseHeader, {"style": "camel"}, "'lower', 'upper' or 'title'"),
        (KeepOnly, {"names": (), "on": "request"}, "not permitted"),
        (SetHeader, {"header": "a", "value": "b", "valeu": "c"}, "not permitted"),
    ],
)
def test_bad_settings_are_told_in_one_line(
    kind: type[FieldsFault], settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(settings)
    (error,) = caught.value.errors()
    assert says in error["msg"]
    assert "\n" not in error["msg"]
