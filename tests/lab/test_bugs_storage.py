import time

import pytest
import requests

from lab.processes import Lab
from tests.support.faulty import faulty_client, streamed_id
from tests.support.lab import Client, logged_in, running_lab

LATE = 10.0


def expected(client: Client, session: str) -> object:
    """The ID that the service says it wants, from its refusal of another."""
    answer = client.update(session, "wrong")
    assert answer.status_code == 400
    return answer.json()["details"]["expected"]


def test_race_refuses_the_id_first_and_accepts_it_later(system: Lab) -> None:
    with faulty_client(system, "race=600") as client:
        session = client.new_session()
        answer = client.stream(session)
        begun, streaming_id = time.monotonic(), answer.headers["X-Streaming-Session-Id"]
        early = client.update(session, streaming_id)
        assert time.monotonic() - begun < 0.6
        assert early.status_code == 400
        assert early.json()["details"] == {"expected": None, "received": streaming_id}
        while (status := client.update(session, streaming_id).status_code) != 200:
            assert status == 400
            assert time.monotonic() - begun < LATE
        assert time.monotonic() - begun > 0.5
        assert answer.content


def test_race_leaves_the_earlier_id_in_force_meanwhile(system: Lab) -> None:
    with faulty_client(system, "race=400") as client:
        session = client.new_session()
        first = streamed_id(client, session)
        deadline = time.monotonic() + LATE
        while client.update(session, first).status_code != 200:
            assert time.monotonic() < deadline
        answer = client.stream(session)
        assert client.update(session, first).status_code == 200
        assert answer.content


def test_not_stored_refuses_the_id_for_ever(system: Lab) -> None:
    with faulty_client(system, "not-stored") as client:
        session = client.new_session()
        answer = client.update(session, streamed_id(client, session))
        assert answer.status_code == 400
        assert answer.json()["details"]["expected"] is None


def test_strict_compare_wants_the_id_in_capitals(system: Lab) -> None:
    with faulty_client(system, "strict-compare") as client:
        session = client.new_session()
        streaming_id = streamed_id(client, session)
        answer = client.update(session, streaming_id)
        assert answer.status_code == 400
        assert answer.json()["details"] == {"expected": streaming_id.upper(), "received": streaming_id}


def test_expire_accepts_the_id_for_its_time_only(system: Lab) -> None:
    with faulty_client(system, "expire=0.8") as client:
        session = client.new_session()
        answer = client.stream(session)
        begun, streaming_id = time.monotonic(), answer.headers["X-Streaming-Session-Id"]
        assert client.update(session, streaming_id).status_code == 200
        assert answer.content
        while client.update(session, streaming_id).status_code == 200:
            assert time.monotonic() - begun < LATE
        assert time.monotonic() - begun > 0.7
        assert expected(client, session) is None


def test_overwrite_lets_another_chat_of_the_user_take_the_place(system: Lab) -> None:
    with faulty_client(system, "overwrite") as client:
        one, two = client.new_session(), client.new_session()
        first = streamed_id(client, one)
        assert client.update(one, first).status_code == 200
        second = streamed_id(client, two)
        assert expected(client, one) == second
        assert client.update(one, first).status_code == 400
        assert client.update(two, second).status_code == 200


@pytest.mark.parametrize("replicas", [2, 3])
def test_no_affinity_knows_the_id_on_the_replica_that_stored_it_only(system: Lab, replicas: int) -> None:
    with faulty_client(system, f"no-affinity={replicas}") as client:
        session = client.new_session()
        answer = client.stream(session)
        streaming_id, home = answer.headers["X-Streaming-Session-Id"], answer.headers["X-Served-By"]
        assert answer.content
        seen = {}
        for _ in range(replicas):
            update = client.update(session, streaming_id)
            seen[update.headers["X-Served-By"]] = update.status_code
        assert seen.keys() == {f"chat-{number}" for number in range(1, replicas + 1)}
        assert {name for name, status in seen.items() if status == 200} == {home}
        assert "X-Served-By" not in client.chat("GET", "/models").headers
        assert "X-Served-By" not in client.chat("OPTIONS", "/chat/sessions").headers


def test_overwrite_without_affinity_has_a_slot_per_user_and_replica(system: Lab) -> None:
    with faulty_client(system, "no-affinity=2", "overwrite") as client:
        one, two = client.new_session(), client.new_session()
        first = streamed_id(client, one)
        second = streamed_id(client, two)
        assert expected(client, two) == first
        assert expected(client, one) == second


def test_the_processes_of_a_lab_take_bugs_together(capfd: pytest.CaptureFixture[str]) -> None:
    bugs = ("race=60000", "die-mid-stream", "wrong-header=X-Stream-Id")
    with running_lab(bugs=bugs) as lab, logged_in(lab) as client:
        session = client.new_session()
        answer = client.stream(session)
        assert "X-Streaming-Session-Id" not in answer.headers
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            assert answer.content
        assert client.update(session, answer.headers["X-Stream-Id"]).status_code == 400
    assert capfd.readouterr().err == ""
