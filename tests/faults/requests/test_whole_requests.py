"""drop-request, repeat-request, delay-request, consume-body."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.events import Message
from faults.parts import Cut, Data, End, Ending, Instead, Part, Repeat, RequestStart
from faults.pipeline import Pipeline
from faults.registry import KINDS
from faults.requests.whole_request import LIMIT
from faults.scene import What
from tests.faults.requests.driving import MS, cut_up, drive, fault, post

CHUNKS = [b'{"a":', b"1}"]
WHOLE: list[Part] = [post(7), Data(CHUNKS[0]), Data(CHUNKS[1]), End()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.family == "requests"])
def test_all_of_them_are_about_requests(kind: Any) -> None:
    assert kind.message.fget(None) is Message.REQUEST


@pytest.mark.parametrize(("then", "left"), [("hang", []), ("close", [Cut(Ending.CLOSE)])])
def test_a_dropped_request_gets_no_further(then: str, left: list[Part]) -> None:
    run = drive(fault("drop-request", then=then), CHUNKS)
    assert run.left == left
    assert [change.what for change in run.journal] == [What.END]
    assert fault("drop-request") == fault("drop-request", then="hang")


@pytest.mark.parametrize("then", ["504", 504])
def test_a_gateway_may_answer_a_dropped_request(then: object) -> None:
    run = drive(fault("drop-request", then=then), CHUNKS)
    ((at, answer),) = run.parts
    assert isinstance(answer, Instead)
    assert (at, answer.start.status, answer.body) == (0, 504, b"504 Gateway Timeout\n")
    assert (b"Content-Length", b"20") in answer.start.headers
    assert run.notes(What.END) == ["answered with 504 in the service's place"]


@pytest.mark.parametrize(("settings", "after"), [({}, 50), ({"after": "2 s"}, 2000), ({"after": "0 s"}, 0)])
def test_a_copy_is_sent_ahead(settings: dict[str, str], after: int) -> None:
    run = drive(fault("repeat-request", **settings), CHUNKS)
    assert run.parts[0] == (20 * MS, Repeat(post(7), b'{"a":1}'))
    assert run.parts[1:] == [((20 + after) * MS, part) for part in WHOLE]
    assert run.notes(What.TIME) == [f"sent {after} ms after a copy of it"]
    assert len(run.journal) == 1


def test_what_is_too_long_is_sent_once() -> None:
    long = [b"x" * LIMIT, b"y"]
    run = drive(fault("repeat-request"), long)
    assert run.left == [post(LIMIT + 1), *map(Data, long), End()]
    assert run.notes(What.PASSED) == ["the body is longer than 1048576 bytes"]


def test_who_leaves_before_the_second_copy_is_sent_has_sent_one() -> None:
    pipeline = Pipeline([fault("repeat-request").stage(drive(fault("repeat-request"), []).scene)], "HTTP/1.1")
    left = [out for part in WHOLE for out in pipeline.feed(part, 0)]
    assert left == [Repeat(post(7), b'{"a":1}')]
    assert not pipeline.waits_for_more
    assert pipeline.feed(Cut(by_peer=True), 1) == [Cut(by_peer=True)]
    assert (pipeline.due, pipeline.held) == (None, 0)


def test_what_is_given_up_is_sent_at_once() -> None:
    pipeline = Pipeline([fault("repeat-request").stage(drive(fault("repeat-request"), []).scene)], "HTTP/1.1")
    for part in WHOLE:
        pipeline.feed(part, 0)
    assert pipeline.give_up(1, 5) == WHOLE


def test_all_parts_wait_for_the_same_time() -> None:
    run = drive(fault("delay-request", by="100 ms"), CHUNKS)
    times = (100, 110, 120, 120)
    assert run.parts == [(at * MS, part) for at, part in zip(times, WHOLE, strict=True)]
    assert run.notes(What.TIME) == ["head and body leave 100 ms later"]
    assert len(run.journal) == 1
    left = drive(fault("delay-request", by="15 ms"), CHUNKS, last=Cut(by_peer=True)).left
    assert left == [*WHOLE[:1], Cut(by_peer=True)]


@given(st.lists(st.integers(0, 7), max_size=5), st.booleans())
def test_no_body_gets_through(places: list[int], chunked: bool) -> None:
    body = b"".join(CHUNKS)
    start = post(0, content_length="7", **({"transfer_encoding": "chunked"} if chunked else {}))
    run = drive(fault("consume-body"), cut_up(body, places), start=start)
    kept = tuple(line for line in post(0).headers if line[0] != b"Content-Length")
    assert run.parts[0] == (0, RequestStart(b"POST", b"/update", (*kept, (b"Content-Length", b"0"))))
    assert run.left[1:] == [End()]
    assert run.applied(body) == b""


@pytest.mark.parametrize(
    ("fields", "version", "is_struck"),
    [
        ({"content_length": "7"}, "HTTP/1.1", True),
        ({"content_length": "0"}, "HTTP/1.1", False),
        ({"content_length": "00"}, "HTTP/2.0", False),
        ({"transfer_encoding": "chunked"}, "HTTP/1.1", True),
        ({}, "HTTP/1.1", False),
        ({}, "HTTP/2.0", True),
    ],
)
def test_only_what_has_a_body_can_lose_it(fields: dict[str, str], version: str, is_struck: bool) -> None:
    bare = (line for line in post(0).headers if line[0] != b"Content-Length")
    lines = ((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items())
    start = RequestStart(b"POST", b"/update", (*bare, *lines))
    what = fault("consume-body")
    scene = drive(what, [], start=start, version=version).scene
    assert what.applies(scene, start) is is_struck
    if version == "HTTP/2.0":
        assert not what.applies(scene, RequestStart(b"GET", b"/", ()))


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("drop-request", {"then": "502"}, "should be 'hang', 'close' or '504'"),
        ("repeat-request", {"after": 5}, "a time is written like"),
        ("delay-request", {"by": "0 s"}, "greater than 0"),
        ("delay-request", {}, "Field required"),
        ("consume-body", {"by": 1}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_cannot_be(kind: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        fault(kind, **settings)
    (problem,) = caught.value.errors()
    assert told in problem["msg"]
