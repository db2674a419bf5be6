import pytest
import requests

from lab.processes import Lab
from tests.support.lab import Client

ORIGIN = "https://page.example:8443"


@pytest.mark.parametrize("service", ["authentication", "accounting", "chat"])
@pytest.mark.parametrize("path", ["/api/chat/sessions", "/api/auth/login", "/health", "/", "/no/such/path"])
def test_every_path_answers_the_preflight_without_credentials(system: Lab, service: str, path: str) -> None:
    head = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-user-id",
    }
    url = f"http://localhost:{system.ports[service]}{path}"
    answer = requests.options(url, headers=head, timeout=10)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"Authorization", "Content-Type", "X-User-ID"} <= allowed
    assert {"POST", "DELETE", "GET"} <= {
        name.strip() for name in answer.headers["Access-Control-Allow-Methods"].split(",")
    }
    assert answer.headers["Vary"] == "Origin"


def assert_readable(answer: requests.Response) -> None:
    assert answer.raw.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Streaming-Session-Id"
    assert answer.headers["Vary"] == "Origin"


def test_a_stream_lets_scripts_read_its_id(user: Client) -> None:
    answer = user.stream(user.new_session(), headers={"Origin": ORIGIN})
    assert answer.status_code == 200
    assert_readable(answer)
    assert answer.content


def test_errors_carry_the_same_fields_so_that_scripts_can_read_them(user: Client) -> None:
    head, session = {"Origin": ORIGIN}, user.new_session()
    mismatch = user.update(session, "wrong")
    assert "Access-Control-Allow-Origin" not in mismatch.headers
    path = f"/chat/sessions/{session}/update-stream"
    for answer, status in (
        (user.chat("POST", path, headers=head, json={"streamingSessionId": "wrong"}), 400),
        (user.chat("POST", path, headers={**head, "Authorization": ""}), 401),
        (user.chat("GET", "/chat/sessions/none", headers=head), 404),
        (user.chat("PUT", path, headers=head), 405),
    ):
        assert answer.status_code == status
        assert_readable(answer)


def test_without_an_origin_there_are_no_cors_fields(user: Client) -> None:
    for answer in (user.chat("GET", "/models"), user.chat("OPTIONS", "/models")):
        assert answer.ok
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "Vary" not in answer.headers
