"""Secrets that were redacted: clients get tokens that work, and never what stands in their place."""

import base64
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.events import Headers
from tests.cli.recorded import record
from tests.playback.exchanges import JSON, ORIGIN, answered, asked
from tests.support.serving import Serving


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


JWT = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part({'sub': 'u-1', 'roles': ['x'] * 20})}.{'s' * 43}"
SHORT = "q8Zr2LmX0pVt5KcN7wYb3HdG"
LOGIN = json.dumps({"accessToken": JWT, "refreshToken": SHORT, "user": "ada"}).encode()
PLAIN = gzip.compress(json.dumps({"nothing": "secret here", "numbers": list(range(50))}).encode(), mtime=0)
PACKED = gzip.compress(LOGIN, mtime=0)
GZIP = (b"Content-Encoding", b"gzip")


def bearer(token: str) -> Headers:
    return ((b"Authorization", f"Bearer {token}".encode()),)


def length(body: bytes) -> tuple[bytes, bytes]:
    return b"Content-Length", str(len(body)).encode()


EVENTS = [
    *asked(1, 0, "/api/auth/login", b'{"username":"ada","password":"correct horse"}'),
    *answered(1, 100, LOGIN, fields=(JSON, length(LOGIN), (b"Set-Cookie", f"sid={SHORT}; Path=/".encode()))),
    *asked(2, 1000, "/api/me", fields=bearer(JWT)),
    *answered(2, 1100, json.dumps({"token": JWT, "plan": "free"}).encode()),
    *asked(3, 2000, "/api/packed", b'{"refreshToken":"%s"}' % SHORT.encode()),
    *answered(3, 2100, PACKED, fields=(JSON, GZIP, length(PACKED))),
    *asked(4, 3000, "/api/plain"),
    *answered(4, 3100, PLAIN, fields=(JSON, GZIP, length(PLAIN))),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = record(tmp_path_factory.mktemp("tokens") / "tokens.db", EVENTS, redact=True)
    assert JWT.encode() not in path.read_bytes()
    return path


@pytest.fixture(scope="module")
def playback(recording: Path) -> Iterator[Serving]:
    with Serving(recording) as running:
        yield running


@pytest.fixture
def client(playback: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=playback.url(ORIGIN), trust_env=False, timeout=20) as running:
        yield running


def login(client: httpx.Client) -> httpx.Response:
    answer = client.post("/api/auth/login", json={"username": "ada", "password": "correct horse"})
    assert answer.status_code == 200
    assert b"redacted" not in answer.content
    return answer


def test_a_redacted_token_is_a_new_one_that_a_client_can_read(client: httpx.Client) -> None:
    told = login(client).json()
    header, claims, _ = told["accessToken"].split(".")
    assert len(told["accessToken"]) == len(JWT)
    assert json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["typ"] == "JWT"
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert read["iat"] <= time.time() < read["exp"]
    assert told["user"] == "ada"


def test_equal_secrets_are_equal_tokens_in_fields_bodies_and_later_answers(client: httpx.Client) -> None:
    answer = login(client)
    told = answer.json()
    assert answer.cookies["sid"] == told["refreshToken"]
    again = client.get("/api/me", headers={"Authorization": f"Bearer {told['accessToken']}"})
    assert again.json() == {"token": told["accessToken"], "plan": "free"}
    assert login(client).json()["accessToken"] == told["accessToken"]


def test_the_client_s_own_credentials_are_accepted_too_and_a_request_without_any_is_a_miss(
    client: httpx.Client,
) -> None:
    """Whether another password or token is right, nobody can know any more."""
    other = client.post("/api/auth/login", json={"username": "ada", "password": "another"})
    assert other.status_code == 200
    assert client.get("/api/me", headers={"Authorization": "Bearer of-my-own"}).status_code == 200
    missed = client.get("/api/me")
    assert missed.status_code == 404
    (differs,) = missed.json()["nearest"][0]["differs"]
    assert (differs["at"], differs["asked"]) == ("header authorization", None)
    assert differs["recorded"].startswith("Bearer redacted~")


def test_a_packed_answer_with_a_secret_is_packed_again_around_the_token(client: httpx.Client) -> None:
    told = login(client).json()
    with client.stream("POST", "/api/packed", json={"refreshToken": told["refreshToken"]}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Length"] == str(len(raw))
    assert json.loads(gzip.decompress(raw)) == told


def test_a_packed_answer_without_a_secret_has_the_recorded_bytes(client: httpx.Client) -> None:
    with client.stream("GET", "/api/plain") as answer:
        assert b"".join(answer.iter_raw()) == PLAIN
