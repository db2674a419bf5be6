"""The taps alone: what they add to mitmproxy's own work on a stream, on the event loop's thread."""

import gc
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import ConnectionState
from mitmproxy.http import Headers, Request, Response
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    GetHttpConnection,
    GetHttpConnectionCompleted,
    HttpLayer,
    HTTPMode,
    HttpStream,
)
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook, HttpResponseHeadersHook
from mitmproxy.test import taddons, tflow

from addons.run import Run
from addons.short_way import Outbox
from addons.tapped_stream import TappedStream
from benchmarks.measurement import Budget, Effort, Row, interleaved
from benchmarks.messages import TOKEN
from benchmarks.messages import events as sse_events

EXCHANGES, CHUNKS = 2_000, 40_000
BARE, TAPPED = "HttpStream", "tapped"
_REQUEST_FIELDS = (
    (b"Host", b"localhost:3002"),
    (b"User-Agent", b"python-requests/2.32.3"),
    (b"Authorization", b"Bearer " + TOKEN),
    (b"Content-Type", b"application/json"),
    (b"Content-Length", b"100"),
)
_ANSWER_FIELDS = (
    (b"server", b"uvicorn"),
    (b"content-type", b"application/json"),
    (b"content-length", b"100"),
)

type Make = Callable[[Context], HttpStream]


def rows(effort: Effort) -> list[Row]:
    """Processor time of mitmproxy's stream, bare and tapped: per streamed chunk, and per exchange."""
    count, chunks = effort.amount(EXCHANGES), effort.amount(CHUNKS)
    found = interleaved(
        {
            BARE: partial(_measured, _bare, count, chunks),
            TAPPED: partial(_measured, _tapped, count, chunks),
        },
        effort.rounds,
    )
    made: list[Row] = []
    for place, (what, most) in enumerate((("chunk of a streamed answer", 4.0), ("small exchange", 30.0))):
        reference, own = found[BARE][place], found[TAPPED][place]
        made += [
            Row("taps", what, BARE, "µs", reference),
            Row("taps", what, TAPPED, "µs", own, BARE, reference, Budget("excess", most, above=False)),
        ]
    return made


def _bare(context: Context) -> HttpStream:
    return HttpStream(context, 1)


def _tapped(context: Context) -> HttpStream:
    stream = TappedStream(context, 1, _RUN)
    stream.outbox = Outbox(context.client, _RUN)
    return stream


_RUN = Run(lambda event: None)
"""A run whose events go nowhere."""


def _measured(make: Make, count: int, chunks: int) -> tuple[float, float]:
    """µs per chunk, and per exchange."""
    with taddons.context(Proxyserver()) as master:
        client = tflow.tclient_conn()
        client.state = ConnectionState.OPEN
        context = Context(client, master.options)
    context.server.address = ("localhost", 3002)
    HttpLayer(context, HTTPMode.transparent)
    return _chunks(make(context.fork()), chunks), _exchanges(make, context, count)


def _chunks(stream: HttpStream, count: int) -> float:
    sequence = [ResponseData(1, data) for data in sse_events(count)]
    _drive(stream, [events.Start(), *_asked(), ResponseHeaders(1, _answer())])
    handle, outbox = stream.handle_event, getattr(stream, "outbox", None)
    begun = time.thread_time()
    for event in sequence:
        for _ in handle(event):
            pass
        if outbox is not None and outbox.pieces:
            outbox.take()
    return (time.thread_time() - begun) / count * 1e6


def _exchanges(make: Make, context: Context, count: int) -> float:
    sequences: list[list[Any]] = []
    for _ in range(count):
        answered = [ResponseHeaders(1, _answer()), ResponseData(1, b"{}"), ResponseEndOfMessage(1)]
        sequences.append([events.Start(), *_asked(), *answered])
    gc.collect()
    gc.disable()  # its work depends on what else is alive
    begun = time.thread_time()
    for sequence in sequences:
        _drive(make(context.fork()), sequence)
    spent = time.thread_time() - begun
    gc.enable()
    return spent / count * 1e6


def _drive(stream: HttpStream, sequence: list[Any]) -> None:
    """Deliver each event, and answer what the stream asks for."""
    for event in sequence:
        waiting = [event]
        while waiting:
            for command in stream.handle_event(waiting.pop(0)):
                reply = _reply(stream, command)
                if reply is not None:
                    waiting.append(reply)


def _reply(stream: HttpStream, command: commands.Command) -> events.Event | None:
    if isinstance(command, GetHttpConnection):
        return GetHttpConnectionCompleted(command, (stream.context.server, None))
    if isinstance(command, HttpRequestHeadersHook):
        command.flow.request.stream = True
    elif isinstance(command, HttpResponseHeadersHook) and command.flow.response:
        command.flow.response.stream = True
    if isinstance(command, commands.StartHook) and command.blocking:
        return events.HookCompleted(command, None)
    return None


def _asked() -> list[Any]:
    fields = Headers(_REQUEST_FIELDS)
    line = ("localhost", 3002, b"POST", b"http", b"", b"/api/chat", b"HTTP/1.1")
    request = Request(*line, fields, b"", None, 0, 0)
    return [RequestHeaders(1, request, end_stream=False), RequestData(1, b"{}"), RequestEndOfMessage(1)]


def _answer() -> Response:
    return Response(b"HTTP/1.1", 200, b"OK", Headers(_ANSWER_FIELDS), None, None, 0, 0)
