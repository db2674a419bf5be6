"""Loopback by default: other machines are turned away unless a listening address was named."""

import pytest
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons, tflow

from addons.loopback import StreamidLoopback, is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.8.7", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("not an address", False),
    ],
)
def test_loopback_is_told_from_elsewhere(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("peer", "mode", "listen_host", "let_in"),
    [
        ("127.0.0.1", "regular", "", True),
        ("192.0.2.1", "regular", "", False),
        ("192.0.2.1", "reverse:http://127.0.0.1:3002", "", False),
        ("192.0.2.1", "regular", "0.0.0.0", True),
        ("192.0.2.1", "regular@0.0.0.0:8080", "", True),
        ("192.0.2.1", "transparent", "", True),
    ],
)
def test_who_is_elsewhere_needs_a_named_address(peer: str, mode: str, listen_host: str, let_in: bool) -> None:
    client = tflow.tclient_conn()
    client.peername = (peer, 40000)
    client.proxy_mode = ProxyMode.parse(mode)
    addon = StreamidLoopback()
    with taddons.context(addon) as context:
        context.configure(addon, listen_host=listen_host)
        addon.client_connected(client)
    assert (client.error is None) is let_in
