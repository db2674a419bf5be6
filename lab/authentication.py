"""The authentication service: passwords in, tokens out."""

import asyncio
import sqlite3

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lab.cors import Cors
from lab.database import open_database
from lab.settings import Settings
from lab.tokens import ACCESS_SECONDS, REFRESH_SECONDS, Tokens
from lab.users import USERS, User, find_user
from lab.web import build_app, read_json, required_text

SCHEMA = """
CREATE TABLE IF NOT EXISTS user (id TEXT PRIMARY KEY, username TEXT UNIQUE, email TEXT, role TEXT, hash TEXT);
"""

# Cheap on purpose (RFC 9106 asks for far more): the passwords are public, and logins should not slow a test.
HASHER = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


class Authentication:
    """Users with argon2 hashes in the service's own database, and their tokens."""

    def __init__(self, settings: Settings) -> None:
        self.tokens = Tokens(settings.secret())
        self._database = open_database(settings.data_dir / "authentication.db", SCHEMA)
        self._unknown = HASHER.hash("nobody's password")
        for user in USERS:
            self._add(user)

    def _add(self, user: User) -> None:
        row = (user.id, user.username, user.email, user.role.value, HASHER.hash(user.password))
        self._database.execute("INSERT OR IGNORE INTO user VALUES (?, ?, ?, ?, ?)", row)

    async def login(self, request: Request) -> Response:
        """`POST /api/auth/login`."""
        body = await read_json(request)
        username, password = required_text(body, "username"), required_text(body, "password")
        row: sqlite3.Row | None = self._database.execute(
            "SELECT hash FROM user WHERE username = ?", (username,)
        ).fetchone()
        # An unknown name costs as much time as a wrong password, so that names cannot be probed.
        right = await asyncio.to_thread(_matches, row["hash"] if row else self._unknown, password)
        user = find_user(username)
        if row is None or not right or user is None:
            raise HTTPException(401, "Invalid username or password")
        return self._grant(user)

    async def refresh(self, request: Request) -> Response:
        """`POST /api/auth/refresh`, with the token in the body or in its cookie."""
        body = await read_json(request)
        token = body.get("refreshToken") or request.cookies.get("refreshToken")
        try:
            return self._grant(self.tokens.refreshed(str(token)))
        except ValueError as error:
            raise HTTPException(401, "Invalid or expired refresh token") from error

    async def me(self, request: Request) -> Response:
        """`GET /api/auth/me`."""
        user = find_user(self.tokens.caller(request).id)
        if user is None:
            raise HTTPException(401, "Invalid or expired token")
        return JSONResponse(user.public())

    def _grant(self, user: User) -> Response:
        access, refresh = self.tokens.access(user), self.tokens.refresh(user)
        response = JSONResponse({"accessToken": access, "refreshToken": refresh, "user": user.public()})
        response.set_cookie("accessToken", access, max_age=ACCESS_SECONDS, httponly=True, samesite="lax")
        response.set_cookie("refreshToken", refresh, max_age=REFRESH_SECONDS, httponly=True, samesite="lax")
        return response

    async def close(self) -> None:
        """Close the database."""
        self._database.close()


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def authentication_app(settings: Settings) -> ASGIApp:
    """The service as an ASGI application."""
    service = Authentication(settings)
    routes = [
        Route("/api/auth/login", service.login, methods=["POST"]),
        Route("/api/auth/refresh", service.refresh, methods=["POST"]),
        Route("/api/auth/me", service.me),
    ]
    return build_app("authentication-service", routes, service.close, Cors())
