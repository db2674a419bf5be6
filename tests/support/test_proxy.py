"""The proxy that the tests start is a real one, and says why when it is not there."""

import signal
from pathlib import Path

import h2.events
import pytest

from tests.support.h2peer import H2Peer, H2Server, echo
from tests.support.proxy import BARE, STREAMID, Proxy, ProxyError, copied_checkout
from tests.support.sockets import Peer, RawServer


def answer(peer: Peer) -> None:
    while peer.receive_until(b"\r\n\r\n"):
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def ask(port: int) -> bytes:
    with Peer.connect(port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.receive_until(b"\r\n\r\n")
        return client.receive_exactly(2)


def test_each_mode_has_its_port(tmp_path: Path) -> None:
    with (
        RawServer(answer) as server,
        Proxy("regular", f"reverse:{server.url}", script=BARE, folder=tmp_path) as proxy,
    ):
        assert len(set(proxy.ports)) == 2
        assert ask(proxy.ports[1]) == b"ok"
        assert proxy.stop(signal.SIGINT) == 0


def test_a_proxy_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise ValueError('on purpose')")
    with pytest.raises(ProxyError, match="on purpose"), Proxy(script=broken, folder=tmp_path / "run"):
        pass


def test_a_copy_of_the_checkout_can_be_reloaded(tmp_path: Path) -> None:
    script = copied_checkout(tmp_path / "a checkout")
    with (
        RawServer(answer) as server,
        Proxy(f"reverse:{server.url}", script=script, folder=tmp_path / "run") as proxy,
    ):
        proxy.reload()
        assert ask(proxy.port) == b"ok"
        assert "Traceback" not in proxy.log()


def test_this_checkout_is_not_touched(tmp_path: Path) -> None:
    link = tmp_path / "streamid.py"
    link.symlink_to(STREAMID)
    with pytest.raises(ValueError, match="copied_checkout"):
        Proxy(script=link, folder=tmp_path).reload()


def test_http2_passes_in_reverse_mode_and_through_connect() -> None:
    with (
        H2Server(echo) as server,
        Proxy(f"reverse:{server.url}", "regular", script=BARE, options={"ssl_insecure": "true"}) as proxy,
    ):
        for port, authority in ((proxy.ports[0], None), (proxy.ports[1], f"127.0.0.1:{server.port}")):
            with H2Peer.connect(port, authority) as client:
                stream = client.request(b"POST", b"/a", body=b"x" * 40_000)
                client.receive_until(h2.events.StreamEnded, stream)
                assert client.body(stream) == b"x" * 40_000
