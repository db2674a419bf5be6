"""Raw peers: a client and a server that send exactly the bytes they are told and keep what arrives.

`Peer` is one end of a connection, `RawServer` runs a function for every connection that it accepts.
What arrives is kept with its time (`Peer.captured`), independent of any HTTP library.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Self

_AT_ONCE = 65536


class Piece(NamedTuple):
    """What one read gave: seconds on the monotonic clock, and the bytes."""

    at: float
    data: bytes


class Peer:
    """One end of a TCP or TLS connection; a context manager that closes it.

    Reads wait `timeout` seconds at most (`TimeoutError`). `ending` says how the other end left:
    empty while it has not, `closed` (FIN) or `reset` (RST).
    """

    def __init__(self, connection: socket.socket, timeout: float = 10.0) -> None:
        self.socket = connection
        self.captured: list[Piece] = []
        self.ending = ""
        self._unread = b""
        connection.settimeout(timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @classmethod
    def connect(cls, port: int, tls: ssl.SSLContext | None = None, timeout: float = 10.0) -> Self:
        """Connect to a port on loopback, over TLS where a context is given."""
        connection = socket.create_connection(("127.0.0.1", port), timeout)
        return cls(
            _secured(connection, lambda raw: tls.wrap_socket(raw, server_hostname="localhost"))
            if tls
            else connection,
            timeout,
        )

    @property
    def data(self) -> bytes:
        """Everything that has arrived."""
        return b"".join(piece.data for piece in self.captured)

    @property
    def alpn(self) -> str | None:
        """The protocol that TLS agreed on."""
        return self.socket.selected_alpn_protocol() if isinstance(self.socket, ssl.SSLSocket) else None

    def secure(self, tls: ssl.SSLContext) -> None:
        """Go on over TLS as the client (after a CONNECT)."""
        self.socket = _secured(self.socket, lambda raw: tls.wrap_socket(raw, server_hostname="localhost"))

    def send(self, *writes: bytes, pause: float = 0.02) -> None:
        """Write, with a pause between two writes so that the other end reads them apart."""
        for number, data in enumerate(writes):
            if number:
                time.sleep(pause)
            self.socket.sendall(data)

    def receive(self) -> bytes:
        """What the next read gives; `b""` when the other end has left."""
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        try:
            data = self.socket.recv(_AT_ONCE)
        except (ConnectionError, ssl.SSLEOFError):
            self.ending = "reset"
            return b""
        if data:
            self.captured.append(Piece(time.monotonic(), data))
        else:
            self.ending = "closed"
        return data

    def unread(self, data: bytes) -> None:
        """Have the next read give `data` again."""
        self._unread = data + self._unread

    def receive_until(self, marker: bytes) -> bytes:
        """Read up to and with `marker`; raises EOFError where it does not come."""
        found = b""
        while marker not in found:
            data = self.receive()
            if not data:
                raise EOFError(f"{self.ending} before {marker!r}: {found!r}")
            found += data
        head, marker, self._unread = found.partition(marker)
        return head + marker

    def receive_exactly(self, size: int) -> bytes:
        """Read `size` bytes; raises EOFError where they do not come."""
        found = b""
        while len(found) < size:
            data = self.receive()
            if not data:
                raise EOFError(f"{self.ending} after {len(found)} of {size} bytes")
            found += data
        found, self._unread = found[:size], found[size:]
        return found

    def receive_all(self) -> bytes:
        """Read until the other end leaves (`ending` says how)."""
        found = b""
        while data := self.receive():
            found += data
        return found

    def finish(self) -> None:
        """Send no more (FIN), but go on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Leave with a TCP RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RawServer:
    """Listens on a loopback port and runs `answer(peer)` on a thread for each connection.

    At its end the connections are closed and the threads waited for; what an `answer` raised, other
    than because the connection broke, is raised then.
    """

    def __init__(self, answer: Callable[[Peer], None], tls: ssl.SSLContext | None = None) -> None:
        self.peers: list[Peer] = []
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, as a mode of mitmproxy's wants it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(10)
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        if self._errors and error is None:
            raise self._errors[0]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        tls = self._tls
        try:
            if tls:
                connection = _secured(connection, lambda raw: tls.wrap_socket(raw, server_side=True))
        except OSError:
            return
        with Peer(connection) as peer:
            self.peers.append(peer)
            try:
                self._answer(peer)
            except (OSError, EOFError):
                pass
            except BaseException as error:
                self._errors.append(error)


def _secured(raw: socket.socket, wrap: Callable[[socket.socket], ssl.SSLSocket]) -> ssl.SSLSocket:
    try:
        return wrap(raw)
    except BaseException:
        raw.close()
        raise
