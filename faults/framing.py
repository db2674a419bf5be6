"""Framing of a message whose length is not known beforehand (RFC 9112 §6, RFC 9113 §8.1)."""

from contract.events import Headers
from faults.parts import Start, with_fields

_LENGTH, _CODING = b"content-length", b"transfer-encoding"


def reframed(start: Start, version: str) -> Start:
    """`start` without a length; chunked where that is needed, which is HTTP/1.1 alone.

    An HTTP/1.0 response is delimited by the end of its connection.
    """
    headers = unframed(start.headers, _LENGTH)
    if version == "HTTP/1.1" and not any(name.lower() == _CODING for name, _ in headers):
        headers = (*headers, (b"Transfer-Encoding", b"chunked"))
    elif version == "HTTP/1.0":
        headers = unframed(headers, _CODING)
    return with_fields(start, headers)


def with_length(start: Start, size: int) -> Start:
    """`start` with the length of a body that is known."""
    headers = unframed(start.headers, _LENGTH, _CODING)
    return with_fields(start, (*headers, (b"Content-Length", b"%d" % size)))


def unframed(headers: Headers, *names: bytes) -> Headers:
    """All lines but those under `names` (in lower case)."""
    return tuple(line for line in headers if line[0].lower() not in names)
