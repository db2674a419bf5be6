"""A request sent once more, by a hop that retries: a stream without a client."""

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mitmproxy.connection import Connection, ConnectionState
from mitmproxy.net.server_spec import ServerSpec
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import GetHttpConnection, HttpLayer, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook

from addons import fault_parts
from addons.run import Run
from addons.tapped_stream import TappedStream
from addons.taps import Tap
from faults.parts import Repeat

if TYPE_CHECKING:
    from addons.faulted_stream import FaultedStream

_IDS = itertools.count(1 << 40)
"""Stream IDs that no client has; HTTP/2's end at 2**31."""


_NOBODY_ELSE: ServerSpec = ("http", ("a repeated request", 0))
"""As the proxy in between of a connection that is there: no other request finds that it fits."""


@dataclass
class _OwnConnection(GetHttpConnection):
    """Asks for a connection that is new."""

    def connection_spec_matches(self, connection: Connection) -> bool:
        return False

    __hash__ = GetHttpConnection.__hash__


class _ServerSideTap(Tap):
    """Sees what passes between the proxy and the service alone."""

    def arrive(self, event: HttpEvent) -> None:
        if isinstance(event, RequestHeaders):
            super().arrive(event)
            self._arrived.clear()
        elif not isinstance(event, RequestData | RequestEndOfMessage):
            super().arrive(event)

    def _is_let_go(self) -> bool:
        return not self._context.client.state & ConnectionState.CAN_READ


class RepeatedStream(TappedStream):
    """Sends its request when it is woken; whoever sent it first gets nothing of the answer."""

    def __init__(self, context: Context, run: Run, request: list[HttpEvent]) -> None:
        super().__init__(context, request[0].stream_id, run)
        self.tap = _ServerSideTap(run, context)
        self._request = request

    def _is_plain(self) -> bool:
        return False

    def _prefer_streaming(self, hook: HttpRequestHeadersHook | HttpResponseHeadersHook) -> None:
        super()._prefer_streaming(hook)
        self.keeping = None  # what a flow shows is what its client got, and here is none

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Connect anew: on HTTP/1.1 the first request is about to use the connection that there is."""
        flow = self.flow
        connection, error = yield _OwnConnection(
            (flow.request.host, flow.request.port),
            flow.request.scheme == "https",
            flow.server_conn.via,
            flow.server_conn.transport_protocol,
        )
        if error:
            failed = ResponseProtocolError(self.stream_id, error, ErrorCode.CONNECT_FAILED)
            yield from self.handle_protocol_error(failed)
            return False
        self.context.server = flow.server_conn = connection
        vars(connection)["via"] = _NOBODY_ELSE  # mitmproxy wants it unchanged; nobody reads it but to compare
        return True

    def _deliver(self, event: events.Event) -> layer.CommandGenerator[None]:
        waiting: list[events.Event] = [event]
        if type(event) is events.Wakeup:
            waiting = [events.Start(), *self._request]
        for each in waiting:
            if isinstance(each, HttpEvent) and each in self._request:
                self.tap.arrive(each)
            for command in HttpStream.handle_event(self, each):
                if not (type(command) is SendHttp and command.connection is self.context.client):
                    yield command


def repeat(stream: "FaultedStream", head: RequestHeaders, part: Repeat) -> layer.CommandGenerator[None]:
    """Have the request of `stream` sent by itself as well, as soon as the loop comes round."""
    number = next(_IDS)
    request = fault_parts.request_with(part.start, head.request).copy()
    whole: list[HttpEvent] = [RequestHeaders(number, request, not part.body)]
    whole += [RequestData(number, part.body)] if part.body else []
    http_layer: HttpLayer = stream.http_layer
    repeated = RepeatedStream(
        http_layer.context.fork(), stream.tap.run, [*whole, RequestEndOfMessage(number)]
    )
    http_layer.streams[number] = repeated
    alarm = commands.RequestWakeup(0)
    yield alarm
    # The layer has just noted who asked for the wake-up; it is for the other stream.
    http_layer.command_sources[alarm] = repeated
