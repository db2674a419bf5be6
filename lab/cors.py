"""Cross-origin headers (Fetch, "CORS protocol"), in one place so that a build can get them wrong."""

from dataclasses import dataclass

type Fields = tuple[tuple[str, str], ...]

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@dataclass(frozen=True, slots=True)
class Cors:
    """What a service tells browsers; `expose` names the response headers that scripts may read."""

    expose: str = ""
    allow_headers: str = "Authorization, Content-Type, X-User-ID"

    def answer(self, origin: str | None) -> Fields:
        """The fields that every answer to a request from `origin` carries, errors included."""
        if origin is None:
            return ()
        exposed = (("access-control-expose-headers", self.expose),) if self.expose else ()
        return (
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            *exposed,
            ("vary", "Origin"),
        )

    def preflight(self, origin: str | None) -> Fields:
        """The fields of an answer to OPTIONS (Fetch §4.8); exposing has no effect there."""
        if origin is None:
            return (("allow", METHODS),)
        return (
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", METHODS),
            ("access-control-allow-headers", self.allow_headers),
            ("vary", "Origin"),
        )
