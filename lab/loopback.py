"""Listening sockets on this machine alone, on both families: `localhost` may mean either."""

import errno
import socket

ATTEMPTS = 20


class PortBusyError(Exception):
    """Somebody else listens there; the text says where."""


def listen(port: int) -> list[socket.socket]:
    """Bind one port on 127.0.0.1 and, where the machine has it, on ::1; 0 takes a free one."""
    for _ in range(ATTEMPTS):
        first = _bind(socket.AF_INET, "127.0.0.1", port)
        try:
            second = _bind(socket.AF_INET6, "::1", first.getsockname()[1])
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                return [first]
            first.close()
            raise
        except PortBusyError:
            first.close()
            if port:
                raise
            continue
        return [first, second]
    raise PortBusyError("no port is free on both 127.0.0.1 and ::1")


def _bind(family: int, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortBusyError(f"port {port} on {host} cannot be used: {error.strerror}") from error
        raise
    return sock
