"""Where a request comes from, and whether that is where it goes (Fetch, HTML "origin", Fetch Metadata)."""

from contract import headers
from contract.events import RequestHead

_DEFAULT_PORTS = {b"http": b"80", b"https": b"443"}


def origin_of(request: RequestHead) -> bytes | None:
    """The value of `Origin`; several lines are one value that no origin equals; None for none."""
    return headers.combined(request.headers, b"origin") or None


def is_same_origin(request: RequestHead) -> bool:
    """Whether the browser says so (Fetch Metadata), or `Origin` names the host that was asked.

    `Origin: null` (an opaque origin, or one tainted by redirects) is the same as no other.
    """
    origin = origin_of(request)
    if origin == b"null":
        return False
    site = headers.combined(request.headers, b"sec-fetch-site")
    if site is not None:
        return site.lower() == b"same-origin"
    return origin is not None and is_own_origin(origin, request)


def is_own_origin(origin: bytes, request: RequestHead) -> bool:
    """Whether `origin` is that of the URL that was asked for, as the client wrote it.

    A port that the client wrote decides alone: in front of a proxy that ends TLS, or begins it, the
    client's scheme is not the request's. Where it wrote none, the scheme says which is meant.
    """
    host = headers.first(request.headers, b"host") or headers.first(request.headers, b":authority")
    scheme, separator, rest = origin.lower().partition(b"://")
    if not (host and separator):
        return False
    name, port = _host_and_port(host.lower())
    own_name, own_port = _host_and_port(rest)
    if name != own_name:
        return False
    default = _DEFAULT_PORTS.get(scheme, b"")
    if port:
        return port == (own_port or default)
    return scheme.decode("latin-1") == request.scheme.lower() and own_port in (b"", default)


def _host_and_port(authority: bytes) -> tuple[bytes, bytes]:
    """`host[:port]` in two; an IPv6 address keeps its brackets."""
    host, colon, port = authority.rpartition(b":")
    return (host, port) if colon and not port.strip(b"0123456789") else (authority, b"")
