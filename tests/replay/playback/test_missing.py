"""A miss names what is nearest to the request and what differs, and never a secret."""

import json
from pathlib import Path

import pytest

from contract.events import Headers
from replay.matching import Difference
from replay.playback.manners import Manners, OnMiss
from replay.playback.missing import Miss, Near, Stars
from replay.playback.player import Player
from tests.cli import recorded
from tests.replay.playback.scenes import CHAT, Script, asked, given, said, text

STARS = Stars(CHAT)


def missed(player: Player, method: str, target: str, body: object = None, headers: Headers = ()) -> Miss:
    answer = player.answer(asked(method, target, body, headers))
    assert answer is not None
    assert answer.miss is not None
    return answer.miss


def test_a_miss_names_the_three_nearest_and_what_differs(tmp_path: Path) -> None:
    script = Script()
    for model in ("small", "large", "other", "fourth"):
        script.add("POST", f"/a?model={model}", {"model": model, "kind": model})
    with script.player(tmp_path) as player:
        miss = missed(player, "POST", "/a?model=large", {"model": "large", "kind": "new"})
        assert miss.lines() == [
            "no recorded answer to POST /a?model=large: none of those like it fits",
            "  exchange 2 (POST /a?model=large): json kind is 'new' (recorded: 'large')",
            "  exchange 1 (POST /a?model=small): query model is 'large' (recorded: 'small');"
            " json model is 'large' (recorded: 'small'); json kind is 'new' (recorded: 'small')",
            miss.lines()[3],
        ]
        answer = given(player.answer(asked("POST", "/a?model=large", {"model": "large", "kind": "new"})))
        assert answer.status == 404
        assert (b"X-Streamid-Playback", b"miss") in answer.headers
        told = said(answer)
        assert told["request"] == "POST /a?model=large"
        assert told["because"] == "none of those like it fits"
        assert told["nearest"][0] == {
            "recording": str(next(tmp_path.iterdir())),
            "exchange": 2,
            "request": "POST /a?model=large",
            "differs": [{"at": "json kind", "recorded": "large", "asked": "new"}],
        }
        assert len(told["nearest"]) == 3


def test_nothing_like_it_has_no_nearest(tmp_path: Path) -> None:
    with Script().add("GET", "/a").player(tmp_path) as player:
        for method, target in (("POST", "/a"), ("GET", "/b")):
            miss = missed(player, method, target)
            assert (miss.because, miss.nearest) == ("nothing like it was recorded", ())


def test_a_miss_of_head_has_no_body(tmp_path: Path) -> None:
    with Script().add("GET", "/a").player(tmp_path) as player:
        assert given(player.answer(asked("HEAD", "/a"))).pieces == ()


def test_the_nearest_may_be_given_instead(tmp_path: Path) -> None:
    script = Script().add("POST", "/a", {"m": "one"}, b"1").add("POST", "/a", {"m": "two", "n": "x"}, b"2")
    with script.player(tmp_path, on_miss=OnMiss.NEAREST) as player:
        answer = player.answer(asked("POST", "/a", {"m": "two", "n": "y"}))
        assert text(given(answer)) == b"2"
        assert answer is not None
        assert answer.miss is not None
        assert answer.miss.lines()[0] == "no recorded answer to POST /a: the nearest one is given"


def test_a_real_service_may_be_asked_instead(tmp_path: Path) -> None:
    with Script().add("GET", "/a").player(tmp_path, on_miss=OnMiss.UPSTREAM) as player:
        answer = player.answer(asked("GET", "/b"))
        assert answer is not None
        assert answer.performance is None
        assert answer.miss is not None


def test_what_is_missing_or_too_much_is_said_so() -> None:
    differences = (Difference("query a", "1", None), Difference("query b", None, "x" * 90))
    sentence = Near("a.db", 3, "GET /", differences).sentence()
    assert sentence == (
        f"exchange 3 (GET /): query a is missing (recorded: '1'); "
        f"query b is '{'x' * 79}…' (recorded: nothing)"
    )
    many = tuple(Difference(f"query {n}", "1", None) for n in range(7))
    assert Near("a.db", 3, "GET /", many).sentence().endswith("; and 2 more")
    assert Near("a.db", 3, "GET /", ()).sentence() == "exchange 3 (GET /): its turn is over"


def test_a_long_value_is_told_in_part() -> None:
    near = Near("a.db", 1, "POST /", (Difference("body", "a" * 5000, "b" * 5000),))
    assert len(Miss("POST /", "because", (near,)).body()) < 2500


@pytest.mark.parametrize(
    "place",
    [
        *("header authorization", "header x-api-key", "header x-auth-token", "cookie sid"),
        *(
            "json password",
            "json user.password",
            "json accessToken.0",
            "form user[pwd]",
            "query access_token#2",
        ),
    ],
)
def test_secrets_are_starred_on_both_sides(place: str) -> None:
    assert STARS.difference(Difference(place, "hunter2", "hunter3")) == Difference(place, "***", "***")
    assert STARS.difference(Difference(place, None, "hunter3")) == Difference(place, None, "***")


def test_the_profile_s_own_secrets_are_starred() -> None:
    own = CHAT.model_validate(
        CHAT.model_dump(by_alias=True, exclude_none=True)
        | {"secrets": {"json": ["pin"]}, "credential": {"headers": ["X-Me"]}}
    )
    for place in ("json pin", "header x-me"):
        assert Stars(own).difference(Difference(place, "1", "2")).asked == "***"
        assert STARS.difference(Difference(place, "1", "2")).asked == "2"


def test_a_token_in_a_secret_s_place_stays_and_what_is_asked_there_is_starred() -> None:
    token = "redacted~0123456789abcdef"
    assert STARS.difference(Difference("json note", token, "my secret")) == Difference(
        "json note", token, "***"
    )


def test_a_secret_that_is_quoted_in_a_text_is_starred() -> None:
    body = 'user=me&password=hunter2 {"accessToken": "abc"}'
    assert STARS.difference(Difference("body", "x", body)) == Difference("body", "x", "***")


def test_secret_parameters_of_a_target_are_starred() -> None:
    target = "/a?page=2&access_token=abc&b"
    assert STARS.target(target) == "/a?page=2&access_token=***&b"


@pytest.mark.parametrize("redact", [False, True])
def test_no_secret_of_the_recording_or_the_client_is_in_a_miss(tmp_path: Path, redact: bool) -> None:
    script = Script().add(
        *("POST", "/login?access_token=Rec0rded-1", {"user": "one", "password": "Rec0rded-2"}),
        headers=((b"Authorization", b"Basic Rec0rded-3"), (b"Cookie", b"sid=Rec0rded-4")),
    )
    path = recorded.record(tmp_path / "a.db", script.events, redact=redact)
    sent = ((b"Cookie", b"sid=Ask3d-4"),)
    with Player([path], CHAT, Manners()) as player:
        miss = missed(
            player, "POST", "/login?access_token=Ask3d-1", {"user": "two", "password": "Ask3d-2"}, sent
        )
        for said_so in ("\n".join(miss.lines()), miss.body().decode()):
            assert "json user" in said_so
            assert "Rec0rded" not in said_so
            assert "Ask3d" not in said_so
            assert json.dumps("***")[1:-1] in said_so
