"""The chat service with bugs, beside a lab that has none: one more server, in a thread of this process.

It takes the lab's users, tokens and credits, so that a bug costs a test no processes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Queue
from typing import Any

import requests

from lab.chat.app import chat_app
from lab.loopback import listen
from lab.processes import Lab
from lab.service import Server, server_of
from lab.settings import Settings
from tests.support.lab import QUICK, Client, logged_in
from tests.support.sockets import Peer

ORIGIN = "https://page.example:8443"
HEADER = "X-Streaming-Session-Id"


@contextmanager
def faulty_chat(lab: Lab, *bugs: str) -> Iterator[str]:
    """The address of a chat service with these bugs."""
    sockets = listen(0)
    settings = Settings(
        data_dir=lab.data_dir,
        accounting_url=lab.accounting_url,
        tokens=QUICK.tokens,
        interval=QUICK.interval,
        bugs=bugs,
    )
    servers: Queue[Server] = Queue()

    def serve() -> None:
        server = server_of(chat_app(settings))  # here: SQLite wants to be used in the thread that opened it
        servers.put(server)
        server.run(sockets)

    thread = threading.Thread(target=serve)
    thread.start()
    server = servers.get(timeout=10)
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def faulty_client(lab: Lab, *bugs: str, name: str = "user1") -> Iterator[Client]:
    """A user of such a service."""
    with faulty_chat(lab, *bugs) as url, logged_in(lab, name, url) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Wire:
    """An answer as it was on the wire: its head's lines, and all bytes behind it."""

    lines: list[str]
    body: bytes


def stream_on_wire(client: Client, connection: str = "close") -> Wire:
    """A new chat's stream, read from a socket until the other side closes; `connection` asks it to."""
    session = client.new_session()
    host, port = client.chat_url.removeprefix("http://").split(":")
    body = b'{"message": "Tell me"}'
    head = (
        f"POST /api/chat/sessions/{session}/stream HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: {client.http.headers['Authorization']!s}\r\nConnection: {connection}\r\n"
        f"Origin: {ORIGIN}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with Peer.connect(int(port)) as peer:
        peer.send(head.encode("ascii") + body)
        received = peer.receive_all()
    before, _, after = received.partition(b"\r\n\r\n")
    return Wire(before.decode("latin-1").split("\r\n"), after)


def streamed_id(client: Client, session: str, **more: Any) -> str:
    """The ID of a stream that was read to its end; empty where the head has none."""
    answer = client.stream(session, **more)
    assert answer.status_code == 200
    assert answer.content
    return answer.headers.get(HEADER, "")


def preflight(client: Client) -> requests.Response:
    """What a browser asks before it streams."""
    head = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    url = f"{client.chat_url}/api/chat/sessions/any/stream"
    return requests.options(url, headers=head, timeout=10)
