"""Loopback by default: who is elsewhere is let in only where the user named a listening address.

mitmproxy listens on every address unless told otherwise, and has bound its sockets by the time that
a script is loaded; so the door is kept here, per connection.
"""

import ipaddress
import logging

from mitmproxy import connection, ctx
from mitmproxy.proxy import mode_specs

logger = logging.getLogger("streamid")

_OPEN_BY_NATURE = (
    mode_specs.TransparentMode,
    mode_specs.WireGuardMode,
    mode_specs.LocalMode,
    mode_specs.TunMode,
)


class StreamidLoopback:
    """Turns other machines' clients away, unless `--listen-host` or the mode names an address."""

    def client_connected(self, client: connection.Client) -> None:
        """Close the connection before anything is read from it."""
        if guarded(client.proxy_mode) and not is_loopback(client.peername[0]):
            client.error = "only this machine may connect"
            logger.warning(
                "streamid: %s was turned away; to let other machines in, start with --listen-host 0.0.0.0",
                client.peername[0],
            )


def guarded(mode: mode_specs.ProxyMode) -> bool:
    """Whether clients of this listener have to be on this machine."""
    named = ctx.options.listen_host or mode.custom_listen_host
    return not named and not isinstance(mode, _OPEN_BY_NATURE)


def is_loopback(host: str) -> bool:
    """127.0.0.0/8 and ::1, also as an IPv4-mapped IPv6 address (RFC 4291 §2.5.3, §2.5.5.2)."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
