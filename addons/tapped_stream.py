"""mitmproxy's `HttpStream` with ears: it tells its taps what it is given and what it sends.

It changes no event and no order; hooks and framing work as ever. Two settings differ from mitmproxy's
defaults: bodies are streamed in both directions (another addon's hook may still ask for a buffered
one), and the log line that mitmproxy writes for each streamed body is left out.
"""

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import DropStream, HttpLayer, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook

from addons.run import Run
from addons.taps import Tap


def tap_layer(http_layer: HttpLayer, run: Run) -> None:
    """Let `http_layer` make tapped streams; a second call is without effect."""

    def make_stream(stream_id: int) -> layer.CommandGenerator[None]:
        stream = TappedStream(http_layer.context.fork(), stream_id, run)
        http_layer.streams[stream_id] = stream
        yield from http_layer.event_to_child(stream, events.Start())

    http_layer.make_stream = make_stream  # type: ignore[method-assign]


class TappedStream(HttpStream):
    """`HttpStream` with a tap on what is delivered to it and on what it sends."""

    def __init__(self, context: Context, stream_id: int, run: Run) -> None:
        super().__init__(context, stream_id)
        self.tap = Tap(run, context)
        self._delivering = False

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Deliver `event`, record it, and record what leaves because of it."""
        tap = self.tap
        # mitmproxy re-sends what it had buffered by delivering it to itself: no new arrival.
        delivered_to_itself = self._delivering and isinstance(event, (RequestData, ResponseData))
        if tap.off or delivered_to_itself:
            yield from super().handle_event(event)
            return
        outer, self._delivering = self._delivering, True
        dropped = False
        try:
            if isinstance(event, HttpEvent):
                tap.arrive(event)
            for command in super().handle_event(event):
                if isinstance(command, SendHttp):
                    tap.depart(command.event)
                elif isinstance(command, DropStream):
                    dropped = True
                elif isinstance(command, (HttpRequestHeadersHook, HttpResponseHeadersHook)):
                    self._prefer_streaming(command)
                elif isinstance(command, commands.Log) and command.message.startswith("Streaming re"):
                    continue
                yield command
        finally:
            self._delivering = outer
            if self._paused is None:
                tap.settle()
            if dropped:
                tap.shut()

    def _prefer_streaming(self, hook: HttpRequestHeadersHook | HttpResponseHeadersHook) -> None:
        flow = hook.flow
        if isinstance(hook, HttpRequestHeadersHook):
            self.tap.run.know_flow(self.tap.exchange, flow)
            flow.request.stream = flow.request.stream or True
        elif flow.response is not None and self.tap.answer_arrived:
            flow.response.stream = flow.response.stream or True

    def start_request_stream(self) -> layer.CommandGenerator[None]:
        """Stream the request, unless an addon has answered already: mitmproxy can then only buffer it."""
        if self.flow.response:
            self.client_state = self.state_consume_request_body
            return
        yield from super().start_request_stream()
