"""mitmproxy's `HttpStream` with ears: it tells its taps what it is given and what it sends.

It changes no event and no order; hooks and framing work as ever. Two settings differ from mitmproxy's
defaults: bodies are streamed in both directions (another addon's hook may still ask for a buffered
one), and the log line that mitmproxy writes for each streamed body is left out.
"""

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import DropStream, HttpLayer, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)

from addons.contents import Keeping
from addons.run import Run
from addons.short_way import Send, short_way
from addons.taps import Tap
from contract.event_making import chunk
from contract.events import Message, Side

_REQUEST, _RESPONSE, _BOTH = Message.REQUEST, Message.RESPONSE, Side.BOTH
_STREAM_REQUEST, _STREAM_RESPONSE = (
    HttpStream.state_stream_request_body,
    HttpStream.state_stream_response_body,
)


class TappedStream(HttpStream):
    """`HttpStream` with a tap on what is delivered to it and on what it sends."""

    def __init__(self, context: Context, stream_id: int, run: Run) -> None:
        super().__init__(context, stream_id)
        self.tap = Tap(run, context)
        self.keeping: Keeping | None = None
        """What passes, kept for mitmproxy's flow; None where nobody would look at it."""
        self._delivering = False
        self._answer_on: Send | None = None

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Deliver `event`, record it, and record what leaves because of it."""
        tap = self.tap
        if type(event) is ResponseData or type(event) is RequestData:
            # mitmproxy re-sends what it had buffered by delivering it to itself: no new arrival.
            if self._delivering:
                return super().handle_event(event)
            if self._paused is None and self.debug is None and tap.is_idle() and self._is_plain():
                sent = self._stream_on(event)
                if sent is not None:
                    return sent
        return self._deliver(event) if tap.off else self._tapped(event)

    def _is_plain(self) -> bool:
        """Whether nothing but mitmproxy has a hand in what is delivered."""
        return True

    def _deliver(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Give `event` to mitmproxy's own code."""
        return super().handle_event(event)

    def _stream_on(self, event: RequestData | ResponseData) -> layer.CommandGenerator[None] | None:
        """Pass bytes on that no addon touches, on a shorter way than mitmproxy's; None where it is none.

        It gives what `Layer.handle_event` comes to in this case: at most one command, which waits for
        nothing, and nothing else happens in between.
        """
        if isinstance(event, RequestData):
            return self._send_on(event)
        passing, state = self.flow.response, self.server_state
        if passing is None or passing.stream is not True or state.__func__ is not _STREAM_RESPONSE:
            return None
        tap = self.tap
        at = tap.look_at_clock()
        sent = (self._answer_on or self._find_way(passing))(event)
        data = event.data
        tap.run.put(chunk(tap.exchange, _RESPONSE, _BOTH, at, data, len(data)))
        if self.keeping is not None:
            self.keeping.got(at, data)
        return sent  # type: ignore[return-value] # only ever iterated over

    def _find_way(self, response: http.Response) -> Send:
        """How the bytes of `response` leave, from now on."""
        if self.context.options.store_streamed_bodies:
            self._answer_on = lambda event: [*self.state_stream_response_body(event)]
        else:
            self._answer_on = short_way(self.http_layer, self.context.client, response)
        return self._answer_on

    def _send_on(self, event: RequestData) -> layer.CommandGenerator[None] | None:
        state = self.client_state
        if self.flow.request.stream is not True or state.__func__ is not _STREAM_REQUEST:
            return None
        tap = self.tap
        at = tap.look_at_clock()
        sent = [*state(event)]
        tap.passed(_REQUEST, at, event.data, sent)
        if self.keeping is not None:
            self.keeping.sent(at, event.data)
        return sent  # type: ignore[return-value] # only ever iterated over

    def _tapped(self, event: events.Event, *, arrives: bool = True) -> layer.CommandGenerator[None]:
        """Deliver `event` and record what comes of it; without `arrives`, it is no peer's doing."""
        tap = self.tap
        outer, self._delivering = self._delivering, True
        dropped = False
        try:
            if arrives and isinstance(event, HttpEvent):
                tap.arrive(event)
            if self.keeping is not None and type(event) is RequestData:
                self.keeping.sent(tap.run.now(), event.data)
            for command in self._deliver(event):
                if type(command) is SendHttp:
                    tap.depart(command.event)
                    if self.keeping is not None and type(command.event) is ResponseData:
                        self.keeping.got(tap.run.now(), command.event.data)
                elif type(command) is DropStream:
                    dropped = True
                elif isinstance(command, (HttpRequestHeadersHook, HttpResponseHeadersHook)):
                    self._prefer_streaming(command)
                elif self.keeping is not None and isinstance(command, commands.StartHook):
                    self._give_back(self.keeping, command)
                elif isinstance(command, commands.Log) and command.message.startswith("Streaming re"):
                    continue
                yield command
        finally:
            self._delivering = outer
            if self._paused is None and not tap.is_idle():
                tap.settle()
            if dropped:
                self._is_over()

    def _is_over(self) -> None:
        """mitmproxy is done with this stream."""
        self.tap.shut()

    def _prefer_streaming(self, hook: HttpRequestHeadersHook | HttpResponseHeadersHook) -> None:
        flow = hook.flow
        if isinstance(hook, HttpRequestHeadersHook):
            run = self.tap.run
            run.know_flow(self.tap.exchange, flow)
            if run.contents is not None:
                self.keeping = Keeping(run.contents, flow, run.now())
            flow.request.stream = flow.request.stream or True
        elif flow.response is not None and self.tap.answer_arrived:
            flow.response.stream = flow.response.stream or True
        if self.keeping is not None and isinstance(hook, HttpResponseHeadersHook):
            self.keeping.answer(self.tap.run.now())

    def _give_back(self, keeping: Keeping, hook: commands.StartHook) -> None:
        """Before addons hear that a message is over, its flow gets what passed."""
        if isinstance(hook, HttpRequestHook):
            keeping.request_over()
        elif isinstance(hook, HttpResponseHook):
            keeping.response_over()
        elif isinstance(hook, HttpErrorHook):
            keeping.broken()

    @property
    def http_layer(self) -> HttpLayer:
        """The layer that this stream belongs to."""
        above = self.context.layers[self.context.layers.index(self) - 1]
        assert isinstance(above, HttpLayer)
        return above

    def start_request_stream(self) -> layer.CommandGenerator[None]:
        """Stream the request, unless an addon has answered already: mitmproxy can then only buffer it."""
        if self.flow.response:
            self.client_state = self.state_consume_request_body
            return
        yield from super().start_request_stream()


type MakeStream = Callable[[Context, int], TappedStream]


def tap_layer(http_layer: HttpLayer, make: MakeStream) -> None:
    """Let `http_layer` make tapped streams; a second call is without effect."""

    def make_stream(stream_id: int) -> layer.CommandGenerator[None]:
        stream = make(http_layer.context.fork(), stream_id)
        http_layer.streams[stream_id] = stream
        yield from http_layer.event_to_child(stream, events.Start())

    http_layer.make_stream = make_stream  # type: ignore[method-assign]
