import re

import pytest
import requests

from lab.processes import Lab
from tests.support.lab import Client, logged_in, user

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.parametrize("service", ["authentication", "accounting", "chat"])
@pytest.mark.parametrize("path", ["/health", "/api/health"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_every_service_says_that_it_is_healthy(system: Lab, service: str, path: str, host: str) -> None:
    answer = requests.get(f"http://{host}:{system.ports[service]}{path}", timeout=10)
    assert answer.status_code == 200
    assert answer.json().keys() == {"status", "service", "version", "timestamp"}
    assert answer.json()["service"] == f"{service}-service"
    assert ISO.fullmatch(answer.json()["timestamp"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models"),
        ("POST", "/models/recommend"),
        ("GET", "/version"),
        ("GET", "/chat/sessions"),
        ("POST", "/chat/sessions"),
        ("GET", "/chat/sessions/x"),
        ("DELETE", "/chat/sessions/x"),
        ("GET", "/chat/sessions/x/messages"),
        ("POST", "/chat/sessions/x/messages"),
        ("POST", "/chat/sessions/x/stream"),
        ("POST", "/chat/sessions/x/update-stream"),
        ("GET", "/chat/sessions/x/observe"),
        ("GET", "/chat/users/x/sessions"),
        ("GET", "/chat/users/x/sessions/y"),
        ("GET", "/chat/users/search?query=x"),
    ],
)
def test_all_of_chat_but_health_needs_the_token(system: Lab, method: str, path: str) -> None:
    answer = requests.request(method, f"{system.chat_url}/api{path}", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["message"]


def test_models_have_all_their_fields(user: Client) -> None:
    models = user.chat("GET", "/models").json()["models"]
    fields = {"id", "name", "description", "capabilities", "creditCost", "maxTokens", "available"}
    assert models
    assert all(model.keys() == fields for model in models)
    assert models[0]["available"] is True


def test_a_model_is_recommended_with_its_details(user: Client) -> None:
    for priority, best in (("quality", max), ("cost", min)):
        answer = user.chat("POST", "/models/recommend", json={"task": "coding", "priority": priority})
        assert answer.status_code == 200
        assert answer.json().keys() == {"recommendedModel", "reason", "modelDetails"}
        able = [
            model
            for model in user.chat("GET", "/models").json()["models"]
            if model["available"] and "coding" in model["capabilities"]
        ]
        assert answer.json()["modelDetails"] == best(able, key=lambda model: model["creditCost"])


def test_version(user: Client) -> None:
    assert user.chat("GET", "/version").json() == {"service": "chat-service", "version": "1.0.0"}


def test_a_session_is_created_read_and_deleted(user: Client) -> None:
    body = {"title": "Häuser", "initialMessage": "Hallo", "modelId": "amazon.nova-lite-v1:0", "source": "web"}
    created = user.chat("POST", "/chat/sessions", json=body)
    assert created.status_code == 201
    assert created.json().keys() == {"sessionId", "title", "createdAt"}
    assert created.json()["title"] == "Häuser"
    session = created.json()["sessionId"]
    shown = user.chat("GET", f"/chat/sessions/{session}").json()
    assert (shown["modelId"], shown["source"]) == ("amazon.nova-lite-v1:0", "web")
    [first] = user.chat("GET", f"/chat/sessions/{session}/messages").json()["messages"]
    assert (first["role"], first["content"]) == ("user", "Hallo")
    assert ISO.fullmatch(first["timestamp"])
    deleted = user.chat("DELETE", f"/chat/sessions/{session}")
    assert deleted.status_code == 200
    assert deleted.json().keys() == {"message", "sessionId"}
    assert user.chat("GET", f"/chat/sessions/{session}").status_code == 404
    assert user.chat("DELETE", f"/chat/sessions/{session}").status_code == 404


@pytest.mark.parametrize("name", ["user2", "admin"])
def test_another_users_session_is_404_on_every_route(system: Lab, user: Client, name: str) -> None:
    session = user.new_session()
    with logged_in(system, name) as stranger:
        for method, rest in (
            ("GET", ""),
            ("DELETE", ""),
            ("GET", "/messages"),
            ("POST", "/messages"),
            ("POST", "/stream"),
            ("POST", "/update-stream"),
        ):
            answer = stranger.chat(method, f"/chat/sessions/{session}{rest}", json={"message": "Hello"})
            assert answer.status_code == 404, (method, rest)
    assert user.chat("GET", f"/chat/sessions/{session}").status_code == 200


def test_sessions_come_in_pages_the_newest_first(system: Lab) -> None:
    with logged_in(system, "supervisor2") as client:
        made = [client.new_session(f"number {number}") for number in range(5)]
        pages = [client.chat("GET", f"/chat/sessions?page={page}&limit=2").json() for page in (1, 2, 3, 4)]
        assert [len(page["sessions"]) for page in pages] == [2, 2, 1, 0]
        assert [one["sessionId"] for page in pages for one in page["sessions"]] == made[::-1]
        assert pages[1]["pagination"] == {"total": 5, "pages": 3, "currentPage": 2, "perPage": 2}


@pytest.mark.parametrize("query", ["page=0", "page=x", "limit=-1", "limit=0", "page=²", "page=" + "9" * 30])
def test_a_page_that_is_none_is_400(user: Client, query: str) -> None:
    assert user.chat("GET", f"/chat/sessions?{query}").status_code == 400


def test_a_message_without_streaming_is_answered_and_kept(user: Client) -> None:
    session = user.new_session()
    answer = user.chat("POST", f"/chat/sessions/{session}/messages", json={"message": "What is 日本?"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    messages = user.chat("GET", f"/chat/sessions/{session}/messages").json()["messages"]
    assert [one["role"] for one in messages] == ["user", "user", "assistant"]
    assert messages[2] == answer.json()["message"]
    assert "What is 日本?" in messages[2]["content"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"message":""}',
        b'{"message":" "}',
        b'{"message":5}',
        b'"x"',
        b"{",
        b'{"message":"\\ud800"}',
        b'{"message":"x","modelId":"none"}',
        b'{"message":"x","modelId":"amazon.titan-text-express-v1"}',
    ],
)
@pytest.mark.parametrize("path", ["stream", "messages"])
def test_a_message_that_cannot_be_answered_is_400(user: Client, path: str, body: bytes) -> None:
    answer = user.chat("POST", f"/chat/sessions/{user.new_session()}/{path}", data=body)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_unknown_paths_and_methods_are_json_too(user: Client) -> None:
    assert user.chat("GET", "/nothing").json().keys() == {"message"}
    assert user.chat("GET", "/nothing").status_code == 404
    assert user.chat("PUT", "/models").status_code == 405


def test_supervisors_find_users_and_read_their_sessions(user: Client, supervisor: Client) -> None:
    found = supervisor.chat("GET", "/chat/users/search?query=USER1").json()["users"]
    assert [one["username"] for one in found] == ["user1"]
    session = user.new_session("to be read")
    for name in ("user1", found[0]["id"]):
        page = supervisor.chat("GET", f"/chat/users/{name}/sessions?limit=1").json()
        assert page["sessions"][0]["sessionId"] == session
        assert page["pagination"]["perPage"] == 1
        one = supervisor.chat("GET", f"/chat/users/{name}/sessions/{session}").json()
        assert one["messages"][0]["content"] == "Hello"
    assert supervisor.chat("GET", f"/chat/users/user2/sessions/{session}").status_code == 404
    assert supervisor.chat("GET", "/chat/users/nobody/sessions").status_code == 404


@pytest.mark.parametrize("path", ["users/search?query=u", "users/user1/sessions", "users/user1/sessions/x"])
def test_supervision_is_403_for_end_users(user: Client, path: str) -> None:
    assert user.chat("GET", f"/chat/{path}").status_code == 403


def test_a_token_decides_who_one_is_not_the_hint(user: Client) -> None:
    head = {"X-User-ID": "admin"}
    assert user.chat("GET", "/chat/users/user1/sessions", headers=head).status_code == 403


def test_users_are_the_documented_five() -> None:
    roles = {
        name: user(name).role.value for name in ("admin", "supervisor1", "supervisor2", "user1", "user2")
    }
    assert sorted(roles.values()) == ["admin", "enduser", "enduser", "supervisor", "supervisor"]
