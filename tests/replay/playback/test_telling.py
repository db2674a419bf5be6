"""With fresh IDs each client has its own, in all answers and consistently; no two clients' ever mix."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.playback.manners import Manners
from replay.playback.player import Player
from tests.cli import recorded
from tests.replay.playback.scenes import (
    CHAT,
    TOKEN,
    Client,
    Script,
    echo,
    field_of,
    mismatch,
    played,
    said,
    text,
)

SESSION = "0f8fad5b-d9cd-469f-a165-70867728950e"
S1, S2 = "stream-1732312345671-0000aaaa", "stream-1732312345672-0000bbbb"
RUN = "run_8sK2mQx91LzP0aBvC7dE"
OK = {"message": "Chat session updated", "sessionId": SESSION}
SSE = ((b"Content-Type", b"text/event-stream"), (b"X-Streaming-Session-Id", S1.encode()))


def chat() -> Script:
    """A client's chat: its token, its session, two streams (the first with a run in its events), updates."""
    base = f"/api/chat/sessions/{SESSION}"
    script = Script().login()
    script.add(
        "POST",
        "/api/chat/sessions",
        {"title": "T", "initialMessage": "Hi"},
        {"sessionId": SESSION},
        status=201,
    )
    events = f'event: chunk\ndata: {{"run": "{RUN}"}}\n\nevent: done\ndata: {{}}\n\n'.encode()
    script.add("POST", f"{base}/stream", {"message": "Hi"}, fields=SSE, pieces=[events[:40], events[40:]])
    script.add("GET", f"/runs/{RUN}", None, {"run": RUN, "url": f"{base}/runs/{RUN}?s={S1}", "by": SESSION})
    script.update(SESSION, "wrong-id-1", mismatch(S1, "wrong-id-1"), 400).update(SESSION, S1, OK)
    script.stream(SESSION, S2).update(SESSION, S2, OK)
    return script.add("GET", "/api/chat/sessions", None, {"sessions": [{"id": SESSION, "last": S2}]})


class Chatting(Client):
    """Does what the recorded client did, and checks all that it is told."""

    def chat(self) -> list[str]:
        created = said(self.ask("POST", "/api/chat/sessions", {"title": "T", "initialMessage": "Hi"}))
        session = created["sessionId"]
        base = f"/api/chat/sessions/{session}"
        streamed = self.ask("POST", f"{base}/stream", {"message": "Hi"})
        assert len(streamed.pieces[0].data) == 40
        id = field_of(streamed, b"X-Streaming-Session-Id")
        run = re.findall(r'"run": "(.*?)"', text(streamed).decode())[0]
        shown = said(self.ask("GET", f"/runs/{run}"))
        assert shown == {"run": run, "url": f"{base}/runs/{run}?s={id}", "by": session}
        assert said(self.update("wrong-id-2", session)) == mismatch(id, "wrong-id-2")
        assert said(self.update(id, session)) == OK | {"sessionId": session}
        second = self.stream(session)
        assert said(self.update(id, session)) == mismatch(second, id)
        assert said(self.update(second, session)) == OK | {"sessionId": session}
        listed = said(self.ask("GET", "/api/chat/sessions"))
        assert listed == {"sessions": [{"id": session, "last": second}]}
        return [self.token, session, id, run, second]


def test_each_client_has_values_of_its_own_wherever_they_stand(tmp_path: Path) -> None:
    with chat().player(tmp_path, fresh_ids=True) as player:
        told = [Chatting(player).chat() for _ in range(3)]
    recorded = [TOKEN, SESSION, S1, RUN, S2]
    everything = [value for values in (*told, recorded) for value in values]
    assert len(set(everything)) == len(everything)
    for values in told:
        assert [len(value) for value in values] == [len(value) for value in recorded]


def test_without_fresh_ids_all_are_told_what_was_recorded(tmp_path: Path) -> None:
    with chat().player(tmp_path) as player:
        client = Client(player)
        assert client.token == TOKEN
        assert said(client.ask("POST", "/api/chat/sessions", {"title": "U", "initialMessage": "Ho"})) == {
            "sessionId": SESSION
        }


@given(st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_clients_whose_requests_alternate_never_mix(tmp_path: Path, random: Random) -> None:
    base = "/api/chat/sessions"
    with chat().player(tmp_path, fresh_ids=True) as player:
        clients = [Client(player), Client(player)]
        known: list[dict[str, str]] = [{}, {}]

        def advance(number: int) -> None:
            client, mine = clients[number], known[number]
            if "session" not in mine:
                body = {"title": "T", "initialMessage": "Hi"}
                mine["session"] = said(client.ask("POST", base, body))["sessionId"]
            elif "id" not in mine:
                mine["id"] = client.stream(mine["session"])
            else:
                other = known[1 - number].get("id", "none")
                assert said(client.update(other, mine["session"])) == mismatch(mine["id"], other)
                assert said(client.update(mine["id"], mine["session"]))["sessionId"] == mine["session"]

        for number in [random.randrange(2) for _ in range(12)]:
            advance(number)
        assert not set(known[0].values()) & set(known[1].values())


def test_a_foreign_id_is_refused_and_does_not_make_two_clients_one(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK)
    with script.player(tmp_path, fresh_ids=True) as player:
        one, other = Client(player), Client(player)
        mine, foreign = one.stream(), other.stream()
        assert said(one.update(foreign)) == mismatch(mine, foreign)
        assert said(one.update(mine)) == said(other.update(foreign)) == OK


def test_a_token_of_another_conversation_joins_the_two(tmp_path: Path) -> None:
    """One client that logged in twice: what either was told is known to both."""
    script = Script().login().stream("s1", S1).update("s1", S1, OK)
    with script.player(tmp_path, fresh_ids=True) as player:
        one, other = Client(player), Client(player)
        id = one.stream()
        cookie = ((b"Cookie", f"token={one.token}".encode()),)
        other.headers = (*other.headers, *cookie)
        assert said(other.update(id)) == OK
        assert said(one.update(id)) == OK
        assert said(Client(player).update(id))["details"] == {"expected": None, "received": id}


def test_where_no_token_tells_clients_apart_the_id_itself_does(tmp_path: Path) -> None:
    script = Script().stream("s1", S1).update("s1", S1, OK)
    with script.player(tmp_path, fresh_ids=True) as player:
        target = "/api/chat/sessions/s1"
        ids = [
            field_of(played(player, "POST", f"{target}/stream", {"message": "Hi"}), b"X-Streaming-Session-Id")
            for _ in range(3)
        ]
        assert len({S1, *ids}) == 4
        for id in ids:
            assert said(played(player, "POST", f"{target}/update-stream", echo(id))) == OK
        assert played(player, "POST", f"{target}/update-stream", echo(S1)).status == 400


def test_an_id_that_no_client_sent_back_is_new_too_and_told_in_refusals(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1).update("s1", "wrong-id-1", mismatch(S1, "wrong-id-1"), 400)
    with script.player(tmp_path, fresh_ids=True) as player:
        client = Client(player)
        id = client.stream()
        assert id != S1
        assert said(client.update("wrong-id-1")) == mismatch(id, "wrong-id-1")


@pytest.mark.parametrize("id", ["7", "12", "1000200"])
def test_short_ids_are_told_as_they_were(tmp_path: Path, id: str) -> None:
    script = Script().login().stream("s1", id).update("s1", id, {"n": int(id), "text": f"1{id}1"})
    with script.player(tmp_path, fresh_ids=True) as player:
        client = Client(player)
        assert client.stream() == id
        assert said(client.update(id)) == {"n": int(id), "text": f"1{id}1"}


def test_a_short_token_is_told_as_it_was(tmp_path: Path) -> None:
    script = Script().add("POST", "/in", {}, {"accessToken": "abc12"})
    script.add("GET", "/me", headers=((b"Authorization", b"Bearer abc12"),))
    path = recorded.record(tmp_path / "a.db", script.events, redact=True)
    with Player([path], CHAT, Manners(fresh_ids=True)) as player:
        tokens = {said(played(player, "POST", "/in", {}))["accessToken"] for _ in range(2)}
        assert len(tokens) == 1
        assert tokens.pop().startswith("~")


def test_a_cookie_that_was_set_is_new_and_understood(tmp_path: Path) -> None:
    sid = "8f14e45fceea167a5a36dedd4bea2543"
    script = Script().add("POST", "/in", {}, b"{}", fields=((b"Set-Cookie", f"sid={sid}; Path=/".encode()),))
    script.add("GET", "/me", None, {"sid": sid}, headers=((b"Cookie", f"a=b; sid={sid}".encode()),))
    with script.player(tmp_path, fresh_ids=True) as player:
        set_cookie = field_of(played(player, "POST", "/in", {}), b"Set-Cookie")
        new = set_cookie.removeprefix("sid=").removesuffix("; Path=/")
        assert re.fullmatch(r"[0-9a-f]{32}", new)
        assert new != sid
        cookie = ((b"Cookie", f"a=b; sid={new}".encode()),)
        assert said(played(player, "GET", "/me", None, cookie)) == {"sid": new}
