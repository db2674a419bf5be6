"""A service whose every answer is a script of bytes and pauses, and which keeps what it was sent."""

import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from tests.support.sockets import Peer, RawServer

type Act = bytes | float | str
"""Bytes to write at once, seconds to wait, or `close` and `reset` for ways to leave."""

_CASE = re.compile(rb"\r\nx-case: *([^\r\n]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass
class Asked:
    """One request as the service got it, and when each write of its answer began (monotonic seconds)."""

    head: bytes
    body: bytes
    at: float
    writes: list[tuple[float, bytes]] = field(default_factory=list)
    is_over: bool = False
    """Nothing more is written: the answer is, or the other end has left."""


class ScriptedService:
    """`scripts` has the answers by the value of the request's header `X-Case`; `asked` what came."""

    def __init__(self, scripts: dict[str, list[tuple[Act, ...]]]) -> None:
        self._scripts = scripts
        self._lock = threading.Lock()
        self._counts: dict[str, int] = defaultdict(int)
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.server = self._listener()

    def _listener(self) -> RawServer:
        return RawServer(self._serve)

    def _serve(self, peer: Peer) -> None:
        while True:
            try:
                head = peer.receive_until(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = peer.receive_exactly(int(length[1])) if length else b""
                if b"chunked" in head.lower():
                    body = peer.receive_until(b"0\r\n\r\n")
            except (EOFError, TimeoutError):
                return
            asked = Asked(head, body, time.monotonic())
            goes_on = self._act(peer, self._script(asked), asked)
            asked.is_over = True
            if not goes_on:
                return

    def _script(self, asked: Asked) -> tuple[Act, ...]:
        """What a request is answered with; it is counted."""
        found = _CASE.search(asked.head)
        case = found[1].decode() if found else ""
        with self._lock:
            number = self._counts[case]
            self._counts[case] += 1
            self.asked[case].append(asked)
        scripts = self._scripts[case]
        return scripts[min(number, len(scripts) - 1)]

    @staticmethod
    def _act(peer: Peer, script: tuple[Act, ...], asked: Asked) -> bool:
        """Answer; whether the connection goes on."""
        for act in script:
            if isinstance(act, bytes):
                asked.writes.append((time.monotonic(), act))
                try:
                    peer.socket.sendall(act)
                except OSError:
                    return False
            elif isinstance(act, float):
                time.sleep(act)
            elif act == "reset":
                peer.reset()
                return False
            else:
                return False
        return True
