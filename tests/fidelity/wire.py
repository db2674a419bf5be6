"""Bytes of HTTP/1.1 messages, and scripts of them."""

from collections.abc import Callable, Sequence

from tests.fidelity.stage import Do, Route, Script, Step, client, server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
LARGE = bytes(range(256)) * 400
"""100 KB."""
CHUNKED = b"Transfer-Encoding: chunked"

type Writes = Sequence[bytes | Do | Step]


def pieces(data: bytes, size: int = 16_000) -> list[bytes]:
    """Writes small enough that each is read at once."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    """One chunk (RFC 9112 §7.1)."""
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def request(*fields: bytes, line: bytes = b"GET /a HTTP/1.1", host: bytes = b"Host: 127.0.0.1:PORT") -> bytes:
    """A request head; an empty `host` leaves the field out."""
    return b"".join(part + b"\r\n" for part in (line, *([host] if host else []), *fields)) + b"\r\n"


def post(*fields: bytes) -> bytes:
    """The head of an upload."""
    return request(*fields, line=b"POST /a HTTP/1.1")


def response(*fields: bytes, line: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """A response head."""
    return b"".join(part + b"\r\n" for part in (line, *fields)) + b"\r\n"


def broken_up(data: bytes, size: int) -> list[Step]:
    """Writes of the client's that pass only together, with the last."""
    *first, last = pieces(data, size)
    return [*(client(piece, quiet=True) for piece in first), client(last)]


def sent(name: str, *writes: bytes | Do | Step, answer: Writes = (OK,), route: Route = Route.PLAIN) -> Script:
    """The client writes, then the server answers."""
    return Script(f"request: {name}", route, (*_steps(client, writes), *_steps(server, answer)))


def answered(
    name: str, *writes: bytes | Do | Step, to: Writes = (GET,), route: Route = Route.PLAIN
) -> Script:
    """The client asks, then the server writes."""
    return Script(f"answer: {name}", route, (*_steps(client, to), *_steps(server, writes)))


def _steps(end: Callable[[bytes | Do], Step], writes: Writes) -> list[Step]:
    return [write if isinstance(write, Step) else end(write) for write in writes]
