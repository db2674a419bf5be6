"""An ID that is sent back is judged by what this client was told, as the recorded service judged it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contract.profile import Profile, builtin_toml
from tests.replay.playback.scenes import (
    CHAT,
    Client,
    Script,
    asked,
    echo,
    given,
    mismatch,
    said,
    text,
)

S1, S2, S3 = (f"stream-173231234567{n}-0000000{n}" for n in (1, 2, 3))
WRONG = "incorrect-id-1732312345"
OK = {"message": "Chat session updated"}


def profile(**changes: Any) -> Profile:
    """The chat profile with other sections."""
    value = tomllib.loads(builtin_toml("chat"))
    for section, fields in changes.items():
        value[section] = {**value.get(section, {}), **fields}
    return Profile.model_validate(value)


def session() -> Script:
    """A stream, a wrong ID, the right one."""
    return (
        Script().login().stream("s1", S1).update("s1", WRONG, mismatch(S1, WRONG), 400).update("s1", S1, OK)
    )


@pytest.mark.parametrize("fresh", [False, True])
def test_the_right_id_is_accepted_and_a_wrong_one_refused_as_recorded(tmp_path: Path, fresh: bool) -> None:
    with session().player(tmp_path, fresh_ids=fresh) as player:
        client = Client(player)
        id = client.stream()
        assert (id == S1) is not fresh
        for _ in range(2):
            assert said(client.update(id)) == OK
            assert said(client.update(WRONG)) == mismatch(id, WRONG)
            assert said(client.update("incorrect-format")) == mismatch(id, "incorrect-format")


@pytest.mark.parametrize("fresh", [False, True])
def test_where_no_refusal_was_recorded_the_profile_has_one(tmp_path: Path, fresh: bool) -> None:
    with Script().login().stream("s1", S1).update("s1", S1, OK).player(tmp_path, fresh_ids=fresh) as player:
        client = Client(player)
        id = client.stream()
        refused = client.update(WRONG)
        assert (refused.status, refused.reason, said(refused)) == (400, b"Bad Request", mismatch(id, WRONG))
        target = "/api/chat/sessions/s1/update-stream"
        none = client.ask("POST", target, {"completeResponse": "x", "tokensUsed": 1})
        assert said(none)["details"] == {"expected": id, "received": None}
        assert said(client.update("")) == mismatch(id, "")
        assert said(client.update(id)) == OK


def test_where_the_profile_has_no_refusal_either_it_is_a_miss(tmp_path: Path) -> None:
    toml = tomllib.loads(builtin_toml("chat"))
    del toml["mismatch"]["answer"]
    own = Profile.model_validate(toml)
    with Script().login().stream("s1", S1).update("s1", S1, OK).player(tmp_path, profile=own) as player:
        client = Client(player)
        client.stream()
        answer = player.answer(
            asked("POST", "/api/chat/sessions/s1/update-stream", echo(WRONG), client.headers)
        )
        assert answer is not None
        assert answer.miss is not None
        assert given(answer).status == 404


@pytest.mark.parametrize("fresh", [False, True])
def test_an_id_is_stale_after_the_next_stream(tmp_path: Path, fresh: bool) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK).stream("s1", S2).update("s1", S2, OK)
    with script.player(tmp_path, fresh_ids=fresh) as player:
        client = Client(player)
        first, second = client.stream(), client.stream()
        assert said(client.update(first)) == mismatch(second, first)
        assert said(client.update(second)) == OK


@pytest.mark.parametrize("fresh", [False, True])
def test_a_stale_id_is_refused_as_a_stale_one_was(tmp_path: Path, fresh: bool) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK).stream("s1", S2)
    stale = mismatch(S2, S1) | {"note": "stale"}
    script.update("s1", S1, stale, 400).update("s1", S2, OK)
    with script.player(tmp_path, fresh_ids=fresh) as player:
        client = Client(player)
        first, second = client.stream(), client.stream()
        assert said(client.update(first)) == mismatch(second, first) | {"note": "stale"}
        assert said(client.update(WRONG)) == mismatch(second, WRONG) | {"note": "stale"}
        assert said(client.update(second)) == OK


def test_a_stale_id_is_refused_as_a_wrong_one_was_though_its_very_request_was_accepted(
    tmp_path: Path,
) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK).stream("s1", S2)
    script.update("s1", WRONG, mismatch(S2, WRONG) | {"note": "recorded"}, 400).update("s1", S2, OK)
    with script.player(tmp_path) as player:
        client = Client(player)
        assert (client.stream(), client.stream()) == (S1, S2)
        assert said(client.update(S1)) == mismatch(S2, S1) | {"note": "recorded"}


def test_with_fresh_ids_a_stream_that_is_played_again_makes_the_older_id_stale(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK)
    with script.player(tmp_path, fresh_ids=True) as player:
        client = Client(player)
        first, second = client.stream(), client.stream()
        assert first != second
        assert said(client.update(first)) == mismatch(second, first)
        assert said(client.update(second)) == OK


def test_a_storage_race_is_played_in_its_order(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1)
    script.update("s1", S1, mismatch("", S1), 400).update("s1", S1, OK)
    with script.player(tmp_path) as player:
        client = Client(player)
        client.stream()
        assert [client.update(S1).status for _ in range(2)] == [400, 200]


@pytest.mark.parametrize("fresh", [False, True])
def test_ids_are_compared_as_the_profile_says(tmp_path: Path, fresh: bool) -> None:
    own = profile(id={"compare": "normalised"})
    for used, status in ((own, 200), (CHAT, 400)):
        with session().player(tmp_path, profile=used, fresh_ids=fresh) as player:
            client = Client(player)
            id = client.stream()
            assert client.update(f" {id.upper()} ").status == status
            assert client.update(id).status == 200


def test_an_echo_that_was_recorded_in_another_case_is_as_right(tmp_path: Path) -> None:
    own = profile(id={"compare": "normalised"})
    script = Script().login().stream("s1", S1).update("s1", S1.upper(), mismatch("", S1), 400)
    script.update("s1", S1.upper(), OK | {"n": 1})
    with script.player(tmp_path, profile=own) as player:
        client = Client(player)
        client.stream()
        assert client.update(S1.upper()).status == 400
        assert said(client.update(S1.upper())) == OK | {"n": 1}


def test_a_refusal_recorded_in_another_session_names_this_one_s_id(tmp_path: Path) -> None:
    one, other = "6512bd43-d9ca-4e02-9c90-b0a82652dca0", "c20ad4d7-6fe9-4759-aa27-a0c99bff6710"
    script = Script().login().stream(one, S1).update(one, S1, OK).stream(other, S2)
    script.update(other, WRONG, mismatch(S2, WRONG) | {"session": other}, 400).update(other, S2, OK)
    with script.player(tmp_path) as player:
        client = Client(player)
        client.stream(one)
        assert said(client.update("wrong-id-17", one)) == mismatch(S1, "wrong-id-17") | {"session": one}
        client.stream(other)
        assert said(client.update(S2, other)) == OK
        assert said(client.update(S1, one)) == OK


def test_recorded_refusals_are_given_in_turn_as_long_as_there_are_new_ones(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1)
    for number in (1, 2):
        script.update("s1", f"wrong-id-{number}", mismatch(S1, f"wrong-id-{number}") | {"n": number}, 400)
    with script.player(tmp_path) as player:
        client = Client(player)
        client.stream()
        assert [said(client.update(f"bad-{n}"))["n"] for n in "abc"] == [1, 2, 1]


def test_a_right_id_whose_only_recorded_answer_is_a_refusal_gets_that(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1).stream("s1", S2).update("s1", S1, mismatch(S2, S1), 400)
    with script.player(tmp_path) as player:
        client = Client(player)
        assert client.stream() == S1
        refused = client.update(S1)
        assert (refused.status, refused.exchange) == (400, 4)


def test_a_refusal_of_a_request_that_differs_elsewhere_is_not_this_one_s(tmp_path: Path) -> None:
    target = "/api/chat/sessions/s1/update-stream"
    script = Script().login().stream("s1", S1)
    script.add("POST", f"{target}?mode=other", echo(WRONG), {"message": "other mismatch"}, status=400)
    with script.update("s1", S1, OK).player(tmp_path) as player:
        client = Client(player)
        client.stream()
        assert said(client.update(WRONG)) == mismatch(S1, WRONG)
        assert said(client.ask("POST", f"{target}?mode=other", echo(WRONG))) == {"message": "other mismatch"}


def test_before_anything_was_issued_the_recording_alone_decides(tmp_path: Path) -> None:
    with session().player(tmp_path) as player:
        client = Client(player)
        assert said(client.update(S1)) == OK
        assert said(client.update(WRONG)) == mismatch(S1, WRONG)


OWN = """
name = "own"
id.format = "[a-z]+-[0-9]+"
[[issue]]
method = "POST"
path = "/rpc"
where = [{ json = "method", equals = "start" }]
id.json = "id"
[[echo]]
method = "POST"
path = "/rpc"
where = [{ json = "method", equals = "end" }]
id.json = "id"
[[mismatch.unknown]]
status = [409]
text = "no"
[mismatch.answer]
status = 409
json = { no = "{received}", yes = "{expected}" }
"""


def call(client: Client, method: str, id: str | None = None) -> Any:
    body = {"method": method} | ({"id": id} if id else {})
    return said(client.ask("POST", "/rpc", body))


@pytest.mark.parametrize("fresh", [False, True])
def test_a_profile_of_one_scope_whose_routes_depend_on_bodies_is_enforced_too(
    tmp_path: Path, fresh: bool
) -> None:
    own = Profile.model_validate(tomllib.loads(OWN))
    script = Script().login()
    for id in ("running-60493821", "running-71230984"):
        script.add("POST", "/rpc", {"method": "start"}, {"id": id})
        script.add("POST", "/rpc", {"method": "end", "id": id}, {"ended": id})
    script.add("POST", "/rpc", {"method": "list"}, ["all"])
    with script.player(tmp_path, profile=own, fresh_ids=fresh) as player:
        client = Client(player)
        first = call(client, "start")["id"]
        assert call(client, "end", first) == {"ended": first}
        second = call(client, "start")["id"]
        assert call(client, "end", "running-1") == {"no": "running-1", "yes": second}
        assert call(client, "end", second) == {"ended": second}
        assert call(client, "list") == ["all"]
        answer = player.answer(asked("POST", "/rpc", {"method": "unknown"}, client.headers))
        assert answer is not None
        assert answer.miss is not None


def test_an_id_in_the_path_is_enforced(tmp_path: Path) -> None:
    toml = OWN.replace("/rpc", "/runs").replace(', { json = "method"', "")
    own = tomllib.loads(toml)
    own["issue"][0].pop("where")
    own["echo"] = [{"method": "DELETE", "path": "/runs/{run}", "id": {"path": "run"}}]
    script = Script().login().add("POST", "/runs", {}, {"id": "running-60493821"})
    script.add("DELETE", "/runs/running-11111111", None, {"no": "running-11111111"}, status=409)
    script.add("DELETE", "/runs/running-60493821", None, {"ended": True})
    with script.player(tmp_path, profile=Profile.model_validate(own)) as player:
        client = Client(player)
        id = said(client.ask("POST", "/runs", {}))["id"]
        assert said(client.ask("DELETE", "/runs/running-22222222")) == {"no": "running-22222222"}
        assert said(client.ask("DELETE", f"/runs/{id}")) == {"ended": True}


def test_a_refusal_in_http_2_has_no_reason(tmp_path: Path) -> None:
    script = Script().login().stream("s1", S1).update("s1", S1, OK)
    with script.player(tmp_path) as player:
        client = Client(player)
        client.stream()
        target = "/api/chat/sessions/s1/update-stream"
        refused = client.ask("POST", target, echo(WRONG), version=b"HTTP/2.0")
        assert (refused.status, refused.reason) == (400, b"")
        assert refused.headers[0] == (b"content-type", b"application/json")
        assert json.loads(text(refused)) == mismatch(S1, WRONG)
