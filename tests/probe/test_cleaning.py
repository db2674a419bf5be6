"""What the probe made is deleted even where it is stopped while it waits for an answer; no secret is told."""

import asyncio
import json
import threading
from random import Random

import pytest

from contract.events import End, Message, RequestHead, ResponseHead, Side
from contract.profile import builtin
from replay.probing.journal import Journal
from replay.probing.making import Target
from replay.probing.probing import Probing, Settings
from replay.probing.steps import planned
from tests.support.sockets import Peer, RawServer

CHAT = builtin("chat")


def answer(peer: Peer, status: int, **content: str) -> None:
    body = json.dumps(content).encode()
    peer.send(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))


def test_a_session_whose_creation_was_not_answered_yet_is_deleted_too() -> None:
    asked, go_on = threading.Event(), threading.Event()
    deleted: list[bytes] = []

    def serve(peer: Peer) -> None:
        while True:
            line, _, rest = peer.receive_until(b"\r\n\r\n").partition(b"\r\n")
            length = next((part for part in rest.lower().split(b"\r\n") if b"content-length" in part), b":0")
            peer.receive_exactly(int(length.partition(b":")[2]))
            if line.startswith(b"POST /auth"):
                answer(peer, 200, accessToken="T")
            elif line.startswith(b"POST"):
                asked.set()
                go_on.wait(10)
                answer(peer, 201, sessionId="mine")
            else:
                deleted.append(line)
                answer(peer, 200)

    async def stopped(url: str) -> Probing:
        values = {"chat": f"{url}/api", "auth": url, "title": "T", "message": "M", "model": None}
        target = Target(CHAT, values, ({"username": "u", "password": "p"},))
        probing = Probing(target, Settings())
        steps = planned(CHAT, origin="", users=1, now_ms=0, random=Random(1))
        running = asyncio.create_task(probing.run(steps))
        await asyncio.to_thread(asked.wait, 10)
        running.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        return probing

    with RawServer(serve) as server:
        probing = asyncio.run(stopped(server.url))
    assert deleted == [b"DELETE /api/chat/sessions/mine HTTP/1.1"]
    assert (probing.runner.deleted, probing.runner.left) == (1, [])


def test_no_finding_tells_a_secret() -> None:
    journal = Journal(CHAT)
    path = b"/api/chat/sessions/s/stream"
    journal.put(
        RequestHead(
            1, Side.BOTH, 0, b"POST", "http", "c.test", 80, path, b"HTTP/1.1", ((b"Host", b"c.test"),)
        )
    )
    journal.put(End(1, Message.REQUEST, Side.BOTH, 1))
    location = (b"Location", b"/login?access_token=very-secret-indeed")
    journal.put(
        ResponseHead(1, Side.BOTH, 2, 302, b"Found", b"HTTP/1.1", (location, (b"Content-Length", b"0")))
    )
    journal.put(End(1, Message.RESPONSE, Side.BOTH, 3))
    (found,) = journal.end()
    assert found.finding.code == "HT607"
    assert "/login?access_token=" in found.finding.message
    assert "very-secret-indeed" not in repr(found)
