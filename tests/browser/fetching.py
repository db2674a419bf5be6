"""What a script got from `fetch`, and what `contract.cors` says that it gets, in the same form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Frame, Page

from contract import headers
from contract.cors import (
    Credentials,
    body_readable,
    cors_refusal,
    header_readable,
    is_same_origin,
    judge_preflight,
    origin_of,
)
from tests.browser.scripted import Exchange

PAGE = b"<!doctype html><title>A page</title>"
_ATTEMPT = """
async ([url, init, names]) => {
  try {
    const response = await fetch(url, init);
    const body = await response.text();
    const headers = names.map(name => [name, response.headers.get(name)]);
    return {body, status: response.status, type: response.type, headers};
  } catch (error) {
    return {error: String(error)};
  }
}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether the request itself went out after its preflight, and what the script could read.

    `headers` has those of the names that the response carries; it is empty where `body` is not readable.
    """

    sent: bool
    body: bool
    headers: frozenset[str]


def fetched(page: Page | Frame, url: str, init: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """What `fetch` in the page gave: `error`, or `body`, `status`, `type` and `headers`."""
    found: dict[str, Any] = page.evaluate(_ATTEMPT, [url, init, list(names)])
    return found


def observed(found: dict[str, Any], exchanges: Sequence[Exchange]) -> Seen:
    """`found` in short; each header that was readable had the value of its lines joined."""
    sent = any(exchange.request.method != b"OPTIONS" for exchange in exchanges)
    if "error" in found or found["type"].startswith("opaque"):
        return Seen(sent, body=False, headers=frozenset())
    response = exchanges[-1].response
    for name, value in found["headers"]:
        combined = headers.combined(response.headers, name.lower().encode())
        assert value is None or (combined is not None and value == combined.decode("latin-1"))
    return Seen(sent, True, frozenset(name for name, value in found["headers"] if value is not None))


def predicted(exchanges: Sequence[Exchange], mode: Credentials, names: Sequence[str]) -> Seen:
    """The same by the standard, from what arrived and what was sent."""
    preflights = [each for each in exchanges if each.request.method == b"OPTIONS"]
    if not all(judge_preflight(*each, mode).is_granted for each in preflights):
        return Seen(sent=False, body=False, headers=frozenset())
    *passed, last = (each for each in exchanges if each.request.method != b"OPTIONS")
    if not all(_passes(each, mode) for each in passed):
        return Seen(sent=True, body=False, headers=frozenset())
    if not body_readable(*last, credentials=mode).readable:
        return Seen(sent=True, body=False, headers=frozenset())
    carried = [
        name for name in names if headers.first(last.response.headers, name.lower().encode()) is not None
    ]
    readable = {name: header_readable(name.encode(), *last, credentials=mode).readable for name in carried}
    assert None not in readable.values()
    return Seen(True, True, frozenset(name for name, can in readable.items() if can))


def assert_never_wrong_where_the_mode_is_unknown(
    exchanges: Sequence[Exchange], seen: Seen, names: Sequence[str]
) -> None:
    """From the traffic alone, the answer is right or that it cannot be told."""
    last = exchanges[-1]
    if last.request.method == b"OPTIONS" or not all(
        _passes(each, Credentials.OMITTED) for each in exchanges[:-1]
    ):
        return
    assert body_readable(*last).readable in (None, seen.body)
    for name in names:
        if headers.first(last.response.headers, name.lower().encode()) is not None:
            assert header_readable(name.encode(), *last).readable in (None, name in seen.headers), name


def _passes(exchange: Exchange, mode: Credentials) -> bool:
    """Whether a redirect may be followed: "a CORS check for request and response", where it is tainted."""
    request, response = exchange
    if request.method == b"OPTIONS" or is_same_origin(request):
        return True
    return not cors_refusal(origin_of(request) or b"", request, response, credentials=mode)
