import jwt
import pytest
import requests

from lab.processes import Lab
from lab.tokens import Tokens
from lab.users import USERS, User, find_user
from tests.support.lab import Client

URL = "/api/auth"


def log_in(system: Lab, username: str, password: str) -> requests.Response:
    body = {"username": username, "password": password}
    return requests.post(f"{system.authentication_url}{URL}/login", json=body, timeout=10)


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.username)
def test_every_user_logs_in_with_the_documented_password(system: Lab, user: User) -> None:
    answer = log_in(system, user.username, user.password)
    assert answer.status_code == 200
    assert answer.json().keys() == {"accessToken", "refreshToken", "user"}
    assert answer.json()["user"] == {
        "id": user.id,
        "username": user.username,
        "email": f"{user.username}@example.com",
        "role": user.role.value,
    }


def test_the_token_is_a_jwt_that_says_who_and_until_when(system: Lab) -> None:
    token = log_in(system, "supervisor2", "Supervisor2@").json()["accessToken"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["username"] == "supervisor2"
    assert claims["role"] == "supervisor"
    assert claims["sub"]
    assert claims["exp"] > claims["iat"]


def test_the_same_tokens_come_as_http_only_cookies(system: Lab) -> None:
    answer = log_in(system, "user1", "User1@123")
    lines = answer.raw.headers.getlist("Set-Cookie")
    assert len(lines) == 2
    assert all("httponly" in line.lower() for line in lines)
    assert {answer.cookies["accessToken"], answer.cookies["refreshToken"]} == {
        answer.json()["accessToken"],
        answer.json()["refreshToken"],
    }


@pytest.mark.parametrize(
    ("username", "password"), [("user1", "wrong"), ("nobody", "User1@123"), ("USER1", "User1@123")]
)
def test_wrong_credentials_are_401_with_a_message(system: Lab, username: str, password: str) -> None:
    answer = log_in(system, username, password)
    assert answer.status_code == 401
    assert answer.json().keys() == {"message"}


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"username":"user1"}', b'{"username":1,"password":2}', b"\xff"]
)
def test_a_body_that_is_no_log_in_is_400(system: Lab, body: bytes) -> None:
    answer = requests.post(f"{system.authentication_url}{URL}/login", data=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_me_is_the_user_of_the_token_whatever_the_hint_says(user: Client) -> None:
    url = f"{user.lab.authentication_url}{URL}/me"
    answer = user.http.get(url, headers={"X-User-ID": "admin"}, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["username"] == "user1"


def test_refresh_gives_tokens_that_work(system: Lab) -> None:
    token = log_in(system, "user2", "User2@123").json()["refreshToken"]
    url = f"{system.authentication_url}{URL}/refresh"
    answer = requests.post(url, json={"refreshToken": token}, timeout=10)
    assert answer.status_code == 200
    head = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
    me = requests.get(f"{system.authentication_url}{URL}/me", headers=head, timeout=10)
    assert me.json()["username"] == "user2"


def test_refresh_with_anything_but_a_refresh_token_is_401(system: Lab) -> None:
    access = log_in(system, "user2", "User2@123").json()["accessToken"]
    for body in ({}, {"refreshToken": "x"}, {"refreshToken": access}, {"refreshToken": 7}):
        answer = requests.post(f"{system.authentication_url}{URL}/refresh", json=body, timeout=10)
        assert answer.status_code == 401, body


def test_a_refresh_token_does_not_open_the_apis(system: Lab) -> None:
    token = log_in(system, "user2", "User2@123").json()["refreshToken"]
    head = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{system.chat_url}/api/models", headers=head, timeout=10).status_code == 401


def test_an_expired_or_forged_token_is_401(system: Lab) -> None:
    user = find_user("user1")
    assert user is not None
    secret = (system.data_dir / "secret").read_text()
    expired, forged = Tokens(secret).access(user, seconds=-1), Tokens("another secret" * 4).access(user)
    for token in (expired, forged, "x.y.z", ""):
        head = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{system.chat_url}/api/models", headers=head, timeout=10).status_code == 401
