"""A script for bare mitmdump: a hop that gets the CORS headers of the chat service wrong, in one way.

The environment variable `SPOILED_BY` names the way. Messages are streamed through.
"""

import os
from collections.abc import Callable

from mitmproxy import http

WAY = "SPOILED_BY"
_EXPOSE = "Access-Control-Expose-Headers"


def _hides_all(response: http.Response) -> None:
    for name in [name for name in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]


def _exposes(value: str | None) -> Callable[[http.Response], None]:
    def spoil(response: http.Response) -> None:
        response.headers.pop(_EXPOSE, None)
        if value is not None:
            response.headers[_EXPOSE] = value

    return spoil


def _refuses(response: http.Response) -> None:
    response.status_code = 401


def _forgets_authorization(response: http.Response) -> None:
    response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-User-ID"


def _forgets_vary(response: http.Response) -> None:
    response.headers.pop("Vary", None)


_PREFLIGHT = "preflight"
_STREAM = "stream"
_ERROR = "error"
_ANY = "any"
WAYS: dict[str, tuple[str, Callable[[http.Response], None]]] = {
    "no-expose": (_ANY, _exposes(None)),
    "expose-preflight-only": (_STREAM, _exposes(None)),
    "wildcard-credentials": (_ANY, _exposes("*")),
    "bad-expose-grammar": (_ANY, _exposes("X-Streaming-Session-Id X-Request-Id")),
    "no-vary": (_ANY, _forgets_vary),
    "no-cors-on-errors": (_ERROR, _hides_all),
    "no-cors-on-stream": (_STREAM, _hides_all),
    "preflight-401": (_PREFLIGHT, _refuses),
    "thin-preflight": (_PREFLIGHT, _forgets_authorization),
}
"""Each way: which answers it spoils, and how."""


def _kinds(flow: http.HTTPFlow, response: http.Response) -> set[str]:
    kinds = {_ANY, _PREFLIGHT if flow.request.method == "OPTIONS" else ""}
    if flow.request.method == "POST" and flow.request.path.endswith("/stream"):
        kinds.add(_STREAM)
    if response.status_code >= 400:
        kinds.add(_ERROR)
    return kinds


def requestheaders(flow: http.HTTPFlow) -> None:
    flow.request.stream = True


def responseheaders(flow: http.HTTPFlow) -> None:
    response = flow.response
    assert response
    response.stream = True
    concerned, spoil = WAYS[os.environ[WAY]]
    if concerned in _kinds(flow, response):
        spoil(response)
