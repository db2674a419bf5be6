"""A tapped stream with faults at work in it.

Response events go through faults after the arrival tap and before mitmproxy's own code; requests go
through them after that and before the departure tap. So the recording shows both sides as they were.
"""

from collections.abc import Iterable

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
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


class _Struck:
    """What faults have to do with one exchange, from the request's head on."""

    __slots__ = (
        "alarm",
        "gate",
        "has_ended",
        "is_closed",
        "is_sent",
        "occasion",
        "own",
        "request_head",
        "requests",
        "response_head",
        "responses",
        "server",
        "trailers",
    )

    def __init__(self, occasion: Occasion, head: RequestHeaders, server: Connection) -> None:
        self.occasion = occasion
        self.request_head = head
        self.server = server
        self.requests: Pipeline | None = None
        self.responses: Pipeline | None = None
        self.response_head: ResponseHeaders | None = None
        self.is_sent = False
        """The request's head has left; without it the service knows nothing that could be cancelled."""
        self.is_closed = False
        self.has_ended = False
        """The service's answer has come to its end, or was broken off."""
        self.own: list[HttpEvent] = []
        """Events of an answer of ours, still to be given to mitmproxy."""
        self.trailers: Headers = ()
        self.alarm = Alarm()
        self.gate: Gate | None = None

    @property
    def is_plain(self) -> bool:
        """Nothing strikes either message."""
        return self.requests is None and self.responses is None


class FaultedStream(TappedStream):
    """Costs nothing as long as no fault is armed: then it is a tapped stream."""

    def __init__(self, context: Context, stream_id: int, run: Run, injector: Injector) -> None:
        super().__init__(context, stream_id, run)
        self._injector = injector
        self._struck: _Struck | None = None

    def _is_plain(self) -> bool:
        return self._struck is None or self._struck.is_plain

    def _deliver(self, event: events.Event) -> _Commands:
        if self._struck is None and not self._injector.is_armed:
            return HttpStream.handle_event(self, event)
        return self._deliver_with_faults(event)

    def _deliver_with_faults(self, event: events.Event) -> _Commands:
        struck = self._struck
        if struck is not None and struck.requests is not None and isinstance(event, ResponseEndOfMessage):
            yield from self._requested(struck, struck.requests.hurry(self._now(), _ANSWERED))
        if type(event) is events.Wakeup:
            yield from self._wake()
        elif struck is not None and isinstance(event, ResponseHeaders):
            self._strike_response(struck, event)
            yield from self._answer(struck, event)
        elif (
            struck is not None
            and struck.responses is not None
            and isinstance(event, HttpEvent)
            and not _is_request(event)
        ):
            yield from self._answer(struck, event)
        else:
            if isinstance(event, RequestProtocolError):
                self._release()
            yield from self._sent(HttpStream.handle_event(self, event))
        struck = self._struck
        if struck is not None:
            while struck.own and self._paused is None:
                yield from self._sent(HttpStream.handle_event(self, struck.own.pop(0)))
            yield from self._pace(struck)

    # Requests

    def _sent(self, sending: Iterable[commands.Command]) -> _Commands:
        """Pass mitmproxy's commands on; what it sends to the service goes through the faults on requests."""
        for command in sending:
            if type(command) is SendHttp and _is_request(command.event):
                yield from self._sent_request(command)
            else:
                yield command

    def _sent_request(self, command: SendHttp) -> _Commands:
        event = command.event
        if isinstance(event, RequestHeaders):
            self._strike_request(event, command.connection)
        struck = self._struck
        if struck is None or struck.requests is None:
            if struck is not None:
                struck.is_sent = True
            yield command
        elif isinstance(event, RequestProtocolError):
            struck.requests.is_over = True
            if struck.is_sent:
                yield command
        elif isinstance(event, RequestTrailers):
            struck.trailers = event.trailers.fields
        else:
            part = _request_part(event, struck.trailers)
            yield from self._requested(struck, struck.requests.feed(part, self._now()))

    def _strike_request(self, event: RequestHeaders, server: Connection) -> None:
        injector = self._injector
        if not injector.is_armed or self.tap.kind is not Kind.HTTP or self.tap.off:
            return
        peer = self.context.client.peername
        occasion = Occasion(
            self.tap.exchange,
            self.flow,
            fault_parts.request_start(event.request),
            self.flow.request.http_version,
            str(peer[0]) if peer else "",
        )
        struck = self._struck = _Struck(occasion, event, server)
        instead = injector.answer(occasion)
        if instead is not None:
            struck.requests = _over()
            self._answer_ourselves(struck, instead)
        else:
            struck.requests = injector.request(occasion, "HTTP/2.0" if server.alpn == b"h2" else "HTTP/1.1")

    def _requested(self, struck: _Struck, parts: Iterable[Part]) -> _Commands:
        """Send `parts` to the service, or what a fault has instead."""
        stream_id = self.stream_id
        for part in parts:
            out: list[HttpEvent] = []
            match part:
                case RequestStart():
                    struck.is_sent = True
                    out = [fault_parts.request_head(part, struck.request_head)]
                case Data():
                    out = [fault_parts.request_data(part, stream_id)]
                case End():
                    out = fault_parts.request_end(part, stream_id)
                case Instead():
                    self._answer_ourselves(struck, part)
                case Repeat():
                    yield from repeat(self, struck.request_head, part)
                case Cut():
                    self._break_off(struck, part)
                case _:
                    raise AssertionError(f"no part of a request: {part}")
            for event in out:
                yield SendHttp(event, struck.server)

    def _answer_ourselves(self, struck: _Struck, instead: Instead) -> None:
        version = "HTTP/2.0" if self.flow.request.is_http2 else "HTTP/1.1"
        struck.own += fault_parts.own_answer(instead, self.stream_id, version)

    def _break_off(self, struck: _Struck, cut: Cut) -> None:
        """End the client's side, without an answer or in the midst of one."""
        if cut.ending is Ending.RESET:
            reset_on_close(self.context.client.id, self.context.client)
        self.tap.break_on_purpose(_INJECTED)
        struck.own.append(ResponseProtocolError(self.stream_id, _INJECTED, ErrorCode.KILL))

    # Responses

    def _strike_response(self, struck: _Struck, event: ResponseHeaders) -> None:
        if struck.response_head is not None or self.server_state != self.state_wait_for_response_headers:
            return
        struck.response_head = event
        self.flow.response = event.response  # for the filters; mitmproxy is about to do the same
        start = fault_parts.response_start(event.response)
        struck.responses = self._injector.response(struck.occasion, start)

    def _answer(self, struck: _Struck, event: events.Event) -> _Commands:
        """Give an event of the service's answer to the faults, and what leaves them to mitmproxy."""
        pipeline = struck.responses
        if pipeline is None:
            yield from self._sent(HttpStream.handle_event(self, event))
        elif isinstance(event, ResponseTrailers):
            struck.trailers = event.trailers.fields
        else:
            is_last = isinstance(event, ResponseEndOfMessage | ResponseProtocolError)
            struck.has_ended = struck.has_ended or is_last
            parts = pipeline.feed(_response_part(event, struck.trailers), self._now())
            yield from self._answered(struck, parts, event)

    def _answered(
        self, struck: _Struck, parts: Iterable[Part], event: events.Event | None = None
    ) -> _Commands:
        """Give `parts` of an answer to mitmproxy; `event` is what came last from the service."""
        assert struck.response_head is not None
        for part in parts:
            out: list[HttpEvent] = []
            match part:
                case ResponseStart():
                    out = [fault_parts.response_head(part, struck.response_head)]
                case Data():
                    out = [fault_parts.response_data(part, self.stream_id)]
                case End():
                    yield from self._let_go(struck)
                    out = fault_parts.response_end(part, self.stream_id)
                case Cut(by_peer=True):
                    assert isinstance(event, ResponseProtocolError)
                    out = [event]
                case Cut(Ending.CLEAN):
                    yield from self._let_go(struck)
                    out = [ResponseEndOfMessage(self.stream_id)]
                case Cut():
                    yield from self._cancel(struck)
                    self._break_off(struck, part)
                case _:
                    raise AssertionError(f"no part of a response: {part}")
            for each in out:
                yield from self._sent(HttpStream.handle_event(self, each))

    def _let_go(self, struck: _Struck) -> _Commands:
        """The client's answer ends as if it were complete."""
        if not struck.has_ended and struck.is_sent:
            self.tap.cancel_on_purpose(_INJECTED)
        yield from self._cancel(struck)

    def _cancel(self, struck: _Struck) -> _Commands:
        """Let go of the service, whose answer goes on though ours is over."""
        if not struck.has_ended and struck.is_sent:
            struck.has_ended = True
            cancelled = RequestProtocolError(self.stream_id, _INJECTED, ErrorCode.CANCEL)
            yield SendHttp(cancelled, struck.server)

    # Time

    def _now(self) -> int:
        return self.tap.run.now()

    def _wake(self) -> _Commands:
        struck, now = self._struck, self._now()
        if struck is None or struck.is_closed:
            return
        struck.alarm.rang(now)
        if struck.requests is not None:
            yield from self._requested(struck, struck.requests.wake(now))
        if struck.responses is not None:
            yield from self._answered(struck, struck.responses.wake(now))

    def _pace(self, struck: _Struck) -> _Commands:
        """Ask to be woken when something is due, and read no more than can be kept."""
        if struck.is_plain or struck.is_closed:
            return
        dues = [each.due for each in (struck.requests, struck.responses) if each is not None]
        due = min((each for each in dues if each is not None), default=None)
        alarm = struck.alarm.request(due, self._now())
        if alarm is not None:
            yield alarm
        if struck.responses is not None:
            yield from self._keep_within(struck, struck.responses)

    def _keep_within(self, struck: _Struck, pipeline: Pipeline) -> _Commands:
        if struck.gate is None:
            if pipeline.held <= MOST_HELD:
                return
            gate = Gate(self.context.client.id, struck.server)
            if struck.server.alpn == b"h2" or not gate.works or pipeline.waits_for_more:
                yield from self._answered(struck, pipeline.give_up(self._now(), MOST_HELD))
                return
            struck.gate = gate
        if pipeline.held > MOST_HELD:
            struck.gate.close()
        elif pipeline.held <= MOST_HELD // 2:
            struck.gate.open()

    def _is_over(self) -> None:
        super()._is_over()
        self._release()

    def _release(self) -> None:
        """The exchange is over: whatever is held goes."""
        struck = self._struck
        if struck is None:
            return
        struck.is_closed = True
        self._injector.over(struck.occasion)
        if struck.gate is not None:
            struck.gate.open()
        struck.responses = struck.responses and _over()
        struck.requests = struck.requests and _over()


def _over() -> Pipeline:
    """A pipeline through which nothing comes any more."""
    pipeline = Pipeline((), "")
    pipeline.is_over = True
    return pipeline


def _request_part(event: HttpEvent, trailers: Headers) -> Part:
    if isinstance(event, RequestHeaders):
        return fault_parts.request_start(event.request)
    return Data(event.data) if isinstance(event, RequestData) else End(trailers)


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
