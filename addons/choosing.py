"""Filter expressions of mitmproxy for recorded exchanges."""

from collections.abc import Callable
from functools import lru_cache

from mitmproxy import connection, flowfilter, http

from addons.filters import codes
from replay.recorded import Recorded

_OF_BODIES = {"b", "bq", "bs"}


def chooser(text: str) -> Callable[[Recorded], bool]:
    """What decides whether an exchange matches; raises `ValueError` with one line."""
    try:
        matches = flowfilter.parse(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text!r} is no filter expression of mitmproxy") from error
    return lambda recorded: bool(matches(_flow(recorded)))


def needs_bodies(text: str) -> bool:
    """Whether a filter expression, which `chooser` takes, looks into bodies; all others need heads alone."""
    return not _OF_BODIES.isdisjoint(codes(flowfilter.parse(text)))


def _flow(recorded: Recorded) -> http.HTTPFlow:
    """The exchange as mitmproxy would show it; bodies without their content-coding."""
    flow = http.HTTPFlow(
        _client(recorded.request.client), _server(recorded.request.host, recorded.request.port)
    )
    head, answer = recorded.request, recorded.response
    flow.request = http.Request(
        host=head.host,
        port=head.port,
        method=head.method,
        scheme=head.scheme.encode(),
        authority=b"",
        path=head.target,
        http_version=head.version,
        headers=http.Headers(_undecoded(head.headers)),
        content=recorded.request_text() or b"",
        trailers=None,
        timestamp_start=head.at / 1_000_000,
        timestamp_end=None,
    )
    if answer is not None:
        flow.response = http.Response(
            http_version=answer.version,
            status_code=answer.status,
            reason=answer.reason,
            headers=http.Headers(_undecoded(answer.headers)),
            content=recorded.response_text() or b"",
            trailers=None,
            timestamp_start=answer.at / 1_000_000,
            timestamp_end=None,
        )
    return flow


def _undecoded(fields: tuple[tuple[bytes, bytes], ...]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in fields if name.lower() != b"content-encoding"]


@lru_cache(maxsize=256)  # making one takes longer than asking a filter
def _client(address: str) -> connection.Client:
    host, _, port = address.rpartition(":")
    peer = (host, int(port)) if port.isdecimal() else ("", 0)
    return connection.Client(peername=peer, sockname=("", 0), timestamp_start=0.0)


@lru_cache(maxsize=256)
def _server(host: str, port: int) -> connection.Server:
    return connection.Server(address=(host, port))
