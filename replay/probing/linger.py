"""Breaking a connection off, as a killed client does."""

import socket
import struct

import httpx

_AT_ONCE = struct.pack("ii", 1, 0)
"""`struct linger`: on, and no time to send what is left (socket(7)): closing sends a reset."""


def reset_at_close(response: httpx.Response) -> bool:
    """Have the connection of an answer end with a reset (RST) when it is closed; whether it will.

    On HTTP/2 only the stream is reset, which its leaving does anyhow.
    """
    if response.http_version == "HTTP/2":
        return True
    network = response.extensions.get("network_stream")
    raw = network.get_extra_info("socket") if network is not None else None
    if raw is None:
        return False
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    return True
