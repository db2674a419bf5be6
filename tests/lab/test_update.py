import json
from typing import Any

import pytest

from lab.chat.conduct import Conduct, equal_when_normalised, strictly_equal
from lab.chat.updatelog import json_type
from tests.support.lab import Client

MISSING = object()


def streamed(client: Client, session: str) -> str:
    """Start a stream, leave after its first chunk, and give back its ID."""
    with client.stream(session) as answer:
        next(answer.iter_content(None))
        issued: str = answer.headers["X-Streaming-Session-Id"]
    return issued


def save(client: Client, session: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = client.chat("POST", f"/chat/sessions/{session}/update-stream", json=body)
    return answer.status_code, answer.json()


def test_the_right_id_is_accepted_at_once_even_from_an_early_reader(user: Client) -> None:
    session = user.new_session()
    answer = user.update(session, streamed(user, session))
    assert answer.status_code == 200
    assert answer.json().keys() == {"message", "sessionId", "tokensUsed"}
    assert answer.json()["sessionId"] == session
    assert answer.json()["tokensUsed"] == 20


@pytest.mark.parametrize(
    "sent",
    [
        MISSING,
        None,
        "",
        "incorrect-format",
        "stream-12345",
        "stream-12345-uuid",
        "incorrect-id-1700000000",
        7,
        [],
        {},
        True,
    ],
)
def test_anything_else_is_a_400_that_shows_both(user: Client, sent: object) -> None:
    session = user.new_session()
    issued = streamed(user, session)
    body: dict[str, Any] = {"completeResponse": "All", "tokensUsed": 1}
    if sent is not MISSING:
        body["streamingSessionId"] = sent
    status, answer = save(user, session, body)
    assert status == 400
    received = None if sent is MISSING else sent
    details = {"expected": issued, "received": received}
    assert answer == {"message": "Streaming session ID mismatch", "details": details}
    assert user.update(session, issued).status_code == 200


def test_an_id_that_was_changed_on_its_way_is_refused(user: Client) -> None:
    session = user.new_session()
    issued = streamed(user, session)
    for changed in (issued.upper(), f" {issued}", f"{issued}\n", f'"{issued}"', issued[:-1]):
        assert user.update(session, changed).status_code == 400, changed


def test_without_any_stream_nothing_is_accepted(user: Client) -> None:
    session = user.new_session()
    for sent in ("stream-1700000000000-0a1b2c3d", "", None):
        answer = user.update(session, sent)
        assert answer.status_code == 400
        assert answer.json()["details"]["expected"] is None


def test_only_the_newest_id_of_the_session_counts(user: Client) -> None:
    session = user.new_session()
    first, second = streamed(user, session), streamed(user, session)
    assert user.update(session, first).json()["details"] == {"expected": second, "received": first}
    assert user.update(session, second).status_code == 200


def test_another_sessions_id_is_refused(user: Client) -> None:
    mine, another = user.new_session(), user.new_session()
    streamed(user, mine)
    assert user.update(mine, streamed(user, another)).status_code == 400


def test_a_deleted_session_is_404(user: Client) -> None:
    session = user.new_session()
    issued = streamed(user, session)
    user.chat("DELETE", f"/chat/sessions/{session}")
    assert user.update(session, issued).status_code == 404


@pytest.mark.parametrize(
    "more", [{"tokensUsed": 1}, {"completeResponse": 5}, {"completeResponse": "All", "tokensUsed": "many"}]
)
def test_the_right_id_with_a_useless_body_is_another_400(user: Client, more: dict[str, Any]) -> None:
    session = user.new_session()
    status, answer = save(user, session, {"streamingSessionId": streamed(user, session), **more})
    assert status == 400
    assert "mismatch" not in answer["message"].lower()


def test_each_update_is_logged_with_both_ids_types_and_comparisons(user: Client) -> None:
    session = user.new_session()
    issued = streamed(user, session)
    for sent in (issued, f" {issued.upper()} ", 12, None):
        user.update(session, sent)
    lines = user.lab.update_log.read_text(encoding="utf-8").splitlines()
    logged = [line for line in map(json.loads, lines) if line["sessionId"] == session]
    fields = ("received", "stored", "receivedType", "storedType", "strict", "normalised", "accepted")
    assert [tuple(line[name] for name in fields) for line in logged] == [
        (issued, issued, "string", "string", True, True, True),
        (f" {issued.upper()} ", issued, "string", "string", False, True, False),
        (12, issued, "number", "string", False, False, False),
        (None, issued, "null", "string", False, False, False),
    ]
    assert all(line["user"] == "user1" for line in logged)


@pytest.mark.parametrize(
    ("expected", "received", "strict", "normalised"),
    [
        ("a", "a", True, True),
        ("a", "A ", False, True),
        ("1", 1, False, True),
        (None, None, False, False),
        (None, "", False, False),
    ],
)
def test_the_two_comparisons(expected: str | None, received: object, strict: bool, normalised: bool) -> None:
    assert strictly_equal(expected, received) is strict
    assert equal_when_normalised(expected, received) is normalised


def test_an_empty_id_is_never_accepted_whatever_is_stored() -> None:
    assert not Conduct().accepts("", "")
    assert not Conduct().accepts(None, None)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", "string"),
        (1, "number"),
        (1.5, "number"),
        (True, "boolean"),
        ({}, "object"),
        ([], "array"),
        (None, "null"),
    ],
)
def test_types_have_the_names_that_json_gives_them(value: object, name: str) -> None:
    assert json_type(value) == name
