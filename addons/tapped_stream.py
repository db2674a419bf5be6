"""mitmproxy's `HttpStream` with ears: it tells its taps what it is given and what it sends.

It changes no event and no order; hooks and framing work as ever. Two settings differ from mitmproxy's
defaults: bodies are streamed in both directions (another addon's hook may still ask for a buffered
one), and the log line that mitmproxy writes for each streamed body is left out.
"""

from collections.abc import Callable

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
from addons.short_way import Outbox, Send, short_way
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

    gathers = True
    """What goes on at once of an answer may wait for the rest of what came with it."""

    def __init__(self, context: Context, stream_id: int, run: Run) -> None:
        super().__init__(context, stream_id)
        self.tap = Tap(run, context)
        self.keeping: Keeping | None = None
        """What passes, kept for mitmproxy's flow; None where nobody would look at it."""
        self.outbox: Outbox | None = None
        """Where bytes for the client may wait; None where nobody looks into it."""
        self._delivering = False
        self._answer_on: Send = self._first

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
        if tap.run.has_stopped:
            return ()  # type: ignore[return-value] # nothing passes of which the recording would not know
        return self._deliver(event) if tap.off else self._tapped(event)

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """As mitmproxy's own, which also gets what had to wait for a hook before it could pass."""
        outbox = self.outbox
        if outbox is not None:
            if type(event) is ResponseData and self._is_plain() and (way := self._way()) is not None:
                return self._on_its_way(event, way)
            if outbox.pieces:
                return self._after_what_waits(outbox, event)
        own: layer.CommandGenerator[None] = super()._handle_event(event)
        return own

    def _after_what_waits(self, outbox: Outbox, event: events.Event) -> layer.CommandGenerator[None]:
        if outbox.pieces:
            yield outbox.take()
        yield from super()._handle_event(event)

    def _on_its_way(self, event: ResponseData, way: Send) -> layer.CommandGenerator[None]:
        sent = way(event)
        if not (sent and type(sent[-1]) is SendHttp):  # which says itself what leaves
            self._departs(event)
        yield from sent

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
        way = self._way()
        if way is None:
            return None
        tap = self.tap
        at = tap.look_at_clock()
        sent = way(event)
        data = event.data
        tap.run.put(chunk(tap.exchange, _RESPONSE, _BOTH, at, data, len(data)))
        if self.keeping is not None:
            self.keeping.got(at, data)
        return sent  # type: ignore[return-value] # only ever iterated over

    def _way(self) -> Send | None:
        """How the bytes of an answer leave that is streamed and that no addon touches; None for any other."""
        passing, state = self.flow.response, self.server_state
        if passing is None or passing.stream is not True or state.__func__ is not _STREAM_RESPONSE:
            return None
        return self._answer_on

    def _first(self, event: ResponseData) -> list[commands.Command]:
        # Most answers are one piece, for which looking for a shorter way takes longer than it saves.
        self._answer_on = self._second
        return self._long_way(event)

    def _second(self, event: ResponseData) -> list[commands.Command]:
        self._answer_on = self._long_way
        if self.outbox is not None and not self.context.options.store_streamed_bodies:
            self._answer_on = short_way(self.http_layer, self.outbox)
        return self._answer_on(event)

    def _long_way(self, event: ResponseData) -> list[commands.Command]:
        return [*self.state_stream_response_body(event)]

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
                    self._departs(command.event)
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

    def _departs(self, event: HttpEvent) -> None:
        tap = self.tap
        tap.depart(event)
        if self.keeping is not None and type(event) is ResponseData:
            self.keeping.got(tap.run.now(), event.data)

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


def tap_layer(http_layer: HttpLayer, run: Run, make: MakeStream) -> None:
    """Let `http_layer` make tapped streams; a second call is without effect."""
    if "make_stream" in vars(http_layer):
        return
    outbox = Outbox(http_layer.context.client, run)
    handle = http_layer._handle_event

    def handle_event(event: events.Event) -> layer.CommandGenerator[None]:
        yield from handle(event)
        if outbox.pieces:
            yield outbox.take()

    def make_stream(stream_id: int) -> layer.CommandGenerator[None]:
        stream = make(http_layer.context.fork(), stream_id)
        if stream.gathers:
            stream.outbox = outbox
        http_layer.streams[stream_id] = stream
        yield from http_layer.event_to_child(stream, events.Start())

    http_layer.make_stream = make_stream  # type: ignore[method-assign]
    http_layer._handle_event = handle_event  # type: ignore[method-assign]
