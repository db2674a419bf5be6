"""Cross-origin headers (Fetch, "CORS protocol"), in one place so that a build can get them wrong."""

from dataclasses import dataclass
from typing import ClassVar

type Fields = tuple[tuple[str, str], ...]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@dataclass(frozen=True, slots=True)
class Cors:
    """What a service tells browsers; `expose` names the response headers that scripts may read."""

    expose: str = ""
    allow_headers: str = "Authorization, Content-Type, X-User-ID"

    preflight_status: ClassVar[int] = 204

    def answer(self, origin: str | None, status: int = 200, content_type: str = "") -> Fields:
        """The fields that every answer to a request from `origin` carries, errors and streams included."""
        if origin is None:
            return ()
        return (
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            *self.exposing(),
            *self.varying(),
        )

    def preflight(self, origin: str | None) -> Fields:
        """The fields of an answer to OPTIONS (Fetch §4.8); exposing has no effect there."""
        if origin is None:
            return (("allow", METHODS),)
        return (
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", METHODS),
            ("access-control-allow-headers", self.allowed()),
            *self.varying(),
        )

    def exposing(self) -> Fields:
        """What tells scripts which fields they may read."""
        return (("access-control-expose-headers", self.expose),) if self.expose else ()

    def varying(self) -> Fields:
        """What tells caches that the answer depends on the origin."""
        return (("vary", "Origin"),)

    def allowed(self) -> str:
        """The fields that a request may carry, as a list."""
        return self.allow_headers
