"""Who broke an exchange off, and how, by the words that browsers and proxies have for it."""

import re

from contract.events import Breaker, Manner

_CLIENT, _SERVER = Breaker.CLIENT, Breaker.SERVER

_WORDS = (
    (r"client disconnected|reset by client", _CLIENT, Manner.CLOSED),
    (
        r"ERR_(?:CONNECTION_(?:REFUSED|TIMED_OUT|FAILED)|NAME_|ADDRESS_|INTERNET_|PROXY_|TUNNEL_|SSL_|CERT_)"
        r"|NS_ERROR_(?:CONNECTION_REFUSED|UNKNOWN_HOST|NET_TIMEOUT|OFFLINE|PROXY_)|SEC_ERROR|SSL_ERROR"
        r"|\[Errno|connect call failed|connection refused|getaddrinfo|name or service|handshake"
        r"|could not connect",
        _SERVER,
        Manner.UNREACHABLE,
    ),
    (
        r"ERR_(?:INVALID_HTTP_RESPONSE|INVALID_CHUNKED|INVALID_RESPONSE|RESPONSE_HEADERS|UNEXPECTED)"
        r"|NS_ERROR_(?:NET_INADEQUATE|PARSED|INVALID_CONTENT)|cannot parse|invalid http|unexpected server",
        _SERVER,
        Manner.MALFORMED,
    ),
    (r"ERR_(?:CONNECTION_RESET|HTTP2_|QUIC_)|NS_ERROR_NET_RESET|reset", _SERVER, Manner.RESET),
    (
        r"ERR_(?:CONNECTION_CLOSED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED|CONTENT_LENGTH_MISMATCH|SOCKET)"
        r"|NS_ERROR_NET_(?:PARTIAL_TRANSFER|INTERRUPT|EMPTY)|closed connection|connection closed"
        r"|incomplete|network connection was lost",
        _SERVER,
        Manner.CLOSED,
    ),
)
_KNOWN = tuple((re.compile(words, re.IGNORECASE), by, manner) for words, by, manner in _WORDS)


def broken_by(words: str) -> tuple[Breaker, Manner]:
    """Who and how. What nobody else is named for is the client's doing: it noted no more than it had."""
    for known, by, manner in _KNOWN:
        if known.search(words):
            return by, manner
    return _CLIENT, Manner.CLOSED
