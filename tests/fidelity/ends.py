"""One end of a connection that the stage plays: what it sends is scripted, what it gets is captured.

Nothing blocks, so that one thread plays both ends and the order of things is the script's.
TLS runs over memory, HTTP/2 frames are read beside the bytes, never instead of them.
"""

import contextlib
import dataclasses
import socket
import ssl
import struct

import hpack
import hyperframe.frame as wire

from tests.fidelity.frames import Frame, FrameReader, Headers, Outgoing, opening

_AT_ONCE = 65536


class End:
    """A connected socket. `arrived` and `ending` (closed, cut, reset) grow as `pump` is called."""

    def __init__(
        self, connection: socket.socket, name: str, tls: ssl.SSLContext | None, client: bool
    ) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.name = name
        self.client = client
        self.arrived = b""
        self.frames: list[Frame] = []
        self.ending = ""
        self.told = False
        self.left = False
        self._unsent = b""
        self._tls: ssl.SSLObject | None = None
        self._shaken = True
        self._http2: FrameReader | None = None
        self._encoder = hpack.Encoder()
        if tls:
            self.secure(tls)

    def secure(self, tls: ssl.SSLContext) -> None:
        """Speak TLS from here on."""
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(
            self._in,
            self._out,
            server_side=not self.client,
            server_hostname="localhost" if self.client else None,
        )
        self._shaken = False
        self._shake()

    @property
    def ready(self) -> bool:
        """TLS, if any, is agreed on."""
        return self._shaken

    @property
    def alpn(self) -> str | None:
        return self._tls.selected_alpn_protocol() if self._tls and self._shaken else None

    def send(self, what: bytes | Outgoing, port: int = 0) -> None:
        """Write bytes or a frame; `PORT` in bytes and in fields becomes `port`."""
        number = b"%d" % port
        if isinstance(what, bytes):
            data = what.replace(b"PORT", number)
        elif isinstance(what, Headers):
            fields = tuple((name, value.replace(b"PORT", number)) for name, value in what.fields)
            data = dataclasses.replace(what, fields=fields).encode(self._encoder)
        else:
            data = what.encode(self._encoder)
        if self._tls:
            self._tls.write(data)
        else:
            self._unsent += data
        self._flush()

    def take(self) -> tuple[bytes, list[Frame]]:
        """What has arrived since the last call."""
        arrived, frames = self.arrived, self.frames
        self.arrived, self.frames = b"", []
        return arrived, frames

    def pump(self) -> None:
        """Send and read all that can be sent and read at once."""
        if self.left:
            return
        while not self.ending:
            try:
                data = self.socket.recv(_AT_ONCE)
            except BlockingIOError:
                break
            except ConnectionError:
                self.ending = "reset"
                break
            self._receive(data)
        self._flush()

    def finish(self) -> None:
        """FIN, and go on reading."""
        self._flush()
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    def close(self) -> None:
        """As a well-behaved peer: close_notify, FIN."""
        if self._tls and self._shaken and not self.left:
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self.leave()

    def leave(self) -> None:
        self.left = True
        self.socket.close()

    def _receive(self, data: bytes) -> None:
        if not self._tls:
            self._deliver(data)
            self.ending = self.ending or ("" if data else "closed")
            return
        if data:
            self._in.write(data)
        else:
            self._in.write_eof()
        self._shake()
        while self._shaken and not self.ending:
            try:
                plain = self._tls.read(_AT_ONCE)
                self._deliver(plain)
                self.ending = "" if plain else "closed"
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self.ending = "closed"
            except ssl.SSLError:
                self.ending = "cut"
        if not data:
            self.ending = self.ending or "cut"

    def _deliver(self, data: bytes) -> None:
        self.arrived += data
        if self._http2:
            frames = self._http2.feed(data)
            self.frames += frames
            if any(frame.kind == "SETTINGS" and "ACK" not in frame.flags for frame in frames):
                self.send(wire.SettingsFrame(flags=["ACK"]).serialize())

    def _shake(self) -> None:
        if not self._shaken and self._tls:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                self.ending = "cut"
            else:
                self._shaken = True
                self._open()
        self._flush()

    def _open(self) -> None:
        if self.alpn == "h2":
            self._http2 = FrameReader()
            self.send(opening(client=self.client))

    def _flush(self) -> None:
        if self._tls:
            self._unsent += self._out.read()
        try:
            while self._unsent:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""
