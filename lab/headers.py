"""What the tester looks for in the head of a streaming answer."""

import time
from collections.abc import Mapping
from uuid import uuid4

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
    allowed = headers.get("Access-Control-Allow-Origin")
    if allowed != origin:
        return f"Access-Control-Allow-Origin is {allowed!r}, not {origin!r}"
    if headers.get("Access-Control-Allow-Credentials") != "true":
        return "Access-Control-Allow-Credentials is not 'true'"
    if name.lower() in SAFELISTED:
        return ""
    exposed = headers.get("Access-Control-Expose-Headers")
    if exposed is None:
        return "there is no Access-Control-Expose-Headers"
    if name.lower() not in (part.strip().lower() for part in exposed.split(",")):
        return f"Access-Control-Expose-Headers is {exposed!r}"
    return ""
