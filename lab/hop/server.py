"""A hop as a server: sockets, an upstream, faults; until it is told to stop."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from lab.hop.downstream import Downstream
from lab.hop.exchange import Passage
from lab.hop.fault import Fault
from lab.hop.upstream import Address, Upstream


async def serve(
    sockets: Sequence[socket.socket],
    address: Address,
    faults: Sequence[Fault],
    ready: Callable[[], None],
    *,
    lifeline: bool = False,
) -> None:
    """Serve on listening sockets until a signal; with `lifeline` also until stdin, a pipe, ends.

    `ready` is called once connections are accepted.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if lifeline:
        _hold_lifeline(loop, stop)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Passage(Downstream(reader, writer), Upstream(address), faults).run()

    servers = [await asyncio.start_server(connected, sock=sock) for sock in sockets]
    ready()
    await stop.wait()
    for server in servers:
        server.close()


def _hold_lifeline(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when stdin ends: the parent holds the other end, and lets go of it however it dies."""
    descriptor = sys.stdin.fileno()

    def readable() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stop.set()

    loop.add_reader(descriptor, readable)
