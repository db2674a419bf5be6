"""`streamid serve` and its options: order, headers, places, speeds, several recordings."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from contract.events import Event, RequestHead, ResponseHead
from tests.cli.streamid import finished, streamid
from tests.playback.exchanges import ORIGIN, STREAMED, answered, asked
from tests.support.sequences import record
from tests.support.serving import Serving
from tests.support.sockets import Peer

TENANT_A, TENANT_B = ((b"X-Tenant", b"a"),), ((b"X-Tenant", b"b"),)
PIECES = [b"data: %d\n\n" % number for number in range(5)]
SHOP = [
    *asked(1, 0, "/state"),
    *answered(1, 100, b"old"),
    *asked(2, 10_000, "/change", b"{}"),
    *answered(2, 10_100, b"changed"),
    *asked(3, 20_000, "/state"),
    *answered(3, 20_100, b"new"),
    *asked(4, 30_000, "/tenant", fields=TENANT_A),
    *answered(4, 30_100, b"for a"),
    *asked(5, 40_000, "/tenant", fields=TENANT_B),
    *answered(5, 40_100, b"for b"),
    *asked(6, 50_000, "/stream"),
    *answered(6, 50_100, *PIECES, fields=STREAMED, gap=100_000),
]


def get(url: str, path: str, **fields: str) -> httpx.Response:
    return httpx.get(url + path, headers=fields, trust_env=False, timeout=20)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("shop") / "shop.db", SHOP)


def seconds(host: str, port: int) -> float:
    """From the request for the stream to its last piece, which was recorded 0.5 s after it."""
    before = time.monotonic()
    with Peer(socket.create_connection((host, port))) as peer:
        peer.send(b"GET /stream HTTP/1.1\r\nHost: localhost:3002\r\n\r\n")
        peer.receive_until(b"data: 4\n\n")
        return time.monotonic() - before


def test_strict_order_gives_each_answer_in_its_turn_and_once(shop: Path) -> None:
    arguments = ("--strict-order", "--match-header", "X-Tenant", "--speed", "4")
    with Serving(shop, arguments=arguments) as playback:
        url = playback.url(ORIGIN)
        early = httpx.post(f"{url}/change", json={}, trust_env=False)
        assert early.json()["because"] == "exchange 1 (GET /state) comes first (strict order)"
        assert get(url, "/state").text == "old"
        assert httpx.post(f"{url}/change", json={}, trust_env=False).text == "changed"
        assert get(url, "/state").text == "new"
        again = get(url, "/state")
        assert again.json()["because"] == "the recording has it no more often (strict order)"
        other = get(url, "/tenant", **{"X-Tenant": "c"}).json()
        assert {"at": "header x-tenant", "recorded": "a", "asked": "c"} in other["nearest"][0]["differs"]
        assert get(url, "/tenant", **{"X-Tenant": "a"}).text == "for a"
        assert get(url, "/tenant", **{"X-Tenant": "b"}).text == "for b"
        assert 0.125 < seconds("127.0.0.1", int(url.rpartition(":")[2])) < 0.5


@dataclass(frozen=True, slots=True)
class Placed:
    """A playback of two recordings at chosen places."""

    playback: Serving
    other: str
    taken: int
    free: int


@pytest.fixture(scope="module")
def placed(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Placed]:
    folder = tmp_path_factory.mktemp("placed")
    with socket.create_server(("127.0.0.1", 0)) as occupied, socket.create_server(("127.0.0.1", 0)) as spare:
        taken, free = occupied.getsockname()[1], spare.getsockname()[1]
        events = [*asked(1, 0, "/b", port=taken), *answered(1, 100, b"the other")]
        events += [*asked(2, 10_000, "/more"), *answered(2, 10_100, b"more of the first origin")]
        events += [*asked(3, 20_000, "/c", host="::1", port=1234), *answered(3, 20_100, b"six")]
        events += _secure(4, 443, b"HTTP/2.0") + _secure(5, 8443, b"HTTP/1.1")
        other = record(folder / "other.db", events)
        spare.close()
        places = [f"{ORIGIN}=[::1]:0", f"http://[::1]:1234=127.0.0.1:{free}"]
        places += [f"https://localhost:{port}=127.0.0.1:0" for port in (443, 8443)]
        arguments = ("--speed", "0.5", *(word for place in places for word in ("--map", place)))
        with Serving(shop, other, arguments=arguments, recorded_ports=True) as running:
            yield Placed(running, f"http://localhost:{taken}", taken, free)


def _secure(number: int, port: int, version: bytes) -> list[Event]:
    found: list[Event] = []
    at = number * 10_000
    for event in [*asked(number, at, "/v", port=port), *answered(number, at + 100, b"secure")]:
        if isinstance(event, RequestHead):
            event = replace(event, scheme="https", version=version)
        elif isinstance(event, ResponseHead):
            event = replace(event, version=version)
        found.append(event)
    return found


def test_two_recordings_are_played_as_one_at_the_places_that_were_asked_for(placed: Placed) -> None:
    urls = placed.playback.origins
    assert len(urls) == 5
    assert urls[ORIGIN].startswith("http://[::1]:")
    assert get(urls[ORIGIN], "/state").text == "old"
    assert get(urls[ORIGIN], "/more").text == "more of the first origin"
    assert urls["http://[::1]:1234"] == f"http://127.0.0.1:{placed.free}"
    assert get(urls["http://[::1]:1234"], "/c").text == "six"
    assert "[::1]:0" not in placed.playback.text


def test_a_recorded_port_that_is_taken_gives_way_to_a_free_one(placed: Placed) -> None:
    url = placed.playback.url(placed.other)
    assert not url.endswith(f":{placed.taken}")
    assert get(url, "/b").text == "the other"


def test_half_the_speed_takes_twice_as_long(placed: Placed) -> None:
    port = int(placed.playback.url(ORIGIN).rpartition(":")[2])
    assert 1.0 < seconds("::1", port) < 2.0


def test_a_client_of_tls_is_answered_in_the_version_of_http_that_was_recorded(placed: Placed) -> None:
    """Whatever the client would rather have: httpx offers HTTP/1.1 first, and curl HTTP/2."""
    urls = placed.playback.origins
    secure = ssl.create_default_context(cafile=str(placed.playback.authority))
    with httpx.Client(http2=True, verify=secure, trust_env=False) as client:
        found = {url: client.get(f"{url}/v") for name, url in urls.items() if name.startswith("https")}
    assert [(each.http_version, each.text) for each in found.values()] == [
        ("HTTP/2", "secure"),
        ("HTTP/1.1", "secure"),
    ]
    line = ["curl", "-sSi", "--http2", "--cacert", str(placed.playback.authority)]
    said = [
        subprocess.run([*line, f"{url}/v"], capture_output=True, text=True, check=True, timeout=20).stdout
        for url in found
    ]
    assert [text.splitlines()[0] for text in said] == ["HTTP/2 200 ", "HTTP/1.1 200 OK"]


def test_a_port_that_is_taken_is_one_line_and_exit_code_2(shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"{ORIGIN}=127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = finished("serve", shop, "--map", place)
    assert code == 2
    (line,) = [each for each in out.splitlines() if "failed to listen" in each]
    assert "address already in use" in line
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("http://localhost:1=127.0.0.1:0", f"nothing was recorded of http://localhost:1; there are {ORIGIN}"),
        ("nowhere=127.0.0.1:1", "'nowhere' is no HTTP origin"),
        (ORIGIN, f"'{ORIGIN}' is no ORIGIN=HOST:PORT"),
        (f"{ORIGIN}=127.0.0.1:65536", "is no ORIGIN=HOST:PORT"),
        (f"{ORIGIN}=127.0.0.1", "is no ORIGIN=HOST:PORT"),
    ],
)
def test_a_place_that_is_none_is_refused_in_one_line(place: str, said: str, shop: Path) -> None:
    result = streamid("serve", shop, "--map", place)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
