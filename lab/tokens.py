"""JSON Web Tokens (RFC 7519): made by the authentication service, read by all three."""

import time
from dataclasses import dataclass

import jwt
from starlette.exceptions import HTTPException
from starlette.requests import Request

from lab.users import STAFF, Role, User, find_user

ACCESS_SECONDS = 3600
REFRESH_SECONDS = 7 * 24 * 3600
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, by the token alone; `X-User-ID` is a hint that nobody trusts."""

    id: str
    username: str
    role: Role
    token: str

    @property
    def is_staff(self) -> bool:
        """Whether this is an admin or a supervisor."""
        return self.role in STAFF


class Tokens:
    """Signs and reads tokens with the lab's own key."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def access(self, user: User, seconds: int = ACCESS_SECONDS) -> str:
        """A token that opens the APIs, for so many seconds."""
        now = int(time.time())
        claims = {
            "sub": user.id,
            "username": user.username,
            "role": user.role.value,
            "iat": now,
            "exp": now + seconds,
        }
        return jwt.encode(claims, self._secret, ALGORITHM)

    def refresh(self, user: User, seconds: int = REFRESH_SECONDS) -> str:
        """A token that is good for new tokens only."""
        now = int(time.time())
        return jwt.encode(
            {"sub": user.id, "use": "refresh", "iat": now, "exp": now + seconds}, self._secret, ALGORITHM
        )

    def refreshed(self, token: str) -> User:
        """Whom a refresh token belongs to; `ValueError` where it is none, or over."""
        claims = self._claims(token)
        user = find_user(str(claims.get("sub")))
        if claims.get("use") != "refresh" or user is None:
            raise ValueError("not a refresh token")
        return user

    def caller(self, request: Request) -> Caller:
        """Who makes the request (RFC 6750 §2.1); 401 where no valid token says so."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HTTPException(401, "Authentication required")
        try:
            claims = self._claims(token.strip())
            return Caller(claims["sub"], claims["username"], Role(claims["role"]), token.strip())
        except (ValueError, KeyError) as error:
            raise HTTPException(401, "Invalid or expired token") from error

    def staff(self, request: Request) -> Caller:
        """The same, and 403 unless it is an admin or a supervisor."""
        caller = self.caller(request)
        if not caller.is_staff:
            raise HTTPException(403, "Supervisor or admin role required")
        return caller

    def _claims(self, token: str) -> dict[str, str]:
        try:
            claims: dict[str, str] = jwt.decode(
                token, self._secret, [ALGORITHM], options={"require": ["exp", "sub"]}
            )
        except jwt.PyJWTError as error:
            raise ValueError(str(error)) from error
        return claims
