"""What a request gets that was not recorded: a word about what is nearest, the nearest, or a service."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.events import Message
from tests.playback.clients import only_http2
from tests.playback.exchanges import ORIGIN, answered, asked, lost
from tests.support.sequences import record
from tests.support.serving import Serving
from tests.support.sockets import Peer, RawServer

MIB = 1024 * 1024
EVENTS = [
    *asked(1, 0, "/items/7?page=2"),
    *answered(1, 500, b'{"item":7}'),
    *asked(2, 10_000, "/login", b'{"user":"ada","remember":true}'),
    *answered(2, 10_500, b'{"hello":"ada"}'),
    *lost([*asked(3, 20_000, "/half"), *answered(3, 20_500, b"first", b"second")]),
    *asked(4, 30_000, "/whole"),
    *answered(4, 30_500, b"whole"),
    *lost([*asked(5, 40_000, "/kept", b'{"n":1}'), *answered(5, 40_500, b"an answer")], Message.REQUEST),
]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("misses") / "shop.db", EVENTS)


@pytest.fixture(scope="module")
def playback(recording: Path) -> Iterator[Serving]:
    with Serving(recording, arguments=("--explain-misses",)) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=20) as running:
        yield running


def test_a_miss_is_a_404_that_names_the_nearest_request_and_each_difference(
    playback: Serving, client: httpx.Client, recording: Path
) -> None:
    answer = client.post(f"{playback.url(ORIGIN)}/login", json={"user": "bob", "extra": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    assert answer.headers["x-streamid-playback"] == "miss"
    said = answer.json()
    assert said["message"] == "streamid: no recorded answer"
    assert said["request"] == "POST /login"
    (nearest,) = said["nearest"]
    assert (nearest["recording"], nearest["exchange"], nearest["request"]) == (
        *(str(recording), 2, "POST /login"),
    )
    assert sorted(nearest["differs"], key=lambda each: each["at"]) == [
        {"at": "json extra", "recorded": None, "asked": "1"},
        {"at": "json remember", "recorded": "true", "asked": None},
        {"at": "json user", "recorded": "ada", "asked": "bob"},
    ]


def test_the_log_explains_a_miss_in_lines(playback: Serving, client: httpx.Client) -> None:
    for _ in range(2):  # the second time all of it is in memory
        client.get(f"{playback.url(ORIGIN)}/items/7?page=3")
    found = [line for line in playback.text.splitlines() if "page=3" in line or "query page" in line]
    assert len(found) == 4
    assert "streamid: playback: no recorded answer to GET /items/7?page=3" in found[0]
    assert "exchange 1 (GET /items/7?page=2): query page is '3' (recorded: '2')" in found[1]


def test_a_request_like_nothing_recorded_is_a_miss_without_neighbours(
    playback: Serving, client: httpx.Client
) -> None:
    said = client.delete(f"{playback.url(ORIGIN)}/no/such/thing").json()
    assert said["because"] == "nothing like it was recorded"
    assert said["nearest"] == []


def test_an_answer_whose_bytes_were_not_kept_is_never_played_as_if_it_were_whole(
    playback: Serving, client: httpx.Client
) -> None:
    answer = client.get(f"{playback.url(ORIGIN)}/half")
    assert answer.status_code == 404
    assert answer.json()["because"] == "it was recorded, but bytes of its answer were not kept"
    run = next(line for line in playback.lines if line["streamid"] == "run")
    assert (run["playback"]["exchanges"], run["playback"]["lost"]) == (5, 1)
    assert "1 exchange cannot be played: bytes of the answer were not kept" in playback.text


def test_a_request_whose_body_was_not_kept_is_matched_by_the_rest(
    playback: Serving, client: httpx.Client
) -> None:
    assert client.post(f"{playback.url(ORIGIN)}/kept", json={"anything": 1}).text == "an answer"


def test_by_http2_a_miss_says_the_same(playback: Serving) -> None:
    secure = only_http2(playback.authority)
    with httpx.Client(http2=True, http1=False, verify=secure, trust_env=False) as http2:
        url = playback.url(ORIGIN).replace("http:", "https:")
        answer = http2.post(f"{url}/login", json={"user": "bob"})
        assert (answer.http_version, answer.status_code) == ("HTTP/2", 404)
        assert answer.json()["nearest"][0]["exchange"] == 2
        assert http2.get(f"{url}/whole").text == "whole"


def test_the_nearest_is_given_where_that_is_asked_for(recording: Path, client: httpx.Client) -> None:
    with Serving(recording, arguments=("--on-miss", "nearest")) as playback:
        url = playback.url(ORIGIN)
        answer = client.post(f"{url}/login", json={"user": "bob", "remember": True})
        assert (answer.status_code, answer.json()) == (200, {"hello": "ada"})
        assert client.get(f"{url}/no/such/thing").status_code == 404
        assert client.get(f"{url}/half").status_code == 404
    assert "the nearest one is given; nearest: exchange 2 (POST /login): json user is 'bob'" in playback.text


def echoing(peer: Peer) -> None:
    """A service that says what it was sent, and how."""
    while True:
        head = peer.receive_until(b"\r\n\r\n")
        lines = head.decode().lower()
        if "transfer-encoding: chunked" in lines:
            body = b""
            while size := int(peer.receive_until(b"\r\n"), 16):
                body += peer.receive_exactly(size)
                peer.receive_until(b"\r\n")
            peer.receive_until(b"\r\n")
        else:
            length = lines.partition("content-length: ")[2].partition("\r")[0]
            body = peer.receive_exactly(int(length or 0))
        said = json.dumps({"line": head.decode().splitlines()[0], "size": len(body), "host": _host(lines)})
        peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode())


def _host(lines: str) -> str:
    return lines.partition("host: ")[2].partition("\r")[0]


def test_what_was_not_recorded_is_asked_of_a_service_and_what_was_is_not(
    recording: Path, client: httpx.Client
) -> None:
    with RawServer(echoing) as service:
        arguments = ("--on-miss", f"upstream={service.url}", "--set", "ssl_insecure=true")
        with Serving(recording, arguments=arguments) as playback:
            url = playback.url(ORIGIN)
            assert client.get(f"{url}/whole").text == "whole"
            assert service.peers == []
            said = client.post(f"{url}/new", content=b"small").json()
            assert said == {"line": "POST /new HTTP/1.1", "size": 5, "host": f"127.0.0.1:{service.port}"}
            assert client.post(f"{url}/new", content=iter([b"in ", b"pieces"])).json()["size"] == 9
            assert client.post(f"{url}/new", content=b"x" * (3 * MIB + 1)).json()["size"] == 3 * MIB + 1
            streaming = (b"y" * MIB for _ in range(2))
            assert client.post(f"{url}/new", content=streaming).json()["size"] == 2 * MIB
            secure = only_http2(playback.authority)
            with httpx.Client(http2=True, http1=False, verify=secure, trust_env=False) as http2:
                answer = http2.post(f"{url.replace('http:', 'https:')}/new", content=b"z" * (2 * MIB))
                assert (answer.http_version, answer.json()["size"]) == ("HTTP/2", 2 * MIB)
            service.__exit__(None, None, None)
            gone = client.post(f"{url}/other", content=b"nobody hears that")
            assert gone.status_code == 502
            assert client.get(f"{url}/whole").text == "whole"
    assert "Traceback" not in playback.text


def test_upstream_alone_means_where_the_request_was_sent(tmp_path: Path, client: httpx.Client) -> None:
    with RawServer(echoing) as service:
        events = [*asked(1, 0, "/a", port=service.port, host="127.0.0.1"), *answered(1, 100, b"recorded")]
        recording = record(tmp_path / "one.db", events)
        with Serving(recording, arguments=("--on-miss", "upstream")) as playback:
            url = playback.url(service.url)
            assert client.get(f"{url}/a").text == "recorded"
            assert client.get(f"{url}/b").json()["line"] == "GET /b HTTP/1.1"
