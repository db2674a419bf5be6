"""Who broke a message off, and how: mitmproxy's error events in the contract's words.

mitmproxy 12 tells these apart only by error code and wording, so the wordings it uses stand here once.
"""

from mitmproxy.proxy.layers.http._events import ErrorCode, RequestProtocolError, ResponseProtocolError

from contract.events import Breaker, Manner

type Break = tuple[Breaker, Manner, str]
"""Who, how, and the proxy's words for it."""

_RESET = ("stream reset", "HTTP/2 connection closed: <ConnectionTerminated")
_CLOSED = (
    "peer closed connection",
    "server closed connection",
    "Client disconnected",
    "HTTP/2 connection closed",
)
_NOT_HTTP = (
    "protocol error",
    "Cannot parse",
    "unexpected server response",
    "content-length header",
    "transfer-encoding header",
    "Invalid HTTP/2",
)


def client_break(event: RequestProtocolError, idle: float, timeout: float | None) -> Break:
    """The client's side ended before the exchange did.

    `idle` is how long (s) nothing had passed; `timeout` is mitmproxy's own limit for that (s) where
    mitmproxy cancelled the connection itself, None where the client closed it.
    """
    if timeout is not None and idle >= timeout * 0.95:
        return Breaker.PROXY, Manner.SHUTDOWN, f"nothing passed for {idle:.0f} s (tcp_timeout={timeout:g})"
    return Breaker.CLIENT, _manner(event.message), event.message


def server_break(event: ResponseProtocolError) -> Break:
    """The server's side ended before the answer did, or never began."""
    if event.code is ErrorCode.CONNECT_FAILED:
        return Breaker.SERVER, Manner.UNREACHABLE, event.message
    # mitmproxy says "by client" for a stream reset of either side.
    return Breaker.SERVER, _manner(event.message), event.message.replace("reset by client", "reset by server")


def proxy_break(event: RequestProtocolError | ResponseProtocolError) -> Break:
    """What the proxy sent to the client although neither peer had broken anything."""
    if event.code is ErrorCode.CONNECT_FAILED:
        return Breaker.SERVER, Manner.UNREACHABLE, event.message
    return Breaker.PROXY, Manner.REFUSED, event.message


def _manner(message: str) -> Manner:
    if any(words in message for words in _RESET):
        return Manner.RESET
    if any(words in message for words in _CLOSED):
        return Manner.CLOSED
    if any(words in message for words in _NOT_HTTP):
        return Manner.MALFORMED
    return Manner.CLOSED
