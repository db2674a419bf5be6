"""Answers that say the same have no differences; each difference is named by its field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Abort, Breaker, Event, Manner, Side
from replay.resending.comparing import compare
from replay.resending.differences import Volatile
from replay.resending.likeness import Likeness, Marks
from replay.resending.sequence import Way
from tests.replay.resending.build import JSON, SSE, exchange, put_together, sse

OLD, NEW = "0b2f6c0e-5a53-4c3e-9a44-0f3e7d1c2b3a", "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
TEXTS = ("You", " asked", ":", " why", "?")


def found(
    recorded: list[Event],
    new: list[Event],
    bound: dict[str, str] | None = None,
    **more: Any,
) -> list[tuple[str, str, str | None, str | None]]:
    likeness = Likeness(bound or {})
    differences = compare(put_together(recorded)[1], put_together(new)[1], likeness, **more)
    return [(each.where, each.way.value, each.recorded, each.new) for each in differences]


def bodies(old: object, new: object, bound: dict[str, str] | None = None, **more: Any) -> list[Any]:
    made = [exchange(1, 0, "GET /", answer=json.dumps(each).encode()) for each in (old, new)]
    return found(made[0], made[1], bound, **more)


def heads(old: list[tuple[bytes, bytes]], new: list[tuple[bytes, bytes]], **more: Any) -> list[Any]:
    made = [exchange(1, 0, "GET /", answer_fields=each) for each in (old, new)]
    return found(made[0], made[1], **more)


def streams(old: list[tuple[str, str]], new: list[tuple[str, str]], *, left: bool = False) -> list[Any]:
    made = [exchange(1, 0, "GET /", answer=sse(*each), answer_fields=[SSE], left=left) for each in (old, new)]
    return found(made[0], made[1])


def chunks(*texts: str) -> list[tuple[str, str]]:
    return [("chunk", json.dumps({"text": text})) for text in texts]


DONE = ("done", '{"tokensUsed": 5}')


def test_a_status_that_changed() -> None:
    new = exchange(1, 0, "GET /", status=503)
    assert found(exchange(1, 0, "GET /"), new) == [("status", "changed", "200", "503")]


def test_json_is_compared_by_field() -> None:
    old = {"a": 1, "b": {"c": "x", "d": True}, "e": [1, 2]}
    new = {"a": 1, "b": {"c": "y", "f": None}, "e": [1, 3]}
    assert bodies(old, new) == [
        ("JSON b.c", "changed", '"x"', '"y"'),
        ("JSON b.d", "missing", "true", None),
        ("JSON b.f", "extra", None, "null"),
        ("JSON e.1", "changed", "2", "3"),
    ]


def test_an_item_of_a_list_that_is_gone_is_one_difference() -> None:
    assert bodies([{"n": 1}, {"n": 2}, {"n": 3}], [{"n": 1}, {"n": 3}]) == [
        ("JSON 1", "missing", '{"n": 2}', None)
    ]


def test_what_differs_in_every_run_is_no_difference() -> None:
    old = {"id": OLD, "at": "2025-01-31T12:00:00.123Z", "ms": 1732312345678}
    new = {"id": NEW, "at": "2026-11-01T00:10:20.456Z", "ms": 1795655296857}
    assert bodies(old, new) == []
    assert bodies(old, {**new, "at": "tomorrow"}) == [
        ("JSON at", "changed", '"2025-01-31T12:00:00.123Z"', '"tomorrow"')
    ]


def test_a_bound_value_must_be_the_one_that_was_issued() -> None:
    assert bodies({"id": OLD}, {"id": NEW}, {OLD: NEW}) == []
    assert bodies({"id": OLD}, {"id": OTHER}, {OLD: NEW}) == [
        ("JSON id", "changed", f'"{NEW}"', f'"{OTHER}"')
    ]
    text = {"m": f"no session {OLD} here"}
    assert bodies(text, {"m": f"no session {NEW} here"}, {OLD: NEW}) == []


def test_where_a_value_is_issued_any_of_its_form_will_do() -> None:
    marks = Marks(frozenset({"JSON id", "JSON n"}))
    assert bodies({"id": OLD, "n": 7}, {"id": NEW, "n": 12}, {OLD: NEW}, marks=marks) == []
    (difference,) = bodies({"id": OLD}, {"id": f'"{NEW}"'}, marks=marks)
    assert difference[0] == "JSON id"


def test_a_short_value_is_bound_at_its_places_alone() -> None:
    marks = Marks(bound={"JSON cart": {"7": "12"}})
    assert bodies({"cart": 7, "count": 7}, {"cart": 12, "count": 7}, marks=marks) == []
    (difference,) = bodies({"cart": 7}, {"cart": 7}, marks=marks)
    assert difference[0] == "JSON cart"


def test_headers_of_the_moment_and_of_the_framing_s_length_are_left_out() -> None:
    old = [(b"Date", b"a"), (b"Content-Length", b"10"), (b"X-A", b"1"), (b"Vary", b"Origin")]
    new = [(b"vary", b"Origin"), (b"Date", b"b"), (b"Content-Length", b"12"), (b"x-a", b"1")]
    assert heads(old, new) == []


def test_headers_that_changed_are_missing_or_new() -> None:
    old = [(b"X-A", b"1"), (b"X-B", b"1"), (b"X-D", b"1")]
    new = [(b"X-A", b"2"), (b"X-C", b"1"), (b"X-D", b"1"), (b"X-D", b"1")]
    assert heads(old, new) == [
        ("header x-a", "changed", "1", "2"),
        ("header x-b", "missing", "1", None),
        ("header x-d", "changed", "1", "1, 1"),
        ("header x-c", "extra", None, "1"),
    ]


def test_another_framing_is_a_difference_within_one_version_of_http() -> None:
    assert heads([(b"Transfer-Encoding", b"chunked")], [(b"Content-Length", b"0")]) == [
        ("header transfer-encoding", "missing", "chunked", None),
        ("header content-length", "extra", None, "0"),
    ]


def test_cookies_are_compared_one_by_one_with_their_attributes() -> None:
    old = [(b"Set-Cookie", f"sid={OLD}; Path=/; HttpOnly".encode()), (b"Set-Cookie", b"a=1")]
    new = [(b"Set-Cookie", b"a=1"), (b"Set-Cookie", f"sid={NEW}; HttpOnly; Path=/".encode())]
    assert heads(old, new) == []
    assert heads(old, [(b"Set-Cookie", f"sid={NEW}; Path=/".encode()), (b"Set-Cookie", b"a=1")]) == [
        ("cookie sid", "changed", f"{OLD}; HttpOnly; Path=/", f"{NEW}; Path=/")
    ]


@given(st.data())
def test_an_event_that_is_missing_extra_changed_or_elsewhere_is_named(data: st.DataObject) -> None:
    old = [*chunks(*TEXTS), DONE]
    way = data.draw(st.sampled_from(Way))
    at = data.draw(st.integers(0, len(TEXTS) - 2))
    new = list(old)
    if way is Way.MISSING:
        del new[at]
    elif way is Way.EXTRA:
        new.insert(at, ("ping", "{}"))
    elif way is Way.CHANGED:
        new[at] = chunks("planted")[0]
    else:
        new[at], new[at + 1] = new[at + 1], new[at]
    (difference,) = streams(old, new)
    assert difference[1] == way.value
    number = int(difference[0].split(" ")[1])
    assert number in ((at + 1, at + 2) if way is Way.REORDERED else (at + 1,))
    if way is Way.CHANGED:
        assert difference == (f"event {at + 1} chunk: text", "changed", json.dumps(TEXTS[at]), '"planted"')


def test_a_stream_that_its_client_left_is_compared_as_far_as_it_went() -> None:
    old, new = chunks(*TEXTS[:3]), chunks(*TEXTS)
    assert streams(old, new, left=True) == []
    assert streams(old, new) != []
    assert streams(old, chunks("You", "!", ":", " why"), left=True) == [
        ("event 2 chunk: text", "changed", '" asked"', '"!"')
    ]


def test_events_that_nothing_ends_are_told() -> None:
    old = exchange(1, 0, "GET /", answer=sse(DONE), answer_fields=[SSE])
    new = exchange(1, 0, "GET /", answer=sse(DONE) + b"data: cut", answer_fields=[SSE])
    assert found(old, new) == [("end of the events", "extra", None, "data: cut")]


def test_an_answer_that_breaks_off_is_told_with_the_reason() -> None:
    broken = exchange(1, 0, "GET /", answer=b"{}")[:-1]
    broken.append(Abort(1, Side.BOTH, 9_000, Breaker.SERVER, Manner.CLOSED, "peer left"))
    assert found(exchange(1, 0, "GET /", answer=b"{}"), broken) == [
        ("outcome", "changed", "complete", "server-abort (peer left)")
    ]


def test_times_differ_only_where_that_is_asked_for() -> None:
    slow = exchange(1, 0, "GET /", takes=900_000)
    assert found(exchange(1, 0, "GET /"), slow) == []
    where = [each[0] for each in found(exchange(1, 0, "GET /"), slow, timing=True)]
    assert where == ["time first byte", "time duration"]


def test_secrets_are_compared_as_being_there_and_never_shown() -> None:
    likeness = Likeness(
        {}, old_tokens=frozenset({"redacted~abcdefgh"}), new_tokens=frozenset({"redacted~ijklmnop"})
    )
    made = [
        exchange(1, 0, "GET /", answer=json.dumps(each).encode())
        for each in ({"token": "redacted~abcdefgh"}, {"token": "redacted~ijklmnop"}, {"token": "x"})
    ]
    recorded, same, other = (put_together(each)[1] for each in made)
    assert list(compare(recorded, same, likeness)) == []
    (difference,) = compare(recorded, other, likeness)
    assert (difference.recorded, difference.new) == ('"(secret)"', '"x"')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_equal_answers_never_differ(value: object) -> None:
    assert bodies(value, value) == []


@pytest.mark.parametrize(
    ("ignored", "name", "left_out"),
    [
        ("JSON items.0.at", "JSON items.7.at", True),
        ("JSON meta", "JSON meta.deep.er", True),
        ("JSON meta", "JSON metadata", False),
        ("event chunk: text", "event chunk: text", True),
        ("event chunk: text", "event chunk: id", False),
        ("header x-a", "header x-b", False),
    ],
)
def test_a_field_that_is_left_out_covers_what_is_below_it(ignored: str, name: str, left_out: bool) -> None:
    volatile = Volatile()
    volatile.ignore(ignored)
    assert volatile.has("GET /", name) is left_out
    learned = Volatile()
    learned.learn("GET /", ignored)
    assert learned.has("GET /", name) is left_out
    assert not learned.has("GET /other", name)


def test_json_as_text_stays_json_whatever_the_media_type_says() -> None:
    fields = [(b"Content-Type", b"text/plain")]
    made = [exchange(1, 0, "GET /", answer=each, answer_fields=fields) for each in (b"one", b"two")]
    assert found(made[0], made[1]) == [("body", "changed", "one", "two")]
    assert JSON[1] == b"application/json"
