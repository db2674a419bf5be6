import time
from uuid import uuid4

import pytest

from lab.catalogue import MODELS
from lab.processes import Lab
from tests.support.lab import Client, logged_in, user

MODEL = MODELS[0].id


def allocate(client: Client, to: str, credit: float, **more: object) -> dict[str, object]:
    body = {"userId": to, "credits": credit, "expiryDays": 30, "notes": "a test", **more}
    answer = client.accounting("POST", "/credits/allocate", json=body)
    assert answer.status_code == 201, answer.text
    given: dict[str, object] = answer.json()
    return given


def balance(client: Client) -> float:
    answer = client.accounting("GET", "/credits/balance")
    assert answer.status_code == 200
    total: float = answer.json()["totalCredits"]
    return total


@pytest.mark.parametrize("name", ["admin", "supervisor1"])
def test_staff_allocate_and_the_balance_grows(system: Lab, name: str, other: Client) -> None:
    before = balance(other)
    with logged_in(system, name) as staff:
        given = allocate(staff, user("user2").id, 250)
    assert given.keys() == {"id", "userId", "totalCredits", "remainingCredits", "expiresAt"}
    assert given["userId"] == user("user2").id
    assert given["totalCredits"] == given["remainingCredits"] == 250
    assert balance(other) == before + 250


def test_credits_can_be_allocated_by_user_name_too(admin: Client, other: Client) -> None:
    before = balance(other)
    allocate(admin, "user2", 5)
    assert balance(other) == before + 5


def test_an_end_user_cannot_allocate(user: Client) -> None:
    body = {"userId": "user1", "credits": 10, "expiryDays": 30, "notes": ""}
    assert user.accounting("POST", "/credits/allocate", json=body).status_code == 403


@pytest.mark.parametrize("credit", [0, -1, "10", None, True])
def test_an_amount_that_is_none_is_400(admin: Client, credit: object) -> None:
    body = {"userId": "user1", "credits": credit, "expiryDays": 30, "notes": ""}
    assert admin.accounting("POST", "/credits/allocate", json=body).status_code == 400


def test_credits_expire(system: Lab) -> None:
    with logged_in(system, "supervisor2") as client:
        before = balance(client)
        allocate(client, "supervisor2", 70, expiryDays=1 / 86400)
        assert balance(client) == before + 70
        time.sleep(1.1)
        assert balance(client) == before


def test_check_and_calculate(user: Client) -> None:
    left = balance(user)
    enough = user.accounting("POST", "/credits/check", json={"userId": "user1", "requiredCredits": left})
    assert enough.json() == {"sufficient": True, "credits": left, "requiredCredits": left}
    short = user.accounting("POST", "/credits/check", json={"userId": "user1", "requiredCredits": left + 1})
    assert short.json()["sufficient"] is False
    price = user.accounting("POST", "/credits/calculate", json={"modelId": MODEL, "tokens": 1000})
    assert price.json() == {"modelId": MODEL, "tokens": 1000, "requiredCredits": 20}


def test_other_users_credits_are_for_staff_alone(user: Client, supervisor: Client) -> None:
    body = {"userId": "user2", "requiredCredits": 1}
    assert user.accounting("POST", "/credits/check", json=body).status_code == 403
    assert supervisor.accounting("POST", "/credits/check", json=body).status_code == 200


def test_a_reservation_is_taken_at_once_and_the_rest_comes_back(user: Client) -> None:
    session, before = f"stream-{uuid4()}", balance(user)
    body = {"sessionId": session, "modelId": MODEL, "estimatedTokens": 5000}
    opened = user.accounting("POST", "/streaming-sessions/initialize", json=body)
    assert opened.status_code == 201
    assert opened.json() == {"sessionId": session, "allocatedCredits": 100, "status": "active"}
    assert balance(user) == before - 100
    assert session in [
        one["sessionId"] for one in user.accounting("GET", "/streaming-sessions/active").json()
    ]
    body = {"sessionId": session, "actualTokens": 1000, "success": True}
    for _ in range(2):  # settled once, however often it is asked for
        closed = user.accounting("POST", "/streaming-sessions/finalize", json=body)
        assert closed.status_code == 200
        assert (closed.json()["usedCredits"], closed.json()["status"]) == (20, "completed")
        assert balance(user) == before - 20
    assert user.accounting("GET", "/streaming-sessions/active").json() == []


@pytest.mark.parametrize("verb", ["abort", "finalize"])
def test_a_stream_that_failed_costs_nothing(user: Client, verb: str) -> None:
    session, before = f"stream-{uuid4()}", balance(user)
    body = {"sessionId": session, "modelId": MODEL, "estimatedTokens": 5000}
    user.accounting("POST", "/streaming-sessions/initialize", json=body)
    body = {"sessionId": session, "actualTokens": 4000, "success": False}
    assert user.accounting("POST", f"/streaming-sessions/{verb}", json=body).status_code == 200
    assert balance(user) == before


def test_more_than_was_reserved_is_charged_too(user: Client) -> None:
    session, before = f"stream-{uuid4()}", balance(user)
    body = {"sessionId": session, "modelId": MODEL, "estimatedTokens": 100}
    user.accounting("POST", "/streaming-sessions/initialize", json=body)
    body = {"sessionId": session, "actualTokens": 10_000, "success": True}
    user.accounting("POST", "/streaming-sessions/finalize", json=body)
    assert balance(user) == before - 200


def test_a_session_is_initialized_once_and_is_its_owners(user: Client, other: Client) -> None:
    body = {"sessionId": f"stream-{uuid4()}", "modelId": MODEL, "estimatedTokens": 1}
    assert user.accounting("POST", "/streaming-sessions/initialize", json=body).status_code == 201
    assert user.accounting("POST", "/streaming-sessions/initialize", json=body).status_code == 409
    assert other.accounting("POST", "/streaming-sessions/abort", json=body).status_code == 404
    assert user.accounting("POST", "/streaming-sessions/abort", json=body).status_code == 200


def test_too_much_is_402_and_takes_nothing(user: Client) -> None:
    before = balance(user)
    body = {"sessionId": f"stream-{uuid4()}", "modelId": MODEL, "estimatedTokens": 10**12}
    short = user.accounting("POST", "/streaming-sessions/initialize", json=body)
    assert short.status_code == 402
    assert short.json()["message"]
    assert balance(user) == before


def test_a_stream_is_402_before_its_first_byte_until_there_are_credits(poor_system: Lab) -> None:
    with logged_in(poor_system, "user1") as client, logged_in(poor_system, "admin") as staff:
        session = client.new_session()
        for path in ("stream", "messages"):
            short = client.chat("POST", f"/chat/sessions/{session}/{path}", json={"message": "Hello"})
            assert short.status_code == 402
            assert "X-Streaming-Session-Id" not in short.headers
        allocate(staff, "user1", 100)
        assert client.stream(session).status_code == 200


def test_a_stream_reserves_while_it_runs_and_settles_what_it_used(poor_system: Lab) -> None:
    with logged_in(poor_system, "user2") as client, logged_in(poor_system, "admin") as staff:
        allocate(staff, "user2", 100)
        answer = client.stream(client.new_session(), "One two three")
        [open_session] = client.accounting("GET", "/streaming-sessions/active").json()
        assert open_session["sessionId"] == answer.headers["X-Streaming-Session-Id"]
        reserved = open_session["allocatedCredits"]
        assert reserved == 5  # 203 tokens at 20 per 1,000
        assert balance(client) == 100 - reserved
        assert b'"tokensUsed": 200' in answer.content
        assert balance(client) == 100 - 4
        assert client.accounting("GET", "/streaming-sessions/active").json() == []


def test_a_stream_that_its_client_left_is_settled_for_what_was_made(poor_system: Lab) -> None:
    with logged_in(poor_system, "supervisor1") as client:
        allocate(client, "supervisor1", 100)
        with client.stream(client.new_session()) as answer:
            next(answer.iter_content(None))
        deadline = time.monotonic() + 5
        while client.accounting("GET", "/streaming-sessions/active").json() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert balance(client) == 99
