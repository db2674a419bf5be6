"""What the tester looks for in the head of a streaming answer, and of the preflight before it."""

import time
from collections.abc import Mapping
from uuid import uuid4

ASKED = ("authorization", "content-type", "x-user-id")
"""What a browser asks for before a stream: the request's own headers, in Fetch's order."""

NAME = "X-Streaming-Session-Id"
OTHER_NAMES = ("x-streaming-session-id", "streaming-session-id", "X-Stream-Id", "x-stream-id")
"""Where clients look next, in order, when the header is not there under its own name."""

SAFELISTED = frozenset(
    (
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    )
)
"""Response headers that every script may read (Fetch, "CORS-safelisted response-header name")."""


def find_streaming_id(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The first name that is there, with its value; an empty value counts as none."""
    for name in (NAME, *OTHER_NAMES):
        value = headers.get(name, "").strip()
        if value:
            return name, value
    return None


def fallback_id() -> str:
    """An ID in the service's own format, for when it sent none: `stream-<unix ms>-<8 hex>`."""
    return f"stream-{time.time_ns() // 1_000_000}-{uuid4().hex[:8]}"


def why_unreadable(headers: Mapping[str, str], name: str, origin: str) -> str:
    """Why a script on `origin` that sends credentials could not read `name`; empty where it could."""
    failed = _why_not_shared(headers, origin)
    if failed or name.lower() in SAFELISTED:
        return failed
    exposed = headers.get("Access-Control-Expose-Headers")
    if exposed is None:
        return "there is no Access-Control-Expose-Headers"
    return "" if name.lower() in _names(exposed) else f"Access-Control-Expose-Headers is {exposed!r}"


def why_not_allowed(status: int, headers: Mapping[str, str], origin: str) -> str:
    """Why a preflight for `ASKED` was refused (Fetch §4.8); empty where the POST may follow.

    POST itself needs no permission: it is a CORS-safelisted method.
    """
    if not 200 <= status <= 299:
        return f"its status is {status}"
    failed = _why_not_shared(headers, origin)
    if failed:
        return failed
    allowed = headers.get("Access-Control-Allow-Headers")
    missing = [name for name in ASKED if name not in _names(allowed or "")]
    return f"Access-Control-Allow-Headers is {allowed!r}, without {', '.join(missing)}" if missing else ""


def _why_not_shared(headers: Mapping[str, str], origin: str) -> str:
    """Why the CORS check of a request with credentials fails (Fetch §4.10); empty where it passes."""
    allowed = headers.get("Access-Control-Allow-Origin")
    if allowed != origin:
        return f"Access-Control-Allow-Origin is {allowed!r}, not {origin!r}"
    if headers.get("Access-Control-Allow-Credentials") != "true":
        return "Access-Control-Allow-Credentials is not 'true'"
    return ""


def _names(line: str) -> set[str]:
    return {part.strip().lower() for part in line.split(",")}
