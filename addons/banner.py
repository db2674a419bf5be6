"""What the start-up banner says: listening where, upstream, profile, faults, recording, metrics."""

import math
import os
import sys
from collections.abc import Iterable

from mitmproxy.proxy import mode_specs

from addons.loopback import is_loopback
from addons.playback_settings import PlaybackSettings
from addons.settings import Settings


def banner(
    version: str,
    mitmproxy: str,
    servers: Iterable[str],
    settings: Settings,
    metrics: str = "",
    armed: Iterable[str] = (),
) -> list[str]:
    """The banner's lines; `servers` as `describe` gives them, `metrics` is their URL (empty: off).

    `armed` are the names of the faults that are armed.
    """
    recording = "off" if settings.record is None else f"{settings.record}{_protection(settings)}"
    return [
        f"streamid {version} on mitmproxy {mitmproxy}",
        *(f"  {'listening':<10} {server}" for server in servers),
        f"  {'profile':<10} {settings.profile.name}",
        *([f"  {'playback':<10} {_playback(settings.playback)}"] if settings.playback else []),
        f"  {'faults':<10} {_faults(settings, armed)}",
        f"  {'recording':<10} {recording}",
        *([f"  {'metrics':<10} {metrics}{_reach(settings)}"] if metrics else []),
    ]


def _faults(settings: Settings, armed: Iterable[str]) -> str:
    names = ", ".join(armed)
    if names:
        return f"{alarming('ARMED')}: {names}"
    return f"none armed, of {settings.faults}" if settings.faults else "none"


def _playback(playing: PlaybackSettings) -> str:
    manners = playing.manners
    speed = "at once" if math.isinf(playing.speed) else f"at {playing.speed:g} × the recorded speed"
    where = f" at {playing.upstream.geturl()}" if playing.upstream else ""
    said = [
        ", ".join(str(path) for path in playing.paths),
        speed,
        f"otherwise {manners.on_miss}{where}",
        *(["in strict order"] if manners.strict_order else []),
        *(["with fresh IDs"] if manners.fresh_ids else []),
    ]
    return ", ".join(said)


def alarming(text: str) -> str:
    """`text` in red, where the log goes to a terminal and colours are not unwanted (https://no-color.org)."""
    is_seen = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[1;31m{text}\x1b[0m" if is_seen else text


def describe(
    mode: mode_specs.ProxyMode, addresses: Iterable[tuple[str, int]], local: bool, *, played: bool = False
) -> str:
    """Where a mode listens and where it leads, as `127.0.0.1:8080 → http://localhost:3002 (reverse)`.

    `local`: only clients on this machine are let in, whatever the socket is bound to. `played`: what it
    leads to is a recording.
    """
    if local:
        where = ", ".join(sorted({f"localhost:{port}" for _, port, *_ in addresses}))
    else:
        # TCP and UDP (HTTP/3) at one address are one place to the reader.
        where = ", ".join(dict.fromkeys(f"{host}:{port}" for host, port, *_ in addresses))
    if isinstance(mode, (mode_specs.ReverseMode, mode_specs.UpstreamMode)):
        host, port = mode.address[:2]
        return f"{where} → {mode.scheme}://{host}:{port} ({'playback' if played else mode.type_name})"
    return f"{where} ({mode.type_name} proxy)"


def _reach(settings: Settings) -> str:
    named = settings.metrics
    return "" if named is None or is_loopback(named.host) else "  (open to other machines)"


def _protection(settings: Settings) -> str:
    return "" if settings.redact else "  (secrets are NOT redacted)"
