"""Two requests are compared place by place; what is new each time, free, or a secret does not count."""

import gzip
import json
import time
import tomllib
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Headers
from contract.profile import Profile
from replay.matching import MOST_MATCHED, Comparison, Difference, Reader, Values, hashed, learned_free
from replay.recorded import Recorded
from tests.replay.playback.scenes import CHAT, FORM, asked

READER = Reader(CHAT)
UUIDS = "0f8fad5b-d9cd-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
STREAM = "/api/chat/sessions/s1/stream"
UPDATE = "/api/chat/sessions/s1/update-stream"
TEXT: tuple[bytes, bytes] = (b"Content-Type", b"text/plain")


def same(text: str) -> str:
    return text


def read(*request: Any, reader: Reader = READER, **more: Any) -> dict[str, str]:
    found = reader.read(asked(*request, **more))
    return {place: value for place, value in found.items() if not place.startswith("path ")}


def compare(mine: Values, its: Values, *, free: frozenset[str] = frozenset(), **more: Any) -> Comparison:
    return READER.compare(mine, its, more.pop("terms", same), free, more.pop("echoes", ()))


# Places


def test_a_path_is_read_by_segment_percent_decoded() -> None:
    assert READER.read(asked("GET", "/a/b%20c/?x=%C3%A9&y=1+2&e")) == {
        "path 1": "a",
        "path 2": "b c",
        "path 3": "",
        "query x": "é",
        "query y": "1 2",
        "query e": "",
    }


def test_names_that_come_again_are_numbered_in_their_order() -> None:
    assert read("GET", "/?t=1&t=2&u=3&&t=4") == {
        "query t": "1",
        "query t#2": "2",
        "query u": "3",
        "query t#3": "4",
    }
    assert compare(read("GET", "/?t=1&t=2"), read("GET", "/?t=2&t=1")).differences


def test_a_form_is_read_by_field() -> None:
    assert read("POST", "/", b"q=a+b&q=%26", (FORM,)) == {"form q": "a b", "form q#2": "&"}


def test_json_is_read_by_leaf_with_what_is_empty() -> None:
    value = {"a": {"b": [1, {"c": None}], "d": {}, "e": []}, "f": True, "g": 1.5, "h": "", "": 2}
    assert read("POST", "/", value) == {
        "json a.b.0": "1",
        "json a.b.1.c": "null",
        "json a.d": "{}",
        "json a.e": "[]",
        "json f": "true",
        "json g": "1.5",
        "json h": "",
        "json ": "2",
    }
    assert read("POST", "/", {}) == {"json ": "{}"}


def test_leaves_at_one_path_are_all_kept() -> None:
    one, other = ({"a.b": n, "a": {"b": 2}} for n in (1, 9))
    assert compare(read("POST", "/", one), read("POST", "/", other)).differences


@pytest.mark.parametrize("body", [b"plain", b'"a string"', b"17", b"{broken", b"\xff\xfe"])
def test_what_is_no_json_object_is_a_body(body: bytes) -> None:
    values = read("POST", "/", body, (TEXT,))
    assert values["body"].encode("utf-8", "surrogateescape") == body
    assert list(values) == ["body"]


def test_no_body_is_no_place() -> None:
    assert read("POST", "/") == {}


def test_json_of_too_many_leaves_is_one_body() -> None:
    assert len(read("POST", "/", list(range(2000)))) == 2000
    assert list(read("POST", "/", list(range(2001)))) == ["body"]


def test_a_form_and_a_query_of_too_many_pairs_are_one_value() -> None:
    pairs = "&".join(["a=1"] * 2001)
    assert list(read("POST", "/", pairs.encode(), (FORM,))) == ["body"]
    assert list(read("GET", f"/?{pairs}")) == ["query"]


def test_many_pairs_of_one_name_take_no_time() -> None:
    before = time.process_time()
    read("POST", "/", b"&".join([b"a=1"] * 2000), (FORM,))
    assert time.process_time() - before < 0.5


def test_only_headers_that_tell_requests_apart_are_read() -> None:
    headers: Headers = (
        *((b"Authorization", b"Bearer a"), (b"X-User-ID", b"u"), (b"User-Agent", b"x")),
        *((b"Accept", b"a/b"), (b"Accept", b"c/d"), (b"Cookie", b"sid=1; theme=dark")),
    )
    assert read("GET", "/", None, headers) == {
        "header authorization": "Bearer a",
        "header x-user-id": "u",
        "header accept": "a/b, c/d",
        "cookie sid": "1",
        "cookie theme": "dark",
    }


def test_a_content_coding_is_undone_first() -> None:
    packed = asked("POST", "/", gzip.compress(b'{"a": 1}'), ((b"Content-Encoding", b"gzip"),))
    assert READER.read(packed) == READER.read(asked("POST", "/", {"a": 1}))


def test_bodies_that_cannot_be_decoded_are_told_apart_by_their_hash() -> None:
    coded = ((b"Content-Encoding", b"lzma"),)
    one, other = read("POST", "/", b"one", coded), read("POST", "/", b"other", coded)
    assert one == {"body": f"({hashed(b'one')})"}
    assert compare(one, other).differences


def test_a_recorded_long_body_is_what_the_playback_says_of_one() -> None:
    long, longer = b"x" * MOST_MATCHED, b"x" * (MOST_MATCHED + 1)
    assert read("POST", "/", long, (TEXT,))["body"] == long.decode()
    recorded = read("POST", "/", longer, (TEXT,))
    live = read("POST", "/", None, (TEXT,), why_not_whole=hashed(longer))
    assert recorded == live
    assert compare(read("POST", "/", longer + b"y", (TEXT,)), recorded).differences


def test_a_long_body_in_a_content_coding_is_hashed_as_it_was_sent() -> None:
    sent = gzip.compress(bytes(range(256)) * 5000, compresslevel=0)
    values = read("POST", "/", sent, ((b"Content-Encoding", b"gzip"), TEXT))
    assert values == {"body": f"({hashed(sent)})"}


# What a difference costs


def costs(mine: Recorded, its: Recorded, **more: Any) -> int:
    return compare(READER.read(mine), READER.read(its), **more).cost


def test_what_is_the_same_costs_nothing() -> None:
    assert costs(asked("POST", "/a", {"b": 1}), asked("POST", "/a", {"b": 1})) == 0


def test_a_difference_is_told_with_both_values() -> None:
    mine, its = (read("POST", f"/?p={n}", {"m": n, key: 1}) for n, key in (("one", "x"), ("two", "y")))
    found = compare(mine, its)
    assert not found.fits
    assert set(found.differences) == {
        Difference("query p", "two", "one"),
        Difference("json m", "two", "one"),
        Difference("json x", None, "1"),
        Difference("json y", "1", None),
    }


def test_what_was_issued_is_the_same_in_the_recording_s_terms() -> None:
    terms = {UUIDS[0]: UUIDS[1], "Bearer new": "Bearer old"}
    mine = asked("GET", f"/{UUIDS[0]}", None, ((b"Authorization", b"Bearer new"),))
    its = asked("GET", f"/{UUIDS[1]}", None, ((b"Authorization", b"Bearer old"),))
    assert costs(mine, its, terms=lambda said: terms.get(said, said)) == 0


def test_an_issued_value_is_never_alike_another() -> None:
    found = compare({"query id": UUIDS[0]}, {"query id": UUIDS[1]}, terms=lambda said: "another")
    assert not found.fits


@pytest.mark.parametrize(
    ("mine", "its"),
    [UUIDS, ("2025-01-31T10:00:00Z", "2024-12-01T09:09:09Z"), ("at 1732312345678", "at 1732399999999")],
)
def test_random_and_time_parts_are_alike(mine: str, its: str) -> None:
    assert 0 < compare({"json x": mine}, {"json x": its}).cost < 1000


def test_a_longer_alike_text_is_not_looked_through() -> None:
    mine, its = (each + " word" * 2000 for each in UUIDS)
    assert not compare({"json x": mine}, {"json x": its}).fits


@pytest.mark.parametrize("token", ["redacted~0123456789abcdef", "~abcdefg", "pre redacted~0123456789"])
def test_a_redacted_value_fits_any(token: str) -> None:
    assert compare({"json password": "secret"}, {"json password": token}).fits
    assert not compare({}, {"json password": token}).fits
    assert not compare(
        {"json password": "issued"}, {"json password": token}, terms=lambda said: "another"
    ).fits


@pytest.mark.parametrize("value", ["~/a/path", "~5 kg of it", "~", "~very-long-as-no-token"])
def test_a_tilde_alone_redacts_nothing(value: str) -> None:
    assert not compare({"json x": "b"}, {"json x": value}).fits


def test_another_credential_fits_but_none_does_not() -> None:
    mine, its = ({"header authorization": f"Bearer {name}"} for name in ("a", "b"))
    redacted = {"header authorization": "Bearer redacted~0123456789abcdef"}
    assert 0 < compare(mine, redacted).cost < compare(mine, its).cost < 1000
    assert not compare({}, its).fits
    assert not compare(mine, {}).fits


@pytest.mark.parametrize("place", ["header accept", "header origin", "header x-user-id", "cookie theme"])
def test_mild_differences_fit_and_cost(place: str) -> None:
    for mine, its in (({place: "a"}, {place: "b"}), ({}, {place: "b"}), ({place: "a"}, {})):
        found = compare(mine, its)
        assert found.fits
        assert found.cost > 0


def test_headers_that_the_user_named_are_as_recorded() -> None:
    reader = Reader(CHAT, ["Origin", "Authorization", "X-Request-ID"])
    for name in (b"Origin", b"Authorization", b"X-Request-ID"):
        mine, its = (reader.read(asked("GET", "/", None, ((name, value.encode()),))) for value in UUIDS)
        assert not reader.compare(mine, its, same).fits
        assert not reader.compare({"path 1": ""}, its, same).fits
        assert reader.compare(its, its, same).cost == 0


def test_the_preflight_s_method_tells_preflights_apart() -> None:
    name = b"Access-Control-Request-Method"
    mine, its = (asked("OPTIONS", "/", None, ((name, value),)) for value in (b"GET", b"POST"))
    assert costs(mine, its) >= 1000


def test_the_profile_s_requests_show_what_a_client_makes_up() -> None:
    assert READER.free("/api/chat/sessions") == {"json title", "json initialMessage"}
    assert READER.free(f"{STREAM}?x=1") == {"json message"}
    assert READER.free(UPDATE) == {"json completeResponse", "json tokensUsed"}
    assert READER.free("/api/auth/login") == frozenset()


def test_free_places_may_differ_or_be_missing() -> None:
    free = frozenset(["json message"])
    assert compare({"json message": "a"}, {"json message": "b"}, free=free).fits
    assert compare({}, {"json message": "b"}, free=free).fits
    assert not compare({"json model": "a"}, {"json model": "b"}, free=free).fits


def test_an_id_that_is_sent_back_has_to_be_the_very_same() -> None:
    echoes = READER.echoes(UPDATE)
    assert echoes == {"json streamingSessionId"}
    assert READER.echoes(STREAM) == frozenset()
    ids = "stream-1732312345678-1a2b3c4d", "stream-1732312345999-99999999"
    place = "json streamingSessionId"
    for free in (frozenset[str](), frozenset([place])):
        assert not compare({place: ids[0]}, {place: ids[1]}, free=free, echoes=echoes).fits
    assert not compare({}, {place: ids[1]}, echoes=echoes).fits
    assert compare({place: ids[0]}, {place: ids[1]}).fits  # anywhere else it is only alike


@pytest.mark.parametrize(
    ("where", "target", "place"),
    [
        ('id.path = "id"', "/s/{session}/x-{id}", "path 3"),
        ('id.query = "id"', "/s/{session}/x", "query id"),
        ('id.header = "Last-Event-ID"', "/s/{session}/x", "header last-event-id"),
    ],
)
def test_an_id_is_sent_back_at_the_profile_s_place(where: str, target: str, place: str) -> None:
    toml = f"""
        name = "own"
        id.format = "[a-z]+"
        scope.path = "session"
        [[issue]]
        method = "POST"
        path = "/s/{{session}}"
        id.header = "X-Id"
        [[echo]]
        method = "POST"
        path = "{target}"
        {where}
    """
    profile = Profile.model_validate(tomllib.loads(toml))
    reader = Reader(profile)
    assert reader.echoes(target.replace("{session}", "7").replace("{id}", "abc")) == {place}
    mine = reader.read(asked("POST", "/s/7/x-abc?id=abc", None, ((b"last-event-id", b"abc"),)))
    assert "abc" in mine[place]
    assert not reader.compare({**mine, place: "other"}, mine, same, (), {place}).fits
    gone = {name: value for name, value in mine.items() if name != place}
    assert not reader.compare(gone, mine, same, (), {place}).fits


# What is learned


def test_counts_and_texts_that_differ_are_learned_to_be_free() -> None:
    readings = [
        {"json n": n, "json text": text, "json model": model, "query page": n, "json same": "a b"}
        for n, text, model in (("1", "one word", "small"), ("-2.5", "x" * 65, "large"))
    ]
    assert learned_free(readings) == {"json n", "json text"}


def test_a_place_is_not_free_where_one_value_is_a_choice() -> None:
    assert learned_free([{"form q": "a b"}, {"form q": "ab"}]) == frozenset()
    assert learned_free([{"json n": "1"}, {"json n": ""}]) == frozenset()
    assert learned_free([{"body": "a b"}, {"body": "b c"}]) == {"body"}


# Properties

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
bodies = st.builds(lambda value: json.dumps(value).encode(), values) | st.binary(max_size=60)
types = st.sampled_from([b"application/json", b"application/x-www-form-urlencoded", b"", b"text/plain"])
targets = st.binary(max_size=20).map(lambda tail: "/" + tail.decode("latin-1"))


def requests() -> st.SearchStrategy[Recorded]:
    fields = st.lists(
        st.tuples(st.sampled_from([b"Cookie", b"Accept", b"Authorization"]), st.binary(max_size=12)),
        max_size=3,
    )
    return st.builds(
        lambda target, body, kind, more: asked("POST", target, body, ((b"Content-Type", kind), *more)),
        *(targets, bodies, types, fields),
    )


@given(requests())
def test_a_request_is_the_same_as_itself(request: Recorded) -> None:
    values = READER.read(request)
    assert compare(values, dict(values)) == Comparison(0, ())


@given(requests(), requests(), st.randoms())
def test_the_order_of_places_does_not_matter(one: Recorded, other: Recorded, random: Any) -> None:
    mine, its = READER.read(one), READER.read(other)
    found = compare(mine, its)
    shuffled = list(mine.items())
    random.shuffle(shuffled)
    again = compare(dict(shuffled), its)
    assert again.cost == found.cost
    assert set(again.differences) == set(found.differences)
    assert found.fits is (found.cost < 1000)
    assert (found.cost == 0) is (mine == its)


@given(values)
def test_every_leaf_of_json_is_kept(value: Any) -> None:
    found = read("POST", "/", [value, {}])
    assert len(found) == _count([value, {}])


def _count(value: Any) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return sum(map(_count, inner)) if inner else 1


@given(st.lists(st.tuples(st.sampled_from(["a", "a#2", "b"]), st.text(max_size=3)), max_size=8))
def test_every_pair_of_a_query_is_kept(pairs: list[tuple[str, str]]) -> None:
    query = urlencode(pairs)
    assert sorted(read("GET", f"/?{query}").values()) == sorted(value for _, value in pairs)
