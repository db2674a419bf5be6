import json
import re
import socket
import time
from itertools import pairwise
from typing import Any

import pytest
import requests
from sseclient import SSEClient

from lab.chat.composer import DETAILED
from lab.processes import Lab
from tests.support.lab import Client, logged_in, running_lab

ID = re.compile(r"stream-\d{13}-[0-9a-f]{8}")


def events(answer: requests.Response) -> list[tuple[str, dict[str, Any]]]:
    return [(event.event, json.loads(event.data)) for event in SSEClient(answer.iter_content(128)).events()]


def raw_exchange(client: Client, session: str, version: str = "1.1") -> bytes:
    """The bytes of a streaming answer exactly as they come."""
    body = b'{"message":"Tell me"}'
    head = (
        f"POST /api/chat/sessions/{session}/stream HTTP/{version}\r\nHost: localhost\r\n"
        f"Origin: http://page.example\r\nAuthorization: {client.http.headers['Authorization']!s}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.lab.ports["chat"]), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


def test_the_head_is_as_documented(user: Client) -> None:
    before = time.time_ns() // 1_000_000
    answer = user.stream(user.new_session())
    after = time.time_ns() // 1_000_000
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    issued = answer.headers["X-Streaming-Session-Id"]
    assert ID.fullmatch(issued)
    assert before <= int(issued.split("-")[1]) <= after
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert len(answer.content) > 100


def test_field_names_have_their_documented_case_on_the_wire(user: Client) -> None:
    head = raw_exchange(user, user.new_session()).partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]
    assert names.count(b"X-Streaming-Session-Id") == 1
    assert {b"Content-Type", b"Cache-Control", b"Date", b"Access-Control-Expose-Headers"} <= set(names)
    assert all(name.title() == name for name in names), names


def test_events_are_chunks_and_then_done(user: Client) -> None:
    received = events(user.stream(user.new_session()))
    assert [name for name, _ in received] == ["chunk"] * 20 + ["done"]
    assert all(payload.keys() == {"text"} for _, payload in received[:-1])
    assert received[-1][1] == {"message": "Stream complete", "tokensUsed": 20}


def test_each_event_is_a_chunk_of_its_own_and_text_is_utf_8(user: Client) -> None:
    body = raw_exchange(user, user.new_session()).partition(b"\r\n\r\n")[2]
    sizes = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        sizes.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    assert sizes.pop() == b""
    assert all(re.fullmatch(rb"event: (chunk|done)\ndata: \{.*\}\n\n", frame) for frame in sizes)
    assert "“Tell me”" in b"".join(sizes).decode()


def test_an_old_client_gets_the_stream_until_the_connection_closes(user: Client) -> None:
    head, _, body = raw_exchange(user, user.new_session(), version="1.0").partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.startswith(b"event: chunk\n")
    assert body.endswith(b'"tokensUsed": 20}\n\n')


def test_a_model_that_fails_ends_the_stream_with_an_error_event(user: Client) -> None:
    received = events(user.stream(user.new_session(), "Please fail mid-stream"))
    assert [name for name, _ in received] == ["chunk"] * 5 + ["error"]
    assert received[-1][1].keys() == {"error"}


def test_events_come_as_they_are_made_at_the_pace_asked_for(user: Client) -> None:
    with running_lab(tokens=10, interval=0.05) as lab, logged_in(lab) as client:
        answer = client.stream(client.new_session())
        times = [time.monotonic() for _ in answer.iter_content(None)]
    assert times[-1] - times[0] > 0.3
    assert sum(later - earlier > 0.01 for earlier, later in pairwise(times)) >= 4


def test_a_very_detailed_answer_takes_its_time(system: Lab, user: Client) -> None:
    start = time.monotonic()
    received = events(user.stream(user.new_session(), f"A {DETAILED.upper()} answer, please"))
    assert time.monotonic() - start >= system.options.detailed
    assert len(received) > 21
    assert received[-1][0] == "done"


def test_the_question_is_kept_at_once_and_the_answer_with_the_update(user: Client) -> None:
    session = user.new_session()
    answer = user.stream(session, "What now?")
    roles = [one["role"] for one in user.chat("GET", f"/chat/sessions/{session}/messages").json()["messages"]]
    assert roles == ["user", "user"]
    assert answer.content
    assert user.update(session, answer.headers["X-Streaming-Session-Id"]).status_code == 200
    [*_, last] = user.chat("GET", f"/chat/sessions/{session}/messages").json()["messages"]
    assert (last["role"], last["content"]) == ("assistant", "All of it")


def test_streams_run_side_by_side_with_ids_of_their_own(user: Client, other: Client) -> None:
    answers = [client.stream(client.new_session()) for client in (user, other) for _ in range(5)]
    assert len({answer.headers["X-Streaming-Session-Id"] for answer in answers}) == 10
    assert all(events(answer)[-1][0] == "done" for answer in answers)


def test_deleting_the_session_ends_its_stream_without_done(user: Client) -> None:
    session = user.new_session()
    answer = user.stream(session, f"A {DETAILED} answer")
    assert user.chat("DELETE", f"/chat/sessions/{session}").status_code == 200
    assert "done" not in [name for name, _ in events(answer)]


@pytest.mark.parametrize("token", ["", "Bearer x", "Basic dXNlcjE6eA=="])
def test_a_stream_without_a_valid_token_is_401_and_issues_no_id(user: Client, token: str) -> None:
    session = user.new_session()
    answer = user.stream(session, headers={"Authorization": token})
    assert answer.status_code == 401
    assert "X-Streaming-Session-Id" not in answer.headers


def test_a_stream_whose_session_is_deleted_ends_with_an_error_that_says_so(user: Client) -> None:
    session = user.new_session()
    with user.stream(session, "Tell me something very detailed") as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines) == b"event: chunk"
        assert user.chat("DELETE", f"/chat/sessions/{session}").status_code == 200
        rest = list(lines)
    assert rest[-3:-1] == [b"event: error", b'data: {"error": "The chat session was deleted"}']
