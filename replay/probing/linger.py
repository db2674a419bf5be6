"""Breaking a connection off, as a killed client does."""

import asyncio
import socket
import struct

import httpx

_AT_ONCE = struct.pack("ii", 1, 0)
"""`struct linger`: on, and no time to send what is left (socket(7)): closing sends a reset."""


def break_off(response: httpx.Response) -> bool:
    """Reset the connection of an answer (RST); False where it cannot be reached, and is only to be closed.

    On HTTP/2 only the stream is reset, which its leaving does anyhow.
    """
    if response.http_version == "HTTP/2":
        return True
    network = response.extensions.get("network_stream")
    raw = network.get_extra_info("socket") if network is not None else None
    # Closing such a stream sends FIN before all else; only its transport can do without.
    stream = getattr(network, "_stream", None)
    transport = getattr(getattr(stream, "transport_stream", stream), "_transport", None)
    if raw is None or not isinstance(transport, asyncio.Transport):
        return False
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
    return True
