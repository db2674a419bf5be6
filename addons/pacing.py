"""Pacing of one stream: wake-ups when something is due, and no more read than can be kept.

A wake-up is mitmproxy's `RequestWakeup`: nothing blocks, and other streams are not slowed.
"""

import asyncio
import socket
import struct
from typing import Any

from mitmproxy import ctx
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands

MOST_HELD = 1024 * 1024
"""Bytes that a stream may hold back; beyond it the service is read no faster than the client is sent to."""

_NOW_ISH = 0.0002


class Alarm:
    """At most one wake-up under way that is early enough."""

    def __init__(self) -> None:
        self._set_for: int | None = None

    def request(self, due: int | None, now: int) -> commands.RequestWakeup | None:
        """The command for a wake-up at `due` (µs), unless one comes by then anyway."""
        if due is None or (self._set_for is not None and self._set_for <= due):
            return None
        self._set_for = due
        return commands.RequestWakeup(max((due - now) / 1e6, _NOW_ISH))

    def rang(self, now: int) -> None:
        """A wake-up has come."""
        if self._set_for is not None and self._set_for <= now:
            self._set_for = None


class Gate:
    """Stops reading from one connection of a client's handler, and goes on with it.

    What has been read already still arrives; then the kernel's buffers fill, and the peer has to wait.
    """

    def __init__(self, client_id: str, connection: Connection) -> None:
        self._io = _transport(client_id, connection)
        self._opened: asyncio.Event | None = None

    @property
    def works(self) -> bool:
        """Whether the connection is a TCP connection of this proxy that carries nothing else."""
        return isinstance(getattr(self._io, "reader", None), asyncio.StreamReader)

    def close(self) -> None:
        """Read no more."""
        if self._opened is not None:
            return
        opened = self._opened = asyncio.Event()
        reader = self._io.reader
        read = reader.read

        async def read_when_open(size: int = -1) -> bytes:
            await opened.wait()
            return bytes(await read(size))

        reader.read = read_when_open

    def open(self) -> None:
        """Read again."""
        if self._opened is not None:
            self._opened.set()
            del self._io.reader.read  # the method of its class again
            self._opened = None


def unsent(client: Connection) -> int:
    """Bytes that wait in this process for a client to read what was sent before."""
    writer = getattr(_transport(client.id, client), "writer", None)
    return int(writer.transport.get_write_buffer_size()) if isinstance(writer, asyncio.StreamWriter) else 0


def reset_on_close(client_id: str, connection: Connection) -> None:
    """Have the connection's socket send a TCP RST when it is closed (SO_LINGER of 0 s)."""
    io = _transport(client_id, connection)
    raw = io.writer.get_extra_info("socket") if getattr(io, "writer", None) else None
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _transport(client_id: str, connection: Connection) -> Any:
    handler = ctx.master.addons.get("proxyserver").connections.get(client_id)
    return handler.transports.get(connection) if handler is not None else None
