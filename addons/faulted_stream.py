"""A tapped stream with faults at work in it.

Response events go through faults after the arrival tap and before mitmproxy's own code; requests go
through them after that and before the departure tap. So the recording shows both sides as they were.
"""

from collections.abc import Iterable

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)

from addons import fault_parts
from addons.injector import Injector, Occasion
from addons.pacing import MOST_HELD, Alarm, Gate, reset_on_close
from addons.repeated_stream import repeat
from addons.run import Run
from addons.tapped_stream import TappedStream
from contract.events import Headers, Kind
from faults.parts import Cut, Data, End, Ending, Instead, Part, Repeat, RequestStart, ResponseStart
from faults.pipeline import Pipeline

_INJECTED = "a fault broke it off on purpose"
_ANSWERED = "the service has answered already; the rest leaves at once"

type _Commands = layer.CommandGenerator[None]


class FaultedStream(TappedStream):
    """Costs nothing as long as nothing strikes: then it is a tapped stream."""

    def __init__(self, context: Context, stream_id: int, run: Run, injector: Injector) -> None:
        super().__init__(context, stream_id, run)
        self._injector = injector
        self._occasion: Occasion | None = None
        self._requests: Pipeline | None = None
        self._responses: Pipeline | None = None
        self._request_head: RequestHeaders | None = None
        self._response_head: ResponseHeaders | None = None
        self._server: Connection | None = None
        self._is_sent = False
        """The request's head has left; without it the service knows nothing that could be cancelled."""
        self._is_closed = False
        self._has_ended = False
        """The service's answer has come to its end, or was broken off."""
        self._own: list[HttpEvent] = []
        """Events of an answer of ours, still to be given to mitmproxy."""
        self._trailers: Headers = ()
        self._alarm = Alarm()
        self._gate: Gate | None = None

    def _is_plain(self) -> bool:
        return self._responses is None and self._requests is None

    def _deliver(self, event: events.Event) -> _Commands:
        if isinstance(event, ResponseEndOfMessage) and self._requests is not None:
            yield from self._requested(self._requests.hurry(self._now(), _ANSWERED))
        if type(event) is events.Wakeup:
            yield from self._wake()
        elif isinstance(event, ResponseHeaders) and self._occasion is not None:
            self._strike_response(event)
            yield from self._answer(event)
        elif self._responses is not None and isinstance(event, HttpEvent) and not _is_request(event):
            yield from self._answer(event)
        else:
            if isinstance(event, RequestProtocolError):
                self._release()
            yield from self._sent(HttpStream.handle_event(self, event))
        while self._own and self._paused is None:
            yield from self._sent(HttpStream.handle_event(self, self._own.pop(0)))
        yield from self._pace()

    # Requests

    def _sent(self, sending: Iterable[commands.Command]) -> _Commands:
        """Pass mitmproxy's commands on; what it sends to the service goes through the faults on requests."""
        for command in sending:
            if type(command) is SendHttp and _is_request(command.event):
                self._server = command.connection
                yield from self._sent_request(command)
            else:
                yield command

    def _sent_request(self, command: SendHttp) -> _Commands:
        event = command.event
        if isinstance(event, RequestHeaders):
            self._strike_request(event)
        if self._requests is None:
            self._is_sent = True
            yield command
        elif isinstance(event, RequestProtocolError):
            self._requests.is_over = True
            if self._is_sent:
                yield command
        elif isinstance(event, RequestTrailers):
            self._trailers = event.trailers.fields
        else:
            yield from self._requested(self._requests.feed(self._request_part(event), self._now()))

    def _request_part(self, event: HttpEvent) -> Part:
        if isinstance(event, RequestHeaders):
            return fault_parts.request_start(event.request)
        return Data(event.data) if isinstance(event, RequestData) else End(self._trailers)

    def _strike_request(self, event: RequestHeaders) -> None:
        self._request_head = event
        if not self._injector.is_armed or self.tap.kind is not Kind.HTTP or self.tap.off:
            return
        peer = self.context.client.peername
        self._occasion = Occasion(
            self.tap.exchange,
            self.flow,
            fault_parts.request_start(event.request),
            self.flow.request.http_version,
            str(peer[0]) if peer else "",
        )
        instead = self._injector.answer(self._occasion)
        if instead is not None:
            self._requests = Pipeline((), "HTTP/1.1")
            self._requests.is_over = True
            self._answer_ourselves(instead)
        else:
            is_h2 = self._server is not None and self._server.alpn == b"h2"
            self._requests = self._injector.request(self._occasion, "HTTP/2.0" if is_h2 else "HTTP/1.1")

    def _requested(self, parts: Iterable[Part]) -> _Commands:
        """Send `parts` to the service, or what a fault has instead."""
        assert self._server is not None
        assert self._request_head is not None
        head, server, stream_id = self._request_head, self._server, self.stream_id
        for part in parts:
            out: list[HttpEvent] = []
            match part:
                case RequestStart():
                    self._is_sent = True
                    out = [fault_parts.request_head(part, head)]
                case Data():
                    out = [fault_parts.request_data(part, stream_id)]
                case End():
                    out = fault_parts.request_end(part, stream_id)
                case Instead():
                    self._answer_ourselves(part)
                case Repeat():
                    yield from repeat(self, head, part)
                case Cut():
                    self._break_off(part)
                case _:
                    raise AssertionError(f"no part of a request: {part}")
            for event in out:
                yield SendHttp(event, server)

    def _answer_ourselves(self, instead: Instead) -> None:
        version = "HTTP/2.0" if self.flow.request.is_http2 else "HTTP/1.1"
        self._own += fault_parts.own_answer(instead, self.stream_id, version)

    def _break_off(self, cut: Cut) -> None:
        """End the client's side, without an answer or in the midst of one."""
        if cut.ending is Ending.RESET:
            reset_on_close(self.context.client.id, self.context.client)
        self.tap.break_on_purpose(_INJECTED)
        self._own.append(ResponseProtocolError(self.stream_id, _INJECTED, ErrorCode.KILL))

    # Responses

    def _strike_response(self, event: ResponseHeaders) -> None:
        assert self._occasion is not None
        if self._response_head is not None or self.server_state != self.state_wait_for_response_headers:
            return
        self._response_head = event
        self.flow.response = event.response  # for the filters; mitmproxy is about to do the same
        self._responses = self._injector.response(self._occasion, fault_parts.response_start(event.response))

    def _answer(self, event: events.Event) -> _Commands:
        """Give an event of the service's answer to the faults, and what leaves them to mitmproxy."""
        pipeline = self._responses
        if pipeline is None:
            yield from self._sent(HttpStream.handle_event(self, event))
            return
        if isinstance(event, ResponseTrailers):
            self._trailers = event.trailers.fields
            return
        self._has_ended = self._has_ended or isinstance(event, ResponseEndOfMessage | ResponseProtocolError)
        yield from self._answered(pipeline.feed(_response_part(event, self._trailers), self._now()), event)

    def _answered(self, parts: Iterable[Part], event: events.Event | None = None) -> _Commands:
        assert self._response_head is not None
        for part in parts:
            out: list[HttpEvent] = []
            match part:
                case ResponseStart():
                    out = [fault_parts.response_head(part, self._response_head)]
                case Data():
                    out = [fault_parts.response_data(part, self.stream_id)]
                case End():
                    yield from self._let_go()
                    out = fault_parts.response_end(part, self.stream_id)
                case Cut(by_peer=True):
                    assert isinstance(event, ResponseProtocolError)
                    out = [event]
                case Cut(Ending.CLEAN):
                    yield from self._let_go()
                    out = [ResponseEndOfMessage(self.stream_id)]
                case Cut():
                    yield from self._cancel()
                    self._break_off(part)
                case _:
                    raise AssertionError(f"no part of a response: {part}")
            for each in out:
                yield from self._sent(HttpStream.handle_event(self, each))

    def _let_go(self) -> _Commands:
        """The client's answer ends as if it were complete."""
        if not self._has_ended and self._is_sent:
            self.tap.cancel_on_purpose(_INJECTED)
        yield from self._cancel()

    def _cancel(self) -> _Commands:
        """Let go of the service, whose answer goes on though ours is over."""
        if self._has_ended or self._server is None or not self._is_sent:
            return
        self._has_ended = True
        yield SendHttp(RequestProtocolError(self.stream_id, _INJECTED, ErrorCode.CANCEL), self._server)

    # Time

    def _now(self) -> int:
        return self.tap.run.now()

    def _wake(self) -> _Commands:
        now = self._now()
        self._alarm.rang(now)
        if self._is_closed:
            return
        if self._requests is not None:
            yield from self._requested(self._requests.wake(now))
        if self._responses is not None:
            yield from self._answered(self._responses.wake(now))

    def _pace(self) -> _Commands:
        """Ask to be woken when something is due, and read no more than can be kept."""
        if self._is_plain() or self._is_closed:
            return
        pipelines = [each for each in (self._requests, self._responses) if each is not None]
        due = min((each.due for each in pipelines if each.due is not None and not each.is_over), default=None)
        alarm = self._alarm.request(due, self._now())
        if alarm is not None:
            yield alarm
        if self._responses is not None:
            yield from self._keep_within(self._responses)

    def _keep_within(self, pipeline: Pipeline) -> _Commands:
        if self._gate is None:
            if pipeline.held <= MOST_HELD or self._server is None:
                return
            gate = Gate(self.context.client.id, self._server)
            if self._server.alpn == b"h2" or not gate.works or pipeline.waits_for_more:
                yield from self._answered(pipeline.give_up(self._now(), MOST_HELD))
                return
            self._gate = gate
        if pipeline.held > MOST_HELD:
            self._gate.close()
        elif pipeline.held <= MOST_HELD // 2:
            self._gate.open()

    def _is_over(self) -> None:
        super()._is_over()
        self._release()

    def _release(self) -> None:
        """The exchange is over: whatever is held goes."""
        self._is_closed = True
        if self._occasion is not None:
            self._injector.over(self._occasion)
        if self._gate is not None:
            self._gate.open()
        self._responses = self._responses and _over(self._responses)
        self._requests = self._requests and _over(self._requests)

    @property
    def http_layer(self) -> HttpLayer:
        """The layer that this stream belongs to."""
        above = self.context.layers[self.context.layers.index(self) - 1]
        assert isinstance(above, HttpLayer)
        return above


def _over(pipeline: Pipeline) -> Pipeline:
    """A pipeline without stages in the place of one, through which nothing comes any more."""
    empty = Pipeline((), "")
    empty.is_over = True
    return empty


def _is_request(event: HttpEvent) -> bool:
    return isinstance(
        event, RequestHeaders | RequestData | RequestTrailers | RequestEndOfMessage | RequestProtocolError
    )


def _response_part(event: events.Event, trailers: Headers) -> Part:
    match event:
        case ResponseHeaders():
            return fault_parts.response_start(event.response)
        case ResponseData():
            return Data(event.data)
        case ResponseEndOfMessage():
            return End(trailers)
        case _:
            return Cut(by_peer=True)
