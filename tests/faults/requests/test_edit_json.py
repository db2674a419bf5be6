import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from faults.parts import Cut, Data, End
from faults.pipeline import Pipeline
from faults.requests.whole_request import LIMIT
from faults.scene import What
from tests.faults.requests.driving import Run, cut_up, drive, fault, post

BODY = b'{ "completeResponse":"\xc3\xa9", "streamingSessionId" :  "stream-1", "tokensUsed": 3 }'
PATH = "streamingSessionId"


def edited(
    body: bytes = BODY, *, memory: dict[str, Any] | None = None, scope: str = "s1", **settings: Any
) -> Run:
    return drive(fault("edit-json", **settings), [body], memory=memory, scope=scope, echo_path=PATH)


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"do": "set", "value": "stream-99"}, b'"stream-99"'),
        ({"do": "set", "value": ""}, b'""'),
        ({"do": "set", "value": {"a": [1, 2.5, True]}}, b'{"a": [1, 2.5, true]}'),
        ({"do": "set", "value": "\u00e9\n"}, b'"\\u00e9\\n"'),
        ({"do": "null"}, b"null"),
    ],
)
@pytest.mark.parametrize("path", [None, PATH])
def test_the_value_alone_is_another(settings: dict[str, Any], value: bytes, path: str | None) -> None:
    if path:
        settings = {**settings, "path": path}
    run = edited(**settings)
    assert run.body == BODY.replace(b'"stream-1"', value)
    assert run.applied(BODY) == run.body
    assert run.notes(What.BODY) == [PATH]
    assert run.notes(What.HEADER) == (["Content-Length"] if len(run.body) != len(BODY) else [])
    came = post(len(BODY)).headers
    assert run.headers == (*came[:3], came[4], (b"Content-Length", b"%d" % len(run.body)))
    assert run.left[-1] == End()


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("completeResponse", b'{ "streamingSessionId" :  "stream-1", "tokensUsed": 3 }'),
        (PATH, b'{ "completeResponse":"\xc3\xa9", "tokensUsed": 3 }'),
        ("tokensUsed", b'{ "completeResponse":"\xc3\xa9", "streamingSessionId" :  "stream-1" }'),
    ],
)
def test_a_member_is_taken_out_with_its_name_and_a_comma(path: str, left: bytes) -> None:
    run = edited(do="remove", path=path)
    assert run.body == left
    assert run.applied(BODY) == left


def test_a_body_in_chunks_gets_a_length_and_trailers_stay() -> None:
    body = b'{"a":{"b":[{"c":1}]}}'
    start = post(0, content_length="", transfer_encoding="chunked", content_type="application/x+json")
    last = End(((b"X-Sum", b"1"),))
    run = drive(fault("edit-json", path="a.b[0].c", do="null"), [body], start=start, last=last)
    assert run.body == b'{"a":{"b":[{"c":null}]}}'
    assert (b"Content-Length", b"24") in run.headers
    assert not any(name.lower() == b"transfer-encoding" for name, _ in run.headers)
    assert run.left[-1] == last


@given(st.lists(st.integers(0, len(BODY)), max_size=6))
def test_chunks_make_no_difference(places: list[int]) -> None:
    run = drive(fault("edit-json", path=PATH, do="set", value=7), cut_up(BODY, places))
    assert run.body == BODY.replace(b'"stream-1"', b"7")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"other": 1}', "there is no streamingSessionId in the body"),
        (b"[1]", "there is no streamingSessionId in the body"),
        (b"", "the body is no JSON"),
        (b'{"streamingSessionId": 1', "the body is no JSON"),
        (b'\xef\xbb\xbf{"streamingSessionId": 1}', "the body is no JSON"),
        (b'{"streamingSessionId": "\xff"}', "the body is not UTF-8"),
    ],
)
def test_what_has_no_such_value_passes_as_it_came(body: bytes, told: str) -> None:
    run = edited(body, do="null")
    assert run.left == [post(len(body)), *([Data(body)] if body else []), End()]
    assert [change.what for change in run.journal] == [What.PASSED]
    assert run.notes(What.PASSED) == [told]


def test_what_is_compressed_or_too_long_passes_as_it_came() -> None:
    body = gzip.compress(BODY)
    start = post(len(body), content_encoding="gzip")
    run = drive(fault("edit-json", path=PATH, do="null"), [body], start=start)
    assert run.left == [start, Data(body), End()]
    assert run.notes(What.PASSED) == ["the body is compressed (gzip)"]
    long = [b"x" * LIMIT, b"y", b"z"]
    run = drive(fault("edit-json", path=PATH, do="null"), long)
    assert run.left == [post(LIMIT + 2), *map(Data, long), End()]
    assert [at for at, _ in run.parts] == [20_000, 20_000, 20_000, 30_000, 30_000]
    assert run.notes(What.PASSED) == ["the body is longer than 1048576 bytes"]


def test_a_body_of_just_the_limit_is_edited() -> None:
    body = b'{"a":"' + b"x" * (LIMIT - 8) + b'"}'
    assert drive(fault("edit-json", path="a", do="set", value=1), [body]).body == b'{"a":1}'


def ids(memory: dict[str, Any], do: str, *sent: tuple[str, str]) -> list[str]:
    """What is left of the IDs that are sent by scopes."""
    found = []
    for scope, value in sent:
        run = edited(json.dumps({PATH: value}).encode(), memory=memory, scope=scope, do=do)
        found.append(json.loads(run.body)[PATH])
    return found


def test_stale_is_the_value_before_in_the_same_scope_though_requests_are_sent_again() -> None:
    sent = [("s1", "a"), ("s2", "x"), ("s1", "b"), ("s1", "b"), ("s2", "y"), ("s1", "c")]
    assert ids({}, "stale", *sent) == ["a", "x", "a", "a", "x", "b"]


def test_foreign_is_the_newest_value_of_another_scope() -> None:
    sent = [("s1", "a"), ("s2", "x"), ("s1", "b"), ("s3", "p"), ("s2", "y"), ("s2", "z")]
    assert ids({}, "foreign", *sent) == ["a", "a", "x", "b", "p", "p"]


def test_no_value_is_known_at_first() -> None:
    for do in ("stale", "foreign"):
        run = edited(do=do)
        assert run.body == BODY
        assert run.notes(What.PASSED) == [f"no {do} value is known yet"]


def test_values_are_not_remembered_without_end() -> None:
    memory: dict[str, Any] = {}
    ids(memory, "stale", *((f"s{number}", "a") for number in range(10_050)))
    assert len(memory["scopes"]) == 10_000
    assert ids(memory, "stale", ("s49", "b"), ("s50", "b"), ("s10049", "b")) == ["b", "b", "a"]


def test_it_is_about_json_with_a_place_to_look_at() -> None:
    run = edited(do="null")
    by_default, by_path = fault("edit-json", do="null"), fault("edit-json", do="null", path="x")
    assert by_default.applies(run.scene, post(1))
    assert not by_default.applies(run.scene, post(1, content_type="text/plain"))
    run.scene.echo_path = ""
    assert not by_default.applies(run.scene, post(1))
    assert by_path.applies(run.scene, post(1, content_type="application/merge-patch+json; a=b"))


def test_who_leaves_early_leaves_nothing_behind_and_what_is_given_up_passes() -> None:
    what = fault("edit-json", path=PATH, do="null")
    assert drive(what, [BODY], last=Cut(by_peer=True)).left == [Cut(by_peer=True)]
    scene = edited(do="null").scene
    pipeline = Pipeline([what.stage(scene)], "HTTP/1.1")
    start = post(len(BODY))
    assert [*pipeline.feed(start, 0), *pipeline.feed(Data(BODY[:9]), 0)] == []
    assert pipeline.waits_for_more
    assert pipeline.give_up(0, 5) == [start, Data(BODY[:9])]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "Field required"),
        ({"do": "drop"}, "should be 'set', 'remove', 'null', 'stale' or 'foreign'"),
        ({"do": "set"}, "a value goes with set, and with nothing else"),
        ({"do": "null", "value": 1}, "a value goes with set, and with nothing else"),
        ({"do": "set", "value": float("nan")}, "JSON has no such value"),
        ({"do": "null", "path": "a..b"}, "'a..b' is no path; one is written like a.b[0].c"),
        ({"do": "null", "path": ""}, "'' is no path; one is written like a.b[0].c"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        fault("edit-json", **settings)
    (problem,) = caught.value.errors()
    assert told in problem["msg"]
