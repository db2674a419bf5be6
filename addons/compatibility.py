"""Does this mitmproxy have the internals that we rely on? Asked at start-up and by `streamid doctor`."""

import inspect
from collections.abc import Callable
from importlib.metadata import version

from mitmproxy import addonmanager
from mitmproxy.proxy.layers import http
from mitmproxy.proxy.layers.http._http1 import Http1Server

SUPPORTED = "12.2 or newer, below 13"
_NEEDED = {
    http.HttpLayer: ("make_stream", "event_to_child", "_handle_event"),
    addonmanager.AddonManager: ("trigger_event", "_iter_hooks", "register", "add", "remove", "clear"),
    http.HttpStream: (
        *("handle_event", "start_request_stream", "state_consume_request_body"),
        *("state_stream_request_body", "state_stream_response_body"),
    ),
}
_WORDED: tuple[tuple[Callable[..., object], str, str], ...] = (
    (http.HttpLayer.make_stream, "self.streams[stream_id] = HttpStream(", "makes its HTTP streams"),
    (
        Http1Server.send,
        r'raw = b"%x\r\n%s\r\n" % (len(event.data), event.data)',
        "frames answers",
    ),
)
"""Code whose place we take, words that have to be in it, and what it does."""


def problems() -> list[str]:
    """One line for each thing that is not as we need it; empty where all is well."""
    found = []
    installed = version("mitmproxy")
    if not _supported(installed):
        found.append(f"mitmproxy {installed} is installed; streamid works with {SUPPORTED}")
    for owner, names in _NEEDED.items():
        found += [
            f"mitmproxy {installed} has no {owner.__name__}.{name}"
            for name in names
            if not hasattr(owner, name)
        ]
    if not found:
        found += [
            f"mitmproxy {installed} {does} in another way"
            for method, words, does in _WORDED
            if words not in inspect.getsource(method)
        ]
    return found


def _supported(installed: str) -> bool:
    major, minor, *_ = (int(part) for part in installed.split(".")[:2])
    return major == 12 and minor >= 2
