"""One request through a proxy with faults, seen by a client that keeps each byte with its time."""

import re
import time
from dataclasses import dataclass, field

from tests.support.sockets import Peer

_SIZE = re.compile(rb"([0-9a-fA-F]+)\r\n")


@dataclass
class Received:
    """What a raw client got of one response.

    `pieces` are the body's bytes without their framing, each with the seconds after `begin` (monotonic, just
    before the request was sent) when they came; `ending` is `complete` (by the response's own framing),
    `closed`, `reset`, or `left` where the client would not wait any longer.
    """

    head: bytes = b""
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    ending: str = ""
    begin: float = 0.0
    head_at: float = 0.0
    end_at: float = 0.0
    is_framed_by_close: bool = False

    @property
    def status(self) -> int:
        """The status code; 0 where no response came."""
        return int(self.head.split(b" ")[1]) if self.head else 0

    @property
    def fields(self) -> list[bytes]:
        """The field lines as they came, without those that frame the body."""
        lines = self.head.split(b"\r\n")[1:]
        return [line for line in lines if line and not line.lower().startswith(_FRAMING)]

    @property
    def framing(self) -> list[bytes]:
        """The field lines that frame the body."""
        return [line for line in self.head.split(b"\r\n")[1:] if line.lower().startswith(_FRAMING)]

    @property
    def body(self) -> bytes:
        """All bytes of the body that came."""
        return b"".join(data for _, data in self.pieces)

    def when(self, offset: int) -> float:
        """When the body's byte at `offset` came, in seconds after the request."""
        size = 0
        for at, data in self.pieces:
            size += len(data)
            if offset < size:
                return at
        raise AssertionError(f"only {size} bytes came, not {offset}")


_FRAMING = (b"content-length:", b"transfer-encoding:")


def ask(port: int, request: bytes, timeout: float = 10.0) -> Received:
    """Send `request` on a connection of its own, and read its response to the end."""
    got = Received()
    with Peer.connect(port, timeout=timeout) as peer:
        begin = got.begin = time.monotonic()
        peer.send(request)
        try:
            got.head = peer.receive_until(b"\r\n\r\n")[:-4]
            got.head_at = peer.captured[-1].at - begin
            _read_body(peer, got, begin, is_head=request.startswith(b"HEAD "))
        except EOFError:
            got.ending = peer.ending
        except TimeoutError:
            got.ending = "left"
        got.end_at = time.monotonic() - begin
    return got


def _read_body(peer: Peer, got: Received, begin: float, *, is_head: bool) -> None:
    framing = b"\n".join(got.framing).lower()
    if is_head or got.status in (204, 304):
        got.ending = "complete"
    elif b"chunked" in framing:
        _read_chunks(peer, got, begin)
    elif length := re.search(rb"content-length: *([0-9]+)", framing):
        missing = int(length[1])
        while missing:
            data = peer.receive_exactly(min(missing, max(1, _waiting(peer, missing))))
            got.pieces.append((peer.captured[-1].at - begin, data))
            missing -= len(data)
        got.ending = "complete"
    else:
        got.is_framed_by_close = True
        while data := peer.receive():
            got.pieces.append((peer.captured[-1].at - begin, data))
        got.ending = peer.ending


def _waiting(peer: Peer, most: int) -> int:
    """How many bytes the next read gives at once; they stay unread."""
    data = peer.receive()
    if not data:
        raise EOFError
    peer.unread(data)
    return min(len(data), most)


def _read_chunks(peer: Peer, got: Received, begin: float) -> None:
    while True:
        size = int(peer.receive_until(b"\r\n")[:-2].split(b";")[0], 16)
        if not size:
            peer.receive_until(b"\r\n")
            got.ending = "complete"
            return
        data = b""
        try:
            while len(data) < size:
                data += peer.receive_exactly(min(size - len(data), max(1, _waiting(peer, size - len(data)))))
        finally:
            if data:
                got.pieces.append((peer.captured[-1].at - begin, data))
        peer.receive_exactly(2)
