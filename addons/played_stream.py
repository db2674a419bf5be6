"""A stream whose service is a recording.

To mitmproxy, to the faults and to the taps all is as ever: the request leaves for a connection to the
service, and an answer comes from there. Only that nothing is behind that connection. What leaves for it is
kept here until the request is complete, then the recorded answer comes at its recorded times.
"""

import copy
import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from itertools import repeat
from typing import Any

from mitmproxy import ctx, http
from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import GetHttpConnection, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)

from addons.faulted_stream import FaultedStream
from addons.hook_table import run_at_once
from addons.injector import Injector
from addons.pacing import Alarm, unsent, unsent_on_stream
from addons.playback import Question, StreamidPlayback, StreamidPlaybackHook
from addons.run import Run
from addons.short_way import in_a_chunk, sends_in_chunks
from contract import event_making
from contract.events import Manner, Message, RequestHead, Side
from replay.matching import MOST_MATCHED
from replay.playback.performance import Break, Performance
from replay.playback.player import Answer
from replay.recorded import Piece, Recorded, RecordedBody

MOST_UNSENT = 1024 * 1024
"""Bytes that may wait for a client to read them, before the playback waits for it, too."""
_A_WHILE = 20_000
_MOST_AT_ONCE = 256 * 1024
_LOOK_AFTER = 64 * 1024
"""Bytes after which it is looked at what the client has not read."""

type _Commands = layer.CommandGenerator[None]
type _Due = tuple[int, HttpEvent | bytes]


@dataclass(eq=False)
class StreamidResumeHook(commands.StartHook):
    """Waits, as mitmproxy does for every hook, until the user lets an intercepted flow go on."""

    flow: http.HTTPFlow
    held: InitVar[commands.StartHook]

    def __post_init__(self, held: commands.StartHook) -> None:
        self.after = events.HookCompleted(held)


class PlayedStream(FaultedStream):
    """A stream that gets its answer from a playback."""

    gathers = False  # what is due at once leaves together anyway

    def __init__(
        self, context: Context, stream_id: int, run: Run, injector: Injector, playback: StreamidPlayback
    ) -> None:
        super().__init__(context, stream_id, run, injector)
        assert playback.settings is not None
        self._playback = playback
        self._settings = playback.settings
        self._stage: Server | None = None
        """The connection that leads nowhere; None where there is a real one, or none yet."""
        self._asked: list[HttpEvent] = []
        self._question: Question | None = None
        self._body_size = 0
        self._hash = hashlib.sha256()
        self._coming: deque[_Due] = deque()
        self._alarm = Alarm()
        self._ours: set[commands.Command] = set()
        self._zero = self._written = 0
        self._is_answered = self._is_gone = False

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Pretend to have one."""
        request = self.flow.request
        known, where = self.context.server, (request.host, request.port)
        self._stage = known if known.address == where and not known.connected else Server(address=where)
        self.context.server = self.flow.server_conn = self._stage
        yield from ()  # no command is needed
        return True

    def handle_event(self, event: events.Event) -> _Commands:
        """Deliver `event`; what leaves for the service because of it stays here."""
        if isinstance(event, events.CommandCompleted) and event.command in self._ours:
            self._ours.discard(event.command)
            yield from self._go_on(event)
        else:
            yield from self._kept_here(super().handle_event(event))
            if self._coming and self._paused is None:
                yield from self._play()
        if self._question is not None:  # only now mitmproxy is done with the request
            question, self._question = self._question, None
            yield from self._ask(question)

    def _kept_here(self, sending: Iterable[commands.Command]) -> _Commands:
        for command in sending:
            if type(command) is SendHttp and command.connection is self._stage:
                self._hear(command.event)
            elif isinstance(command, commands.StartHook) and run_at_once(ctx.master.addons, command):
                if self.flow.intercepted:
                    yield self._order(StreamidResumeHook(self.flow, command))
                else:
                    yield from self._kept_here(super().handle_event(events.HookCompleted(command)))
            else:
                yield command

    def _order[C: commands.Command](self, command: C) -> C:
        """A command whose completion is for this stream: no layer above is to wait for it."""
        if command.blocking:
            command.blocking = self
        self._ours.add(command)
        return command

    # What the service would get

    def _hear(self, event: HttpEvent) -> None:
        if isinstance(event, RequestProtocolError):
            self._leave()
            return
        if isinstance(event, RequestData):
            self._body_size += len(event.data)
            self._hash.update(event.data)
            if self._body_size > MOST_MATCHED and not self._goes_on:
                return
        self._asked.append(event)
        if isinstance(event, RequestEndOfMessage) and not self._is_answered:
            self._question = Question(self._request(), early=False)
        elif isinstance(event, RequestHeaders) and self._playback.answers_early and not event.end_stream:
            self._question = Question(self._request(), early=True)

    def _ask(self, question: Question) -> _Commands:
        self._zero = self.tap.run.now()
        if self._playback.at_once(question):
            yield from self._told(question.answer)
        else:
            yield self._order(StreamidPlaybackHook(question))

    @property
    def _goes_on(self) -> bool:
        """Whether the request may have to be sent to a real service."""
        return self._settings.manners.on_miss == "upstream"

    def _request(self) -> Recorded:
        head = next(each for each in self._asked if isinstance(each, RequestHeaders))
        method, scheme, host, port, target, version, fields = self.tap.request_line(head.request)
        of = RequestHead(0, Side.SERVER, 0, method, scheme, host, port, target, version, fields)
        pieces = [Piece(0, each.data) for each in self._asked if isinstance(each, RequestData)]
        why = ""
        if self._body_size > MOST_MATCHED:
            pieces, why = [], f"sha256 {self._hash.hexdigest()}"
        body = RecordedBody(tuple(pieces), ended_at=0, why_not_whole=why)
        return Recorded(0, of, body, None, RecordedBody(), None)

    def _leave(self) -> None:
        """Nobody listens any more."""
        self._is_gone = True
        self._coming.clear()

    def _is_over(self) -> None:
        super()._is_over()
        self._leave()

    # What comes from it

    def _go_on(self, event: events.CommandCompleted) -> _Commands:
        if isinstance(event.command, StreamidResumeHook):
            yield from self._kept_here(super().handle_event(event.command.after))
        elif self._is_gone:
            return
        elif isinstance(event.command, StreamidPlaybackHook):
            yield from self._told(event.command.question.answer)
        elif isinstance(event.command, GetHttpConnection):
            yield from self._connected(event)
        else:
            yield from self._play()

    def _told(self, answer: Answer | None) -> _Commands:
        """The playback has an answer, or None: none as long as the request is not complete."""
        if answer is None or self._is_answered:
            return
        self._is_answered = True
        if answer.performance is not None:
            self._coming.extend(self._events(answer.performance))
        elif answer.unreadable:
            self._coming.append((0, _RecordingEndsError(self.stream_id, answer.unreadable, ErrorCode.KILL)))
        else:
            yield from self._ask_a_service()
            return
        yield from self._play()

    def _play(self) -> _Commands:
        """Give what is due, unless a hook has to be done first, and ask to be woken for the rest."""
        now = self.tap.run.now()
        self._alarm.rang(now)
        while self._coming and self._coming[0][0] <= now and self._paused is None and not self._is_gone:
            if self._written > _LOOK_AFTER:
                if self._unsent() > MOST_UNSENT:
                    self._coming[0] = now + _A_WHILE, self._coming[0][1]
                    break
                self._written = 0
            together = self._due_together(now)
            if together:
                yield self._in_one_write(together)
            else:
                yield from self._kept_here(self._give(self._coming.popleft()[1]))
        due = self._coming[0][0] if self._coming and self._paused is None else None
        alarm = self._alarm.request(due, now)
        if alarm is not None:
            yield self._order(alarm)

    def _unsent(self) -> int:
        found = unsent(self.context.client)
        if self.flow.request.is_http2:
            found += unsent_on_stream(self.context, self.stream_id)
        return found

    def _due_together(self, now: int) -> list[bytes]:
        """Pieces that are due at once, where nobody but the client's connection has to see each by itself."""
        found: list[bytes] = []
        coming, size = self._coming, 0
        if len(coming) < 2 or type(coming[1][1]) is not bytes or not self._only_passes():
            return found
        while coming and size < _MOST_AT_ONCE:
            due, data = coming[0]
            if due > now or type(data) is not bytes or not data:
                break
            coming.popleft()
            found.append(data)
            size += len(data)
        self._written += size
        return found

    def _only_passes(self) -> bool:
        """Whether mitmproxy would only frame what comes, for HTTP/1.1: no hook, fault or addon has a say."""
        response = self.flow.response
        return (
            self._is_plain()
            and self.keeping is None
            and self.debug is None
            and self.tap.is_idle()
            and response is not None
            and response.stream is True
            and self.server_state == self.state_stream_response_body
            and self._speaks_http1()
        )

    def _speaks_http1(self) -> bool:
        return self.flow.request.data.http_version in (b"HTTP/1.1", b"HTTP/1.0")

    def _in_one_write(self, pieces: list[bytes]) -> commands.SendData:
        """Each piece framed as mitmproxy frames it (RFC 9112 §7.1), and recorded, but written together."""
        tap, response = self.tap, self.flow.response
        at = tap.look_at_clock()
        for data in pieces if tap.run.keeps_bounds else [b"".join(pieces)]:
            tap.run.put(event_making.chunk(tap.exchange, Message.RESPONSE, Side.BOTH, at, data, len(data)))
        assert response is not None
        if sends_in_chunks(response):
            pieces = [in_a_chunk(data) for data in pieces]
        return commands.SendData(self.context.client, b"".join(pieces))

    def _give(self, event: HttpEvent | bytes) -> Iterable[commands.Command]:
        if isinstance(event, bytes):
            self._written += len(event)
            if not event and self._speaks_http1():
                return ()  # with HTTP/1.1 nothing would be the last chunk
            event = ResponseData(self.stream_id, event)
        if type(event) is not _RecordingEndsError:
            return super().handle_event(event)
        self.tap.break_on_purpose(event.message)
        return self._tapped(event, arrives=False)

    def _events(self, answer: Performance) -> Iterable[_Due]:
        """What the service would send, and when; pieces of the body as they are."""
        number, zero, factor = self.stream_id, self._zero, 1 / self._settings.speed
        end = zero + int(answer.end * factor)
        if answer.status is not None:
            response = _response(answer)
            is_all = not (answer.pieces or answer.trailers or answer.broken) and answer.is_over_with_its_head
            start = zero + int(answer.start * factor)
            yield start, ResponseHeaders(number, response, end_stream=is_all)
        if factor:
            yield from [(zero + int(at * factor), data) for at, data in answer.pieces]
        else:
            yield from zip(repeat(zero), [data for _, data in answer.pieces], strict=False)
        if answer.trailers and not self._speaks_http1():  # mitmproxy cannot write them
            yield end, ResponseTrailers(number, http.Headers(answer.trailers))
        if answer.is_whole:
            yield end, ResponseEndOfMessage(number)
        if answer.broken is not None:
            yield end + answer.broken.grace, _break(number, answer.broken)

    # A real service after all

    def _ask_a_service(self) -> _Commands:
        """The recording has no answer: connect to where the request is to go."""
        request, upstream = self.flow.request, self._settings.upstream
        if upstream is not None:
            request.data.scheme = upstream.scheme.encode()
            request.data.host = upstream.hostname or ""
            request.data.port = upstream.port or (443 if upstream.scheme == "https" else 80)
            request.host_header = upstream.netloc
        where = request.host, request.port
        yield self._order(GetHttpConnection(where, request.scheme == "https", None, "tcp"))

    def _connected(self, event: Any) -> _Commands:
        connection, error = event.reply
        if error:
            failed = ResponseProtocolError(self.stream_id, error, ErrorCode.CONNECT_FAILED)
            yield from self._kept_here(super().handle_event(failed))
            return
        self._stage, self.context.server, self.flow.server_conn = None, connection, connection
        for each in self._asked:
            yield SendHttp(each, connection)


class _RecordingEndsError(ResponseProtocolError):
    """The recording goes no further: that is no doing of the recorded service."""


_ANY = http.Response(b"HTTP/1.1", 200, b"", http.Headers(), None, None, 0, None)


def _response(answer: Performance) -> http.Response:
    """The head of an answer. A copy costs a quarter of a new one, whose types mitmproxy checks one by one."""
    response = copy.copy(_ANY)
    data = response.data = copy.copy(_ANY.data)
    data.http_version, data.status_code, data.reason = answer.version, answer.status or 0, answer.reason
    data.headers = http.Headers(answer.headers)
    return response


def _break(number: int, broken: Break) -> ResponseProtocolError:
    if not broken.by_service:
        return _RecordingEndsError(number, broken.reason, ErrorCode.KILL)
    code = ErrorCode.GENERIC_SERVER_ERROR
    if broken.manner is Manner.UNREACHABLE:
        code = ErrorCode.CONNECT_FAILED
    elif broken.reason.endswith("(CANCEL)"):
        code = ErrorCode.CANCEL
    # mitmproxy's page for the client names the client, whoever reset the stream.
    return ResponseProtocolError(number, broken.reason.replace("reset by server", "reset by client"), code)
