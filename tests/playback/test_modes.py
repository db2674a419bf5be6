"""Playback in mitmdump: with the modes that loopback allows, through a reload, and not to be changed."""

import shutil
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from contract.events import Event, RequestHead
from tests.playback.clients import only_http2, trusting
from tests.playback.exchanges import STREAMED, answered, asked
from tests.support.proxy import Proxy, copied_checkout
from tests.support.sequences import record
from tests.support.sockets import Peer


def secure(events: list[Event]) -> list[Event]:
    return [replace(each, scheme="https") if isinstance(each, RequestHead) else each for each in events]


EVENTS = [
    *asked(1, 0, "/plain", host="service.test", port=80),
    *answered(1, 100, b"by HTTP"),
    *secure([*asked(2, 1000, "/secure", host="service.test", port=443), *answered(2, 1100, b"by TLS")]),
    *asked(3, 2000, "/stream", host="service.test", port=80),
    *answered(3, 2100, *[b"data: %d\n\n" % n for n in range(20)], fields=STREAMED, gap=100_000),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("modes") / "modes.db", EVENTS)


@pytest.fixture(scope="module")
def proxy(recording: Path) -> Iterator[Proxy]:
    modes = ("regular", "socks5", "upstream:http://127.0.0.1:9", "reverse:https://service.test")
    with Proxy(*modes, options={"streamid_playback": str(recording)}) as running:
        yield running
        assert "Traceback" not in running.log()


@pytest.mark.parametrize("number", [0, 2], ids=["regular", "upstream"])
def test_a_client_of_a_proxy_is_answered_though_there_is_no_such_service(number: int, proxy: Proxy) -> None:
    """Nor the other proxy that `upstream` would ask."""
    through = f"http://127.0.0.1:{proxy.ports[number]}"
    with httpx.Client(proxy=through, verify=trusting(proxy.authority), trust_env=False) as client:
        assert client.get("http://service.test/plain").text == "by HTTP"
        assert client.get("https://service.test/secure").text == "by TLS"
        missed = client.get("https://service.test/other")
        assert (missed.status_code, missed.headers["X-Streamid-Playback"]) == (404, "miss")


def test_a_client_of_socks_is_answered(proxy: Proxy) -> None:
    with Peer(socket.create_connection(("127.0.0.1", proxy.ports[1]))) as peer:
        name = b"service.test"
        peer.send(b"\x05\x01\x00")  # RFC 1928
        assert peer.receive_exactly(2) == b"\x05\x00"
        peer.send(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", 80))
        assert peer.receive_exactly(10)[:2] == b"\x05\x00"
        peer.send(b"GET /plain HTTP/1.1\r\nHost: service.test\r\n\r\n")
        peer.receive_until(b"by HTTP")


def test_a_client_of_a_reverse_proxy_is_answered_by_tls_and_by_http2(proxy: Proxy) -> None:
    url = f"https://localhost:{proxy.ports[3]}/secure"
    assert httpx.get(url, verify=trusting(proxy.authority), trust_env=False).text == "by TLS"
    with httpx.Client(http2=True, http1=False, verify=only_http2(proxy.authority), trust_env=False) as client:
        answer = client.get(url)
        assert (answer.http_version, answer.text) == ("HTTP/2", "by TLS")


SPY = """
import logging
from mitmproxy import ctx, exceptions

def request(flow):
    name = flow.request.headers.get("X-Change")
    if name:
        try:
            ctx.options.update(**{name: "2"})
        except exceptions.OptionsError as error:
            logging.info(f"SPY {error}")
"""
CHANGING = ("streamid_playback", "streamid_playback_speed", "streamid_playback_miss")


def test_a_playback_goes_on_through_a_reload_and_its_options_do_not_change(
    recording: Path, tmp_path: Path
) -> None:
    script = copied_checkout(tmp_path / "checkout")
    spy = tmp_path / "spy.py"
    spy.write_text(SPY)
    options = {"streamid_playback": str(shutil.copy(recording, tmp_path / "copy.db"))}
    mode = "reverse:http://service.test:80"
    with Proxy(mode, script=script, scripts=[spy], options=options, folder=tmp_path / "run") as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        with httpx.stream("GET", f"{url}/stream", trust_env=False) as answer:
            pieces = answer.iter_raw()
            read = next(pieces)
            proxy.reload()
            read += b"".join(pieces)
        assert read == b"".join(b"data: %d\n\n" % n for n in range(20))
        proxy.wait_for("the run goes on")
        for name in CHANGING:
            assert httpx.get(f"{url}/plain", headers={"X-Change": name}, trust_env=False).text == "by HTTP"
            proxy.wait_for(f"SPY {name} cannot change while a run is recorded")
        assert "Traceback" not in proxy.log()
