"""The two taps of one HTTP exchange: mitmproxy's events become the contract's.

What a stream is given is an *arrival*, what it sends is a *departure*. Nothing here changes either.
"""

from collections.abc import Callable
from typing import Any

from mitmproxy import http
from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import SendHttp
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

from addons.breaks import Break, client_break, proxy_break, server_break
from addons.run import Run
from contract import event_making
from contract.events import (
    Abort,
    Breaker,
    Chunk,
    End,
    Headers,
    Kind,
    Manner,
    Message,
    RequestHead,
    ResponseHead,
    Side,
)

_REQUEST, _RESPONSE = Message.REQUEST, Message.RESPONSE
_CLIENT, _SERVER, _BOTH = Side.CLIENT, Side.SERVER, Side.BOTH
_ARRIVES_ON = {_REQUEST: _CLIENT, _RESPONSE: _SERVER}
_LEAVES_ON = {_REQUEST: _SERVER, _RESPONSE: _CLIENT}

_SCHEMES = {b"http": "http", b"https": "https"}

TOGETHER = 10_000
"""Within how many microseconds what leaves counts as seen at once on both sides (hooks run in between)."""

type RequestLine = tuple[bytes, str, str, int, bytes, bytes, Headers]
"""Method, scheme, host, port, target, version, header fields."""
type _StatusLine = tuple[int, bytes, bytes, Headers]
"""Status, reason, version, header fields."""
type _What = type[RequestHead | ResponseHead | Chunk | End | Abort]
type _Arrival = tuple[_What, Message, int, Any]
"""Event type, message, time, and what it carries: a start line with headers, bytes, or a reason."""


class Tap:
    """What one exchange looks like on both sides, as it happens.

    What arrives waits until the stream has dealt with it. What then leaves as it came, within
    `TOGETHER`, is one event seen on both sides; anything else is seen on one side alone.
    """

    __slots__ = (
        "_arrived",
        "_before",
        "_context",
        "_handshake_end",
        "_last",
        "_on_purpose",
        "_trailers",
        "_upgraded",
        "answer_arrived",
        "answer_left",
        "exchange",
        "kind",
        "off",
        "run",
    )

    def __init__(self, run: Run, context: Context) -> None:
        self.run = run
        self.exchange = 0
        self.kind = Kind.HTTP
        self.off = False
        """Nothing (more) of this exchange is recorded here."""
        self.answer_arrived = self.answer_left = False
        self._context = context
        self._before = self._last = 0
        self._handshake_end: int | None = None
        """When a request for an upgrade was complete; recorded once the answer says what it became."""
        self._upgraded = False
        """The answer is a 101: what follows is frames, until the connection closes."""
        self._trailers: dict[tuple[Message, Side], Headers] = {}
        self._arrived: list[_Arrival] = []
        self._on_purpose = ""

    # Arrivals

    def arrive(self, event: HttpEvent) -> None:
        """Note an event delivered to the stream."""
        handler = _ARRIVALS.get(type(event))
        if handler is not None:
            self.look_at_clock()
            handler(self, event)

    def is_idle(self) -> bool:
        """Whether the exchange is recorded, and nothing that arrived waits to be."""
        return not (self._arrived or self.off)

    def look_at_clock(self) -> int:
        """When what is being delivered arrived."""
        self._before, self._last = self._last, self.run.now()
        return self._last

    def passed(self, message: Message, at: int, data: bytes, sent: list[commands.Command]) -> None:
        """Record that `data` arrived, and what the stream sent at once because of it."""
        command = sent[0] if len(sent) == 1 else None
        if type(command) is SendHttp and getattr(command.event, "data", None) == data:
            self.run.put(event_making.chunk(self.exchange, message, _BOTH, at, data, len(data)))
            return
        self._await(Chunk, message, data)
        for command in sent:
            if type(command) is SendHttp:
                self.depart(command.event)
        self.settle()

    def _await(self, what: _What, message: Message, content: Any) -> None:
        self._arrived.append((what, message, self._last, content))

    def _request_arrives(self, event: RequestHeaders) -> None:
        request = event.request
        self.exchange = self.run.open(self)
        if request.data.method == b"CONNECT":
            self.kind = Kind.CONNECT
        elif _asks_for_websocket(request.data.headers.fields):
            self.kind = Kind.WEBSOCKET
        self._await(RequestHead, _REQUEST, self.request_line(request))
        if self.kind is Kind.CONNECT:
            self._await(End, _REQUEST, None)

    def request_line(self, request: http.Request) -> RequestLine:
        """What a request says before its body, as it is recorded."""
        raw = request.data
        context = self._context
        address = context.server.address
        if address and (request.is_http2 or not raw.host):
            host, port = address[:2]  # `:authority` is a header field: it may name no port, or another host
        else:
            host, port = raw.host, raw.port
        scheme = _SCHEMES.get(raw.scheme) or request.scheme or ("https" if context.client.tls else "http")
        target = raw.authority if self.kind is Kind.CONNECT else raw.path
        return raw.method, scheme, host, port, target, raw.http_version, fields_with_authority(request)

    def _put_request(self, side: Side, at: int, line: RequestLine) -> None:
        context = self._context
        client = _address(context.client.peername)
        server = "" if side is _CLIENT else _address(context.server.peername)
        self.run.put(event_making.request_head(self.exchange, side, at, *line, self.kind, client, server))

    def _response_arrives(self, event: ResponseHeaders) -> None:
        self.answer_arrived = True
        self._upgraded = event.response.status_code == 101
        self._await(ResponseHead, _RESPONSE, _status_line(event.response))

    def _put_response(self, side: Side, at: int, line: _StatusLine) -> None:
        if self._handshake_end is not None and line[0] != 101:
            self.kind = Kind.HTTP
            self._put_end(_REQUEST, _BOTH, self._handshake_end)
            self._handshake_end = None
        self.run.put(event_making.response_head(self.exchange, side, at, *line))

    def _end_arrives(self, message: Message) -> None:
        if self.kind is not Kind.WEBSOCKET:
            self._await(End, message, None)
        elif message is _REQUEST:
            self._handshake_end = self._last
        elif not self._upgraded:
            self._await(End, message, None)  # the answer may be complete before its head has left

    def _request_breaks(self, event: RequestProtocolError) -> None:
        cancelled = self._context.client.state is ConnectionState.CLOSED
        limit = self._context.options.tcp_timeout if cancelled else None
        idle = (self._last - self._before) / 1e6
        self._await(Abort, _REQUEST, client_break(event, idle, limit))

    def _response_breaks(self, event: ResponseProtocolError) -> None:
        if self._is_let_go():
            gone = RequestProtocolError(
                event.stream_id, "peer closed connection", ErrorCode.CLIENT_DISCONNECTED
            )
            self._request_breaks(gone)
        else:
            self._await(Abort, _RESPONSE, server_break(event))

    def _is_let_go(self) -> bool:
        """Whether mitmproxy lets go of the server because the client is gone, and this stream hears of it."""
        client = self._context.client
        return client.alpn == b"h2" and not client.state & ConnectionState.CAN_READ

    # Departures

    def depart(self, event: HttpEvent) -> None:
        """Record an event that the stream sends on."""
        handler = _DEPARTURES.get(type(event))
        if handler is not None and not self.off:
            handler(self, event)

    def _matched(self, what: _What, message: Message, content: Any) -> int | None:
        """When this arrived, if it leaves as it came and at once; what arrived before it did not leave."""
        arrived = self._arrived
        for place, (its_what, its_message, at, its_content) in enumerate(arrived):
            if its_what is what and its_message is message:
                if its_content != content or self.run.now() - at > TOGETHER:
                    break
                if place:
                    self.settle(place)
                del arrived[0]
                return at
        if arrived:
            self.settle(self._preceding(message))
        return None

    def _preceding(self, message: Message) -> int:
        """How many arrivals to settle so that the first of `message` is among them; all without one."""
        places = (place for place, each in enumerate(self._arrived, 1) if each[1] is message)
        return next(places, len(self._arrived))

    def _request_leaves(self, event: RequestHeaders) -> None:
        line = self.request_line(event.request)
        at = self._matched(RequestHead, _REQUEST, line)
        self._put_request(*((_SERVER, self.run.now()) if at is None else (_BOTH, at)), line)

    def _response_leaves(self, event: ResponseHeaders) -> None:
        if event.response.status_code == 100 and not self.answer_arrived:
            return  # mitmproxy's own 100 (Continue): an interim answer, not the one to come
        line = _status_line(event.response)
        at = self._matched(ResponseHead, _RESPONSE, line)
        self._put_response(*((_CLIENT, self.run.now()) if at is None else (_BOTH, at)), line)
        self.answer_left = True

    def _data_leaves(self, message: Message, data: bytes) -> None:
        at = self._matched(Chunk, message, data)
        side, at = (_LEAVES_ON[message], self.run.now()) if at is None else (_BOTH, at)
        self.run.put(event_making.chunk(self.exchange, message, side, at, data, len(data)))

    def _end_leaves(self, message: Message) -> None:
        if self.kind is Kind.WEBSOCKET:
            return
        at = self._matched(End, message, None)
        self._put_end(message, *((_LEAVES_ON[message], self.run.now()) if at is None else (_BOTH, at)))
        if message is _RESPONSE and self.kind is Kind.CONNECT:
            self.shut()  # a tunnel's bytes are recorded as what they turn out to be, not twice

    def _put_end(self, message: Message, side: Side, at: int) -> None:
        seen_on = _ARRIVES_ON[message] if side is _BOTH else side
        trailers = self._trailers.get((message, seen_on), ()) if self._trailers else ()
        self.run.put(event_making.end(self.exchange, message, side, at, trailers))

    def _break_leaves(self, event: RequestProtocolError | ResponseProtocolError) -> None:
        if event.code is ErrorCode.PASSTHROUGH_CLOSE:
            self._close_websocket()
            return
        to_client = isinstance(event, ResponseProtocolError)
        answered = (event.code.http_status_code() or 0) if to_client and not self.answer_left else 0
        last = self._arrived.pop() if self._arrived and self._arrived[-1][0] is Abort else None
        self.settle()
        if last is not None:
            self._put_abort(last[2], last[3], answered)
        elif to_client:
            why = proxy_break(event)
            if self._on_purpose:
                why = Breaker.PROXY, Manner.INJECTED, self._on_purpose
            self._put_abort(self.run.now(), why, answered)

    def _close_websocket(self) -> None:
        self.settle()
        now = self.run.now()
        self._put_end(_REQUEST, _BOTH, now)
        self._put_end(_RESPONSE, _BOTH, now)
        self.shut()

    def _put_abort(self, at: int, why: Break, answered: int = 0) -> None:
        """End the exchange on both sides: whoever broke it, the proxy lets go of the other side too."""
        by, manner, reason = why
        if not self.off:
            self.run.put(Abort(self.exchange, _BOTH, at, by, manner, reason, answered))
        self.shut()

    def break_on_purpose(self, reason: str) -> None:
        """What ends the exchange next is a fault's doing."""
        self._on_purpose = reason

    def cancel_on_purpose(self, reason: str) -> None:
        """A fault ends the client's side as if it were complete, and lets go of the server's."""
        self.settle()
        if not self.off:
            broken = Breaker.PROXY, Manner.INJECTED, reason
            self.run.put(Abort(self.exchange, _SERVER, self.run.now(), *broken))

    # The end

    def settle(self, count: int | None = None) -> None:
        """Record what has arrived (its first `count`, or all) as seen on the side that it came from."""
        arrived = self._arrived
        for what, message, at, content in arrived[:count]:
            side = _ARRIVES_ON[message]
            if what is Chunk:
                self.run.put(event_making.chunk(self.exchange, message, side, at, content, len(content)))
            elif what is End:
                self._put_end(message, side, at)
            elif what is RequestHead:
                self._put_request(side, at, content)
            elif what is ResponseHead:
                self._put_response(side, at, content)
            else:
                self._put_abort(at, content)
        del arrived[:count]

    def seal(self, reason: str) -> None:
        """The proxy stops: the exchange ends here, and nothing that follows is the peers' doing."""
        self.settle()
        self._put_abort(self.run.now(), (Breaker.PROXY, Manner.SHUTDOWN, reason))

    def shut(self) -> None:
        """Record nothing more of this exchange."""
        self.off = True
        self.run.shut(self.exchange)


def _status_line(response: http.Response) -> _StatusLine:
    raw = response.data
    return raw.status_code, raw.reason, raw.http_version, raw.headers.fields


def fields_with_authority(request: http.Request) -> Headers:
    """Header fields; HTTP/2's `:authority` pseudo-header first, as the Host field that it stands for."""
    fields = request.data.headers.fields
    if request.is_http2 and request.data.authority and request.data.method != b"CONNECT":
        return ((b":authority", request.data.authority), *fields)
    return fields


def _address(peer: tuple[Any, ...] | None) -> str:
    return f"{peer[0]}:{peer[1]}" if peer else ""


def _asks_for_websocket(fields: Headers) -> bool:
    """Whether the one Upgrade field says `websocket` (RFC 6455 §4.1)."""
    asked = [value for name, value in fields if len(name) == 7 and name.lower() == b"upgrade"]
    return len(asked) == 1 and asked[0].lower() == b"websocket"


type _Handler = Callable[[Tap, Any], None]


def _keep_trailers(message: Message, side: Side) -> _Handler:
    def keep(tap: Tap, event: RequestTrailers | ResponseTrailers) -> None:
        tap._trailers[message, side] = event.trailers.fields

    return keep


_ARRIVALS: dict[type[HttpEvent], _Handler] = {
    RequestHeaders: Tap._request_arrives,
    RequestData: lambda tap, event: tap._await(Chunk, _REQUEST, event.data),
    RequestTrailers: _keep_trailers(_REQUEST, _CLIENT),
    RequestEndOfMessage: lambda tap, event: tap._end_arrives(_REQUEST),
    RequestProtocolError: Tap._request_breaks,
    ResponseHeaders: Tap._response_arrives,
    ResponseData: lambda tap, event: tap._await(Chunk, _RESPONSE, event.data),
    ResponseTrailers: _keep_trailers(_RESPONSE, _SERVER),
    ResponseEndOfMessage: lambda tap, event: tap._end_arrives(_RESPONSE),
    ResponseProtocolError: lambda tap, event: tap._response_breaks(event),
}

_DEPARTURES: dict[type[HttpEvent], _Handler] = {
    RequestHeaders: Tap._request_leaves,
    RequestData: lambda tap, event: tap._data_leaves(_REQUEST, event.data),
    RequestTrailers: _keep_trailers(_REQUEST, _SERVER),
    RequestEndOfMessage: lambda tap, event: tap._end_leaves(_REQUEST),
    RequestProtocolError: Tap._break_leaves,
    ResponseHeaders: Tap._response_leaves,
    ResponseData: lambda tap, event: tap._data_leaves(_RESPONSE, event.data),
    ResponseTrailers: _keep_trailers(_RESPONSE, _CLIENT),
    ResponseEndOfMessage: lambda tap, event: tap._end_leaves(_RESPONSE),
    ResponseProtocolError: Tap._break_leaves,
}
