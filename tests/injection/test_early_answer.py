"""A service answers before a fault has let all of the request through."""

import time
from pathlib import Path
from typing import override

from contract.events import Deed, Message, Side
from tests.injection.bench import WireBench, WireCase, request
from tests.injection.service import Act, ScriptedService
from tests.support.sockets import Peer

BODY = b"first" + b"second"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class EarlyService(ScriptedService):
    """Answers each request as soon as the first of its body is here."""

    @override
    def _serve(self, peer: Peer) -> None:
        while True:
            peer.receive_until(b"\r\n\r\n")
            peer.receive_exactly(5)
            peer.send(ANSWER)
            peer.receive_exactly(6)


class Bench(WireBench):
    @override
    def _service(self, scripts: dict[str, list[tuple[Act, ...]]]) -> ScriptedService:
        return EarlyService(scripts)


def test_the_rest_of_the_request_follows_and_the_connection_goes_on(tmp_path: Path) -> None:
    case = WireCase("delay-request", lambda seen: None, 'by = "300 ms"', exchanges=2)
    with Bench((case,), tmp_path) as bench:
        with Peer.connect(bench.proxy.port) as client:
            for _ in range(2):
                head, _, body = request(case.name, body=BODY).rpartition(b"first")
                client.send(head + b"first")
                time.sleep(0.2)
                begin = time.monotonic()
                client.send(body)
                assert client.receive_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
                assert client.receive_exactly(2) == b"{}"
                assert time.monotonic() - begin < 0.29, "the answer came before the request was due"
        found = bench.recorded()[case.name]
    assert len(found) == 2
    for exchange in found:
        assert exchange.body(Side.SERVER, Message.REQUEST) == BODY
        assert exchange.body(Side.SERVER) == exchange.body(Side.CLIENT) == b"{}"
        passed = [each.name for each in exchange.journal if each.deed is Deed.PASSED]
        assert passed == ["the service has answered already; the rest leaves at once"]
