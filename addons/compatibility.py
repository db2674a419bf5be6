"""Does this mitmproxy have the internals that we rely on? Asked at start-up and by `streamid doctor`."""

import inspect
from importlib.metadata import version

from mitmproxy import addonmanager
from mitmproxy.proxy.layers import http

SUPPORTED = "12.2 or newer, below 13"
_NEEDED = {
    http.HttpLayer: ("make_stream", "event_to_child"),
    addonmanager.AddonManager: ("trigger_event", "_iter_hooks", "register", "add", "remove", "clear"),
    http.HttpStream: ("handle_event", "start_request_stream", "state_consume_request_body"),
}


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
    if not found and "self.streams[stream_id] = HttpStream(" not in inspect.getsource(
        http.HttpLayer.make_stream
    ):
        found.append(f"mitmproxy {installed} makes its HTTP streams in another way")
    return found


def _supported(installed: str) -> bool:
    major, minor, *_ = (int(part) for part in installed.split(".")[:2])
    return major == 12 and minor >= 2
