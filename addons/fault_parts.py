"""Parts of messages, as faults know them, from mitmproxy's HTTP events and back."""

from mitmproxy import http
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestTrailers,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseTrailers,
)

from faults.parts import Data, End, Instead, RequestStart, ResponseStart


def request_start(request: http.Request) -> RequestStart:
    """The start of mitmproxy's `request`."""
    raw = request.data
    return RequestStart(raw.method, raw.path, raw.headers.fields)


def response_start(response: http.Response) -> ResponseStart:
    """The start of mitmproxy's `response`."""
    raw = response.data
    return ResponseStart(raw.status_code, raw.reason, raw.headers.fields)


def request_with(start: RequestStart, request: http.Request) -> http.Request:
    """mitmproxy's `request` with another start: the same object where nothing differs."""
    if start == request_start(request):
        return request
    other = request.copy()
    other.data.method, other.data.path = start.method, start.target
    other.data.headers = http.Headers(start.headers)
    return other


def response_with(start: ResponseStart, response: http.Response) -> http.Response:
    """mitmproxy's `response` with another start: the same object where nothing differs."""
    if start == response_start(response):
        return response
    other = response.copy()
    other.data.status_code, other.data.reason = start.status, start.reason
    other.data.headers = http.Headers(start.headers)
    return other


def own_answer(instead: Instead, stream_id: int, version: str) -> list[HttpEvent]:
    """The events of an answer that the service was not asked for."""
    start, reason, fields = instead.start, instead.start.reason, instead.start.headers
    if version == "HTTP/2.0":
        reason, fields = b"", tuple((name.lower(), value) for name, value in fields)
    response = http.Response(
        version.encode(), start.status, reason, http.Headers(fields), None, None, 0, None
    )
    events: list[HttpEvent] = [ResponseHeaders(stream_id, response, end_stream=False)]
    events += [ResponseData(stream_id, instead.body)] if instead.body else []
    return [*events, ResponseEndOfMessage(stream_id)]


def request_end(end: End, stream_id: int) -> list[HttpEvent]:
    """The events of a request's end."""
    trailers = [RequestTrailers(stream_id, http.Headers(end.trailers))] if end.trailers else []
    return [*trailers, RequestEndOfMessage(stream_id)]


def response_end(end: End, stream_id: int) -> list[HttpEvent]:
    """The events of a response's end."""
    trailers = [ResponseTrailers(stream_id, http.Headers(end.trailers))] if end.trailers else []
    return [*trailers, ResponseEndOfMessage(stream_id)]


def response_data(data: Data, stream_id: int) -> ResponseData:
    """The event of a chunk of a response."""
    return ResponseData(stream_id, data.data)


def request_data(data: Data, stream_id: int) -> RequestData:
    """The event of a chunk of a request."""
    return RequestData(stream_id, data.data)


def request_head(start: RequestStart, event: RequestHeaders) -> RequestHeaders:
    """The event of a request's head, with another start than in `event`."""
    return RequestHeaders(event.stream_id, request_with(start, event.request), event.end_stream)


def response_head(start: ResponseStart, event: ResponseHeaders) -> ResponseHeaders:
    """The event of a response's head, with another start than in `event`."""
    return ResponseHeaders(event.stream_id, response_with(start, event.response), event.end_stream)
