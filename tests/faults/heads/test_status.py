"""An answer of the hop's own in the place of the service's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from faults.heads.status import Status
from faults.parts import Cut, Data, End, RequestStart, ResponseStart
from faults.scene import What
from tests.faults.support import (
    ID,
    ID_HEADER,
    REQUEST,
    UNTOUCHED,
    body_of,
    drive,
    head,
    is_complete,
    response,
    rewritten,
)

CORS = (
    (b"access-control-Allow-Origin", b"https://app.example"),
    (b"Access-Control-Expose-Headers", b"X-Id"),
    (b"vary", b"Origin"),
)
JSON = (b"Content-Type", b"application/json")
CAME = response(
    UNTOUCHED[0],
    (b"Content-Type", b"text/html"),
    (b"Content-Encoding", b"gzip"),
    (ID_HEADER.encode(), ID),
    *CORS,
    (b"Transfer-Encoding", b"chunked"),
)
STREAM = response((b"Content-Type", b"text/event-stream"), *CORS)
BODY = b'{"message":"Service Unavailable"}'


def test_head_and_body_leave_at_once_and_the_end_with_the_services() -> None:
    run = drive(Status(code=503))
    length = (b"Content-Length", b"%d" % len(BODY))
    lines = (UNTOUCHED[0], *CORS, JSON, length)
    assert run.feed(CAME) == [ResponseStart(503, b"Service Unavailable", lines), Data(BODY)]
    assert run.feed(Data(b"<html>")) == []
    assert run.feed(End(((b"X-Trailer", b"a"),))) == [End()]


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=9))
def test_however_the_body_comes_the_journal_tells_what_became_of_it(chunks: list[bytes]) -> None:
    run = drive(Status(code=429, body="slow down", content_type="text/plain"))
    run.feed(CAME, *map(Data, chunks), End())
    assert body_of(run.parts) == b"slow down"
    assert is_complete(run.parts)
    assert rewritten(b"".join(chunks), run.changes) == b"slow down"


def test_an_event_stream_is_over_at_once() -> None:
    run = drive(Status(code=503))
    assert [type(part) for part in run.feed(STREAM)] == [ResponseStart, Data, End]
    assert run.pipeline.is_over
    assert run.feed(Data(b"data: a\n\n"), End()) == []
    assert run.noted.count(What.END) == 1
    assert rewritten(b"data: a\n\n", run.changes) == BODY


def test_cors_headers_can_go_with_the_rest() -> None:
    run = drive(Status(code=502, body="", cors="drop"))
    lines = (UNTOUCHED[0], JSON, (b"Content-Length", b"0"))
    assert run.feed(CAME) == [ResponseStart(502, b"Bad Gateway", lines)]


def test_an_answer_to_head_has_no_body() -> None:
    run = drive(Status(code=503), RequestStart(b"HEAD", b"/", REQUEST.headers))
    (start,) = run.feed(CAME)
    assert isinstance(start, ResponseStart)
    assert start.headers[-1] == (b"Content-Length", b"%d" % len(BODY))
    assert run.feed(End()) == [End()]


def test_a_status_without_a_reason_and_a_cut_by_the_service() -> None:
    left = head(Status(code=599, body=""), CAME)
    assert isinstance(left, ResponseStart)
    assert (left.status, left.reason) == (599, b"")
    run = drive(Status(code=599))
    assert body_of(run.feed(CAME)) == b'{"message":"Error 599"}'
    assert run.feed(Cut(by_peer=True)) == [Cut(by_peer=True)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"code": 399}, "greater than or equal to 400"),
        ({"code": 600}, "less than or equal to 599"),
        ({}, "Field required"),
        ({"code": 500, "content-type": "a\nb"}, "is no field value"),
        ({"code": 500, "cors": "add"}, "'keep' or 'drop'"),
    ],
)
def test_bad_settings_are_told_in_one_line(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Status.model_validate(settings)
    assert [says in error["msg"] for error in caught.value.errors()] == [True]
