"""Who broke a message off, told from mitmproxy's own words."""

import pytest
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestProtocolError, ResponseProtocolError

from addons.breaks import client_break, proxy_break, server_break
from contract.events import Breaker, Manner


@pytest.mark.parametrize(
    ("words", "manner"),
    [
        ("Client disconnected.", Manner.CLOSED),
        ("peer closed connection", Manner.CLOSED),
        ("stream reset by client (CANCEL)", Manner.RESET),
        (
            "HTTP/1 protocol error: peer closed connection without sending complete message body",
            Manner.CLOSED,
        ),
        ("HTTP/1 protocol error: illegal chunk header", Manner.MALFORMED),
        ("invalid content-length header: '0, 44'", Manner.MALFORMED),
        ("unknown transfer-encoding header: 'rot13'", Manner.MALFORMED),
        ("HTTP/2 connection closed: <ConnectionTerminated error_code:0, last_stream_id:1>", Manner.RESET),
    ],
)
def test_a_client_that_leaves_is_told_from_one_that_sends_nonsense(words: str, manner: Manner) -> None:
    event = RequestProtocolError(1, words, ErrorCode.GENERIC_CLIENT_ERROR)
    assert client_break(event, 0.1, None) == (Breaker.CLIENT, manner, words)


def test_a_cut_by_the_proxys_own_time_out_is_the_proxys() -> None:
    event = RequestProtocolError(1, "Client disconnected.", ErrorCode.CLIENT_DISCONNECTED)
    by, manner, reason = client_break(event, 600.0, 600)
    assert (by, manner) == (Breaker.PROXY, Manner.SHUTDOWN)
    assert "tcp_timeout=600" in reason
    assert client_break(event, 12.0, 600)[0] is Breaker.CLIENT


@pytest.mark.parametrize(
    ("code", "words", "manner"),
    [
        (ErrorCode.CONNECT_FAILED, "[Errno 111] Connect call failed", Manner.UNREACHABLE),
        (ErrorCode.GENERIC_SERVER_ERROR, "server closed connection", Manner.CLOSED),
        (ErrorCode.GENERIC_SERVER_ERROR, "stream reset by client (INTERNAL_ERROR)", Manner.RESET),
        (ErrorCode.GENERIC_SERVER_ERROR, "Cannot parse HTTP response: bad line", Manner.MALFORMED),
        (ErrorCode.GENERIC_SERVER_ERROR, "unexpected server response: b'x'", Manner.MALFORMED),
        (ErrorCode.GENERIC_SERVER_ERROR, "Invalid HTTP/2 response headers: 'abc'", Manner.MALFORMED),
    ],
)
def test_a_server_that_breaks_off(code: ErrorCode, words: str, manner: Manner) -> None:
    by, how, reason = server_break(ResponseProtocolError(1, words, code))
    assert (by, how) == (Breaker.SERVER, manner)
    assert "by client" not in reason


def test_what_the_proxy_refuses_is_its_own_doing() -> None:
    event = ResponseProtocolError(1, "killed", ErrorCode.KILL)
    assert proxy_break(event) == (Breaker.PROXY, Manner.REFUSED, "killed")
