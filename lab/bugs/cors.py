"""Bugs in the chat service's cross-origin headers."""

from lab.cors import Cors, Fields


class NoExpose(Cors):
    """Scripts may read nothing beyond the safelisted fields (Fetch §2.2.2)."""

    def exposing(self) -> Fields:
        """Nothing."""
        return ()


class ExposePreflightOnly(Cors):
    """The field is sent where it has no effect, and only there."""

    def preflight(self, origin: str | None) -> Fields:
        """The usual fields, and what was meant for the answer."""
        exposing = super().exposing() if origin is not None else ()
        return (*super().preflight(origin), *exposing)

    def exposing(self) -> Fields:
        """Nothing."""
        return ()


class WildcardCredentials(Cors):
    """Exposes `*`, which is a field's name like any other where credentials are included."""

    def exposing(self) -> Fields:
        """The wildcard."""
        return (("access-control-expose-headers", "*"),)


class BadExposeGrammar(Cors):
    """Exposes two fields with a space where the comma belongs."""

    def exposing(self) -> Fields:
        """No list (RFC 9110 §5.6.1)."""
        return (("access-control-expose-headers", f"{self.expose} X-Request-Id"),)


class NoVary(Cors):
    """Caches are not told that the answer depends on the origin."""

    def varying(self) -> Fields:
        """Nothing."""
        return ()


class NoCorsOnErrors(Cors):
    """Errors come from a layer that knows nothing of CORS."""

    def answer(self, origin: str | None, status: int = 200, content_type: str = "") -> Fields:
        """The usual fields below 400, else none."""
        return () if status >= 400 else super().answer(origin, status, content_type)


class NoCorsOnStream(Cors):
    """Event streams come from a layer that knows nothing of CORS."""

    def answer(self, origin: str | None, status: int = 200, content_type: str = "") -> Fields:
        """The usual fields, but none on an event stream."""
        return () if content_type == "text/event-stream" else super().answer(origin, status, content_type)


class Preflight401(Cors):
    """A preflight is asked for the token that it cannot carry (Fetch, "CORS-preflight fetch")."""

    preflight_status = 401


class ThinPreflight(Cors):
    """A preflight does not allow the field that the token comes in."""

    def allowed(self) -> str:
        """All but `Authorization`."""
        names = super().allowed().split(", ")
        return ", ".join(name for name in names if name != "Authorization")
