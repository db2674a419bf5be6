import json
import time

import pytest
import requests
from sseclient import SSEClient

from lab.chat.composer import DETAILED
from tests.support.lab import Client


def events(answer: requests.Response) -> list[tuple[str, str]]:
    return [(event.event, event.data) for event in SSEClient(answer.iter_content(128)).events()]


def observe(client: Client, session: str) -> requests.Response:
    return client.chat("GET", f"/chat/sessions/{session}/observe", stream=True)


def test_an_observer_sees_what_was_said_and_then_the_rest_as_it_comes(
    user: Client, supervisor: Client
) -> None:
    session = user.new_session()
    own = user.stream(session, f"A {DETAILED} answer")
    time.sleep(0.3)
    mirror = observe(supervisor, session)
    assert mirror.status_code == 200
    assert mirror.headers["Content-Type"] == "text/event-stream"
    assert "X-Streaming-Session-Id" not in mirror.headers
    seen = events(mirror)
    names = [name for name, _ in seen]
    assert names[:2] == ["observer", "history-start"]
    end = names.index("history-end")
    assert json.loads(seen[end][1])["chunks"] == end - 2 > 10
    assert names[-1] == "done"
    mirrored = [event for event in seen if event[0] in ("chunk", "done")]
    assert mirrored == events(own)


def test_observers_do_not_stop_the_stream_by_leaving(user: Client, admin: Client, supervisor: Client) -> None:
    session = user.new_session()
    own = user.stream(session)
    with observe(admin, session) as first, observe(supervisor, session) as second:
        next(first.iter_content(None))
        next(second.iter_content(None))
    assert events(own)[-1][0] == "done"


def test_when_the_client_leaves_observers_see_the_stream_end(user: Client, supervisor: Client) -> None:
    session = user.new_session()
    with user.stream(session, f"A {DETAILED} answer") as own:
        next(own.iter_content(None))
        mirror = observe(supervisor, session)
    assert "done" not in [name for name, _ in events(mirror)]


def test_an_end_user_gets_403_even_for_the_own_stream(user: Client) -> None:
    session = user.new_session()
    own = user.stream(session)
    assert observe(user, session).status_code == 403
    assert own.content


def test_where_no_stream_runs_the_404_names_those_that_do(user: Client, supervisor: Client) -> None:
    idle, busy = user.new_session(), user.new_session()
    with user.stream(busy, f"A {DETAILED} answer") as own:
        next(own.iter_content(None))
        answer = observe(supervisor, idle)
        assert answer.status_code == 404
        assert answer.json().keys() == {"message", "availableSessions"}
        assert busy in answer.json()["availableSessions"]


@pytest.mark.parametrize("end", ["read", "left"])
def test_a_stream_that_is_over_cannot_be_observed(user: Client, supervisor: Client, end: str) -> None:
    session = user.new_session()
    with user.stream(session) as own:
        if end == "read":
            assert own.content
    deadline = time.monotonic() + 3
    while (answer := observe(supervisor, session)).status_code != 404 and time.monotonic() < deadline:
        answer.close()
    assert session not in answer.json()["availableSessions"]
