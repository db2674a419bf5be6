"""Recorded answers to a client's requests: which one, in which order, and what of it is the client's own."""

import json
from pathlib import Path

import pytest

from contract.events import Chunk, End, Event, Headers, Message, ResponseHead, Side
from replay.playback.errors import NeedsDiskError
from replay.playback.library import Library
from replay.playback.manners import Manners, OnMiss
from replay.playback.performance import Performance
from replay.playback.player import Player
from tests.cli import recorded
from tests.replay.playback.scenes import (
    CHAT,
    FORM,
    Script,
    asked,
    field_of,
    given,
    head,
    played,
    said,
    text,
)
from tests.support.sequences import record

ORIGIN = (b"Origin", b"http://localhost:5173")
IDS = "0f8fad5b-d9cd-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def texts(player: Player, times: int, method: str = "GET", target: str = "/a") -> list[bytes]:
    return [text(played(player, method, target)) for _ in range(times)]


def counted(method: str, times: int, target: str = "/a") -> Script:
    script = Script()
    for number in range(times):
        script.add(method, target, None, str(number).encode())
    return script


# Order


def test_what_is_only_read_comes_in_order_and_the_last_one_stays(tmp_path: Path) -> None:
    with counted("GET", 3).player(tmp_path) as player:
        assert texts(player, 5) == [b"0", b"1", b"2", b"2", b"2"]


def test_anything_else_comes_in_turn(tmp_path: Path) -> None:
    with counted("POST", 3).player(tmp_path) as player:
        assert texts(player, 5, "POST") == [b"0", b"1", b"2", b"0", b"1"]


def test_a_hundred_reads_come_in_order_and_the_last_one_stays(tmp_path: Path) -> None:
    with counted("GET", 100).player(tmp_path) as player:
        assert texts(player, 102) == [*(b"%d" % n for n in range(100)), b"99", b"99"]


def test_of_hundreds_to_one_target_the_one_that_is_meant_is_found(tmp_path: Path) -> None:
    script = Script()
    for number in range(300):
        script.add("POST", "/in", {"user": f"user{number}-x", "nonce": IDS[0]}, b"%d" % number)
    for nonce in IDS:  # the very same body, and one that is only like it
        with script.player(tmp_path) as player:
            for number in (250, 299, 7, 250):
                body = {"user": f"user{number}-x", "nonce": nonce}
                assert text(played(player, "POST", "/in", body)) == b"%d" % number


def test_after_a_scope_begins_anew_it_is_read_anew(tmp_path: Path) -> None:
    script = Script().stream("s1", "stream-1732312345678-00000001")
    for number in range(3):
        script.add("GET", "/api/chat/sessions/s1", None, b"%d" % number)
    with script.player(tmp_path) as player:
        target = "/api/chat/sessions/s1"
        assert texts(player, 4, target=target) == [b"0", b"1", b"2", b"2"]
        for _ in range(2):
            played(player, "POST", f"{target}/stream", {"message": "Hi"})
        assert texts(player, 2, target=target) == [b"0", b"1"]


def test_strict_order_refuses_what_is_not_next_and_what_is_over(tmp_path: Path) -> None:
    script = Script().add("GET", "/a", None, b"1").add("GET", "/b", None, b"2").add("GET", "/a", None, b"3")
    with script.player(tmp_path, strict_order=True) as player:

        def because(target: str) -> str:
            answer = player.answer(asked("GET", target))
            assert answer is not None
            assert answer.miss is not None
            assert given(answer).status == 404
            return answer.miss.because

        assert because("/b") == "exchange 1 (GET /a) comes first (strict order)"
        assert text(played(player, "GET", "/a")) == b"1"
        assert because("/a") == "exchange 2 (GET /b) comes first (strict order)"
        assert text(played(player, "GET", "/b")) == b"2"
        assert text(played(player, "GET", "/a")) == b"3"
        assert because("/a") == "the recording has it no more often (strict order)"


# Which one


def test_the_closest_of_those_that_fit_is_given(tmp_path: Path) -> None:
    script = Script()
    for value in ("Bearer one", "Bearer two"):
        script.add("GET", "/me", None, value.encode(), headers=((b"Authorization", value.encode()),))
    with script.player(tmp_path) as player:
        for sent in (b"Bearer two", b"Bearer one", b"Bearer two"):
            assert text(played(player, "GET", "/me", None, ((b"Authorization", sent),))) == sent


def test_what_a_user_types_need_not_be_as_it_was(tmp_path: Path) -> None:
    target = "/api/chat/sessions"
    script = Script().add(
        "POST", target, {"title": "T", "initialMessage": "Hi"}, {"sessionId": "s1"}, status=201
    )
    with script.player(tmp_path) as player:
        assert said(played(player, "POST", target, {"title": "U", "initialMessage": "Bye"})) == {
            "sessionId": "s1"
        }


def test_what_is_sent_back_is_never_learned_to_be_free(tmp_path: Path) -> None:
    """IDs that are numbers differ from request to request as counts do."""
    script = Script()
    for number in (1001, 1002):
        script.update("s1", number, {"message": f"{number} it is"})
    with script.player(tmp_path) as player:
        target = "/api/chat/sessions/s1/update-stream"
        body = {"completeResponse": "All of it", "tokensUsed": 9}
        assert said(played(player, "POST", target, body | {"streamingSessionId": 1002})) == {
            "message": "1002 it is"
        }
        assert played(player, "POST", target, body).status == 400
        assert played(player, "POST", target, body | {"streamingSessionId": 1003}).status == 400


def test_one_origin_alone_answers_for_any_host(tmp_path: Path) -> None:
    with counted("GET", 1).player(tmp_path) as player:
        assert text(played(player, "GET", "/a", host="elsewhere")) == b"0"


def test_of_two_origins_each_answers_for_itself(tmp_path: Path) -> None:
    script = Script().add("GET", "/a", None, b"here").add("GET", "/a", None, b"there", host="other")
    with script.player(tmp_path) as player:
        assert text(played(player, "GET", "/a", host="other")) == b"there"
        assert text(played(player, "GET", "/a")) == b"here"
        answer = player.answer(asked("GET", "/a", host="elsewhere"))
        assert answer is not None
        assert answer.miss is not None


def test_two_recordings_play_as_one_in_the_order_of_time(tmp_path: Path) -> None:
    first = counted("POST", 2).write(tmp_path / "b.db")
    later = Script(now=1_000_000).add("POST", "/a", None, b"later").write(tmp_path / "a.db")
    with Player([later, first], CHAT, Manners()) as player:
        answers = [played(player, "POST", "/a") for _ in range(4)]
        assert [text(each) for each in answers] == [b"0", b"1", b"later", b"0"]
        assert [(each.recording, each.exchange) for each in answers[:3]] == [
            *((str(first), 1), (str(first), 2), (str(later), 1))
        ]


def test_a_head_alone_is_answered_where_the_recorded_one_was(tmp_path: Path) -> None:
    with counted("POST", 1).player(tmp_path) as player:
        assert player.answer(asked("POST", "/a"), early=True) is None
        assert player.answer(asked("POST", "/nothing"), early=True) is None


def test_an_answer_that_came_before_the_body_is_given_before_it(tmp_path: Path) -> None:
    both = Side.BOTH
    events: list[Event] = [
        head("POST", "/a", number=1),
        ResponseHead(1, both, 5, 413, b"Too Large", b"HTTP/1.1", ()),
        End(1, Message.RESPONSE, both, 6),
        Chunk(1, Message.REQUEST, both, 7, b'{"a": 1}', 8),
        End(1, Message.REQUEST, both, 9),
    ]
    with Player([record(tmp_path / "a.db", events)], CHAT, Manners()) as player:
        for _ in range(2):
            answer = player.answer(asked("POST", "/a"), early=True)
            assert given(answer).status == 413
            assert given(answer).start == 0


# The client's own words


def reflected(folder: Path, sent: Headers, asked_with: Headers, fields: Headers) -> Performance:
    script = Script().add("GET", "/a", None, b"{}", headers=sent, fields=fields)
    with script.player(folder) as player:
        return played(player, "GET", "/a", None, asked_with)


def test_a_page_on_another_origin_is_allowed_as_the_recorded_one_was(tmp_path: Path) -> None:
    allowed = ((b"Access-Control-Allow-Origin", ORIGIN[1]),)
    found = reflected(tmp_path, (ORIGIN,), ((b"Origin", b"http://localhost:9999"),), allowed)
    assert found.headers == ((b"Access-Control-Allow-Origin", b"http://localhost:9999"),)


def test_what_a_client_accepts_is_no_word_of_its_own(tmp_path: Path) -> None:
    fields = ((b"Content-Type", b"text/event-stream"),)
    found = reflected(tmp_path, ((b"Accept", b"text/event-stream"),), ((b"Accept", b"*/*"),), fields)
    assert found.headers == fields


def test_a_text_that_the_answer_repeats_is_the_client_s(tmp_path: Path) -> None:
    target, before = "/api/chat/sessions", {"title": 'The "old" é title', "initialMessage": "Hi"}
    for ascii_only in (True, False):
        answer = json.dumps({"sessionId": "s1", **before}, ensure_ascii=ascii_only).encode()
        with Script().add("POST", target, before, answer).player(tmp_path) as player:
            now = before | {"title": 'A\n"new" ü 😀 \ud800'}
            assert said(played(player, "POST", target, now)) == {"sessionId": "s1", **now}


def test_a_single_word_is_not_taken_for_the_client_s(tmp_path: Path) -> None:
    target, before = "/api/chat/sessions/s1/stream", {"message": "continue"}
    answer = {"continue": "to continue"}
    with Script().add("POST", target, before, answer).player(tmp_path) as player:
        assert said(played(player, "POST", target, {"message": "Please go on"})) == answer


def test_an_identifier_that_the_client_makes_up_is_its_own_from_then_on(tmp_path: Path) -> None:
    script = Script().add("PUT", f"/docs/{IDS[0]}", None, {"id": IDS[0]})
    script.add("GET", f"/docs/{IDS[0]}/text", None, {"of": IDS[0]}).add("GET", "/docs", None, [IDS[0]])
    with script.player(tmp_path) as player:
        assert said(played(player, "PUT", f"/docs/{IDS[1]}")) == {"id": IDS[1]}
        assert said(played(player, "GET", f"/docs/{IDS[1]}/text")) == {"of": IDS[1]}
        assert said(played(player, "GET", "/docs")) == [IDS[1]]


def test_an_identifier_with_quotes_and_lines_breaks_neither_json_nor_a_head(tmp_path: Path) -> None:
    wicked = 'a"b\r\nX-Evil: 1'
    fields = ((b"Content-Type", b"application/json"), (b"X-Request", IDS[0].encode()))
    script = Script().add("POST", "/a", {"request": IDS[0]}, {"request": IDS[0]}, fields=fields)
    with script.player(tmp_path, on_miss=OnMiss.NEAREST) as player:
        found = given(player.answer(asked("POST", "/a", {"request": wicked})))
        assert said(found) == {"request": wicked}
        assert not set("\r\n") & set(field_of(found, b"X-Request"))


def test_one_recorded_session_is_not_taken_for_another_because_of_a_nearest_answer(tmp_path: Path) -> None:
    script = Script()
    for id in IDS:
        script.add("GET", f"/s/{id}", None, id.encode())
    script.add("POST", f"/s/{IDS[1]}", {"kind": "special"}, b"{}")
    script.add("POST", f"/s/{IDS[0]}", {"kind": "usual"}, b"{}")
    with script.player(tmp_path) as player:
        played(player, "POST", f"/s/{IDS[0]}", {"kind": "special"})
        for id in IDS:
            assert text(played(player, "GET", f"/s/{id}")) == id.encode()


# Secrets


def test_tokens_are_new_and_are_accepted_as_the_recorded_ones_were(tmp_path: Path) -> None:
    secret = "a-very-secret-token-of-the-service-0123456789"
    script = Script().add("POST", "/login", {"password": "Sec ret 1"}, {"accessToken": secret})
    script.add("GET", "/me", None, b"me", headers=((b"Authorization", f"Bearer {secret}".encode()),))
    script.add("GET", "/me", None, b"nobody", status=401)
    path = recorded.record(tmp_path / "secret.db", script.events, redact=True)
    with Player([path], CHAT, Manners()) as player:
        token = said(played(player, "POST", "/login", {"password": "any other"}))["accessToken"]
        assert len(token) == len(secret)
        assert token.startswith("playback-")
        sent = ((b"Authorization", f"Bearer {token}".encode()),)
        assert text(played(player, "GET", "/me", None, sent)) == b"me"
        assert played(player, "GET", "/me").status == 401


def test_a_secret_that_a_client_sends_is_not_told_back(tmp_path: Path) -> None:
    secret = {"password": "Recorded-secret-1"}
    path = recorded.record(tmp_path / "a.db", Script().add("POST", "/in", secret, secret).events, redact=True)
    with Player([path], CHAT, Manners()) as player:
        assert "Asked" not in str(said(played(player, "POST", "/in", {"password": "Asked-secret-2"})))


def test_a_secret_number_need_not_be_known_either(tmp_path: Path) -> None:
    script = Script().add("POST", "/login", {"user": "me", "otp": "123456", "n": 5}, b"in")
    path = recorded.record(tmp_path / "secret.db", script.events, redact=True)
    with Player([path], CHAT, Manners()) as player:
        for code in ("123456", "654321"):
            assert text(played(player, "POST", "/login", {"user": "me", "otp": code, "n": 5})) == b"in"
        answer = player.answer(asked("POST", "/login", {"user": "me", "otp": "123456", "n": 6}))
        assert answer is not None
        assert answer.miss is not None


# The disk


def test_what_is_not_in_memory_is_not_answered_at_once(tmp_path: Path) -> None:
    with counted("GET", 2).player(tmp_path) as player:
        with pytest.raises(NeedsDiskError):
            player.at_once(asked("GET", "/a"))
        assert texts(player, 1) == [b"0"]
        assert texts(player, 1) == [b"1"]
        assert text(given(player.at_once(asked("GET", "/a")))) == b"1"


def test_a_long_search_is_not_done_at_once(tmp_path: Path) -> None:
    script = Script()
    for number in range(80):
        script.add("POST", "/a", {"kind": f"kind{number}-x", "nonce": IDS[0]}, b"%d" % number)
    with script.player(tmp_path) as player:
        for number, is_far in ((79, True), (78, True), (3, False)):
            request = asked("POST", "/a", {"kind": f"kind{number}-x", "nonce": IDS[1]})
            if is_far:
                with pytest.raises(NeedsDiskError):
                    player.at_once(request)
            answer = player.answer(request) if is_far else player.at_once(request)
            assert text(given(answer)) == b"%d" % number


def test_little_is_kept_in_memory_and_all_is_still_there(tmp_path: Path) -> None:
    path = counted("GET", 30, "/a").write(tmp_path / "a.db")
    with Library([path], CHAT, most_kept=5000) as library:
        for number in (*range(30), 0, 29):
            assert library.load(number).recorded.response_body.data == b"%d" % number
        assert len(library._kept) <= 3


def test_forms_match_by_field(tmp_path: Path) -> None:
    script = Script()
    for form in (b"a=1&b=2", b"a=1&b=3"):
        script.add("POST", "/f", form, form, headers=(FORM,))
    with script.player(tmp_path) as player:
        kind = ((b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=utf-8"),)
        assert text(played(player, "POST", "/f", b"b=3&a=1", kind)) == b"a=1&b=3"
