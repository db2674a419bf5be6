"""HTTP/2 over TLS with nothing between the test and the frames: a server and a client.

Both are an `H2Peer`: what it is told to send goes out at once, as one frame each where the other
end's limits allow; what arrives is kept as `h2` events with their times, in `seen`.
"""

import time
from collections.abc import Callable, Iterable
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.settings

from tests.support.certificates import client_context, server_context
from tests.support.sockets import Peer, RawServer

type Fields = Iterable[tuple[bytes, bytes]]
_WINDOW = 2**24


class H2Peer:
    """One end of an HTTP/2 connection. Flow control is answered by itself; nothing is validated."""

    def __init__(self, peer: Peer, *, client: bool) -> None:
        self.peer = peer
        self.seen: list[tuple[float, h2.events.Event]] = []
        self._connection = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=client,
                header_encoding=None,
                validate_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_inbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self._connection.local_settings[h2.settings.SettingCodes.INITIAL_WINDOW_SIZE] = _WINDOW
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(_WINDOW)
        self._flush()

    @classmethod
    def connect(cls, port: int, authority: str | None = None) -> Self:
        """A client of a TLS port on loopback; with `authority` (`host:port`) through a CONNECT first."""
        if authority is None:
            peer = Peer.connect(port, client_context())
        else:
            peer = Peer.connect(port)
            peer.send(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            peer.receive_until(b"\r\n\r\n")
            peer.secure(client_context())
        if peer.alpn != "h2":
            peer.close()
            raise ConnectionError(f"no HTTP/2 there, but {peer.alpn}")
        return cls(peer, client=True)

    def request(self, method: bytes, path: bytes, fields: Fields = (), body: bytes | None = None) -> int:
        """Send a request (complete where there is no `body` to follow or it is given); returns its stream."""
        stream = self._connection.get_next_available_stream_id()
        pseudo = [
            (b":method", method),
            (b":scheme", b"https"),
            (b":path", path),
            (b":authority", b"localhost"),
        ]
        self.headers(stream, [*pseudo, *fields], end=body is None)
        if body is not None:
            self.data(stream, body, end=True)
        return stream

    def headers(self, stream: int, fields: Fields, *, end: bool = False) -> None:
        """A HEADERS frame: a head, or trailers (with `end`)."""
        self._connection.send_headers(stream, list(fields), end_stream=end)
        self._flush()

    def data(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """DATA, in as many frames as the other end's limit asks for."""
        limit = self._connection.max_outbound_frame_size
        while len(data) > limit:
            self._connection.send_data(stream, data[:limit])
            data = data[limit:]
        self._connection.send_data(stream, data, end_stream=end)
        self._flush()

    def reset(self, stream: int, code: int = 8) -> None:
        """RST_STREAM, by default CANCEL."""
        self._connection.reset_stream(stream, code)
        self._flush()

    def receive(self) -> list[h2.events.Event]:
        """The events of the next read; none when the other end has left."""
        events: list[h2.events.Event] = []
        while not events and (data := self.peer.receive()):
            events = self._connection.receive_data(data)
            for event in events:
                if isinstance(event, h2.events.DataReceived):
                    self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._flush()
        self.seen += [(time.monotonic(), event) for event in events]
        return events

    def receive_until[E: h2.events.Event](self, kind: type[E], stream: int | None = None) -> E:
        """Read until an event of this kind (of this stream) comes; raises EOFError where none does."""
        while events := self.receive():
            for event in events:
                if isinstance(event, kind) and stream in (None, getattr(event, "stream_id", None)):
                    return event
        raise EOFError(f"the connection ended before {kind.__name__}")

    def body(self, stream: int) -> bytes:
        """What has arrived of a stream's body."""
        found = [event for _, event in self.seen if isinstance(event, h2.events.DataReceived)]
        return b"".join(event.data for event in found if event.stream_id == stream)

    def close(self) -> None:
        """Leave without GOAWAY."""
        self.peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _flush(self) -> None:
        if data := self._connection.data_to_send():
            self.peer.send(data)


class H2Server(RawServer):
    """Runs `answer(peer)` for each HTTP/2 connection to a TLS port; else as `RawServer`."""

    def __init__(self, answer: Callable[[H2Peer], None]) -> None:
        super().__init__(lambda peer: answer(H2Peer(peer, client=False)), server_context(("h2",)))


def echo(peer: H2Peer) -> None:
    """An `answer`: each request gets a 200 with its body, when it is complete."""
    while events := peer.receive():
        for event in events:
            if isinstance(event, h2.events.StreamEnded):
                peer.headers(event.stream_id, [(b":status", b"200")])
                peer.data(event.stream_id, peer.body(event.stream_id), end=True)
