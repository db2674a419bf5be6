"""A healthy talk with the chat service, struck by one fault, as the checker sees it on both sides.

What the service sends is told by hand: a preflight, a stream, the update, an error. The client sends back
what it could read; the service accepts the newest ID of the session, and nothing else.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contract.checker import Checker
from contract.events import Chunk, Event, Headers, Message, RequestHead, ResponseHead, Side
from contract.events import End as Ended
from contract.findings import Finding, Output, Verdict
from contract.headers import combined
from contract.profile import builtin
from faults.fault import Fault
from faults.parts import Cut, Data, End, Instead, Part, RequestStart, ResponseStart, Start
from faults.pipeline import Pipeline
from faults.scene import Scene
from tests.faults.support import ORIGIN, PREFLIGHT

NAMES = (b"x-streaming-session-id", b"streaming-session-id", b"x-stream-id")
EXPOSE = "X-Streaming-Session-Id"
METHODS, ALLOWED = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", b"Authorization, Content-Type, X-User-ID"
EVENTS = (
    b'event: chunk\ndata: {"text": "Hello"}\n\n',
    b'event: done\ndata: {"message":"Stream complete","tokensUsed":1}\n\n',
)
CHUNKED = (b"Transfer-Encoding", b"chunked")
CORS: Headers = (
    (b"Access-Control-Allow-Origin", ORIGIN),
    (b"Access-Control-Allow-Credentials", b"true"),
    (b"Access-Control-Expose-Headers", EXPOSE.encode()),
    (b"Vary", b"Origin"),
)
ALLOWS: Headers = (
    *CORS[:2],
    (b"Access-Control-Allow-Methods", METHODS),
    (b"Access-Control-Allow-Headers", ALLOWED),
    CORS[3],
)
ASKING: Headers = (
    (b"Host", b"chat.test"),
    (b"Authorization", b"Bearer one"),
    (b"Cookie", b"accessToken=abc"),
    (b"Origin", ORIGIN),
    (b"Content-Type", b"application/json"),
    (b"session_id", b"s1"),
)
type Steps[T] = Generator[None, None, T]
"""Something that other exchanges can go on beside, step by step."""
_AT = {Message.REQUEST: (Side.CLIENT, Side.SERVER), Message.RESPONSE: (Side.SERVER, Side.CLIENT)}


@dataclass
class Talk:
    """Numbers the exchanges of one run; the fault strikes whatever it applies to."""

    fault: Fault | None
    version: str = "HTTP/1.1"
    number: int = 0
    at: int = 0
    events: list[Event] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    newest: dict[bytes, bytes] = field(default_factory=dict)
    updates: set[int] = field(default_factory=set)

    def preflight(self) -> Steps[ResponseStart]:
        return self.exchange(PREFLIGHT, b"", ResponseStart(204, b"No Content", ALLOWS), [])

    def stream(self, id_: bytes, session: bytes = b"s1") -> Steps[bytes | None]:
        """What a client reads for the ID of a stream."""
        self.newest[session] = id_
        fields = (
            (b"Content-Type", b"text/event-stream"),
            (b"Cache-Control", b"no-cache"),
            (EXPOSE.encode(), id_),
            *CORS,
            CHUNKED,
        )
        request = RequestStart(b"POST", b"/api/chat/sessions/%s/stream" % session, ASKING)
        got = yield from self.exchange(
            request, b'{"message":"Hi"}', ResponseStart(200, b"OK", fields), list(EVENTS)
        )
        if got.status != 200:
            return None
        return next((value for name in NAMES if (value := combined(got.headers, name)) is not None), None)

    def update(self, sent: bytes | None, session: bytes = b"s1") -> Steps[ResponseStart]:
        """Send an ID back."""
        value = {} if sent is None else {"streamingSessionId": sent.decode("latin-1")}
        status, answer = 200, b'{"message":"Updated"}'
        if sent != self.newest[session]:
            status, answer = 400, b'{"message":"Streaming session ID mismatch"}'
        request = RequestStart(b"POST", b"/api/chat/sessions/%s/update-stream" % session, ASKING)
        self.updates.add(self.number + 1)
        return self._plain(request, json.dumps(value).encode(), status, answer)

    def missing(self) -> Steps[ResponseStart]:
        """Ask for what is not there, and get an error with the same CORS headers."""
        request = RequestStart(b"GET", b"/api/chat/sessions/s1", ASKING)
        return self._plain(request, b"", 404, b'{"message":"Not found"}')

    def _plain(self, request: RequestStart, body: bytes, status: int, answer: bytes) -> Steps[ResponseStart]:
        fields = ((b"Content-Type", b"application/json"), *CORS, (b"Content-Length", b"%d" % len(answer)))
        return self.exchange(request, body, ResponseStart(status, b"", fields), [answer])

    def exchange(
        self, request: RequestStart, body: bytes, response: ResponseStart, answer: list[bytes]
    ) -> Steps[ResponseStart]:
        """One exchange on both sides; the head that the client gets."""
        self.number += 1
        number, scope = self.number, request.target.split(b"/")[4].decode()
        scene = Scene(
            request, Random(number), lambda _: None, self.memory, self.version, scope, EXPOSE, (EXPOSE,)
        )
        asked: list[Part] = [request, *([Data(body)] if body else []), End()]
        for part in (yield from self._through(number, Message.REQUEST, scene, request, asked)):
            if isinstance(part, Instead):
                self._tell(number, Message.RESPONSE, Side.CLIENT, part.start)
                self._tell(number, Message.RESPONSE, Side.CLIENT, End())
                return part.start
        given: list[Part] = [response, *(Data(each) for each in answer), End()]
        parts = yield from self._through(number, Message.RESPONSE, scene, response, given)
        return next(part for part in parts if isinstance(part, ResponseStart))

    def _through(
        self, number: int, message: Message, scene: Scene, start: Start, parts: list[Part]
    ) -> Steps[list[Part]]:
        """Tell the parts of a message on the side where they came, and on the other what left."""
        entered, left = _AT[message]
        fault = self.fault
        if fault is None or fault.message is not message or not fault.applies(scene, start):
            for part in parts:
                self._tell(number, message, Side.BOTH, part)
            return parts
        pipeline, out = Pipeline([fault.stage(scene)], self.version), list[Part]()
        for part in parts:
            self._tell(number, message, entered, part)
            out += self._told(number, message, left, pipeline.feed(part, self.at))
            yield
        while (due := pipeline.due) is not None:
            self.at = max(self.at, due)
            out += self._told(number, message, left, pipeline.wake(self.at))
            yield
        return out

    def _told(self, number: int, message: Message, side: Side, parts: list[Part]) -> list[Part]:
        for part in parts:
            self._tell(number, message, side, part)
        return parts

    def _tell(self, number: int, message: Message, side: Side, part: Part) -> None:
        self.at += 1000
        where = (number, side, self.at)
        match part:
            case RequestStart(method, target, headers):
                origin = ("http", "chat.test", 80)
                self.events.append(RequestHead(*where, method, *origin, target, b"HTTP/1.1", headers))
            case ResponseStart(status, reason, headers):
                self.events.append(ResponseHead(*where, status, reason, b"HTTP/1.1", headers))
            case Data(data):
                self.events.append(Chunk(number, message, side, self.at, data, len(data)))
            case End():
                self.events.append(Ended(number, message, side, self.at))
            case Cut() | Instead():
                pass
            case _:
                raise AssertionError(part)

    def codes(self) -> tuple[set[str], set[str]]:
        """The rules that do not hold: by the fault itself, and by what the updates send back."""
        checker = Checker(builtin("chat"))
        outputs: list[Output] = [output for event in self.events for output in checker.feed(event)]
        outputs += checker.end()
        failed = [
            each
            for each in outputs
            if isinstance(each, Finding) and each.verdict in (Verdict.FAIL, Verdict.WARN)
        ]
        echo = {
            each.code
            for each in failed
            if each.exchange in self.updates and each.code.startswith(("EC", "SV"))
        }
        return {each.code for each in failed} - echo, echo


def done[T](steps: Steps[T]) -> T:
    """What something gives that nothing goes on beside."""
    return together(steps)[0]


def together[T](*many: Steps[T]) -> list[T]:
    """What each gives, one step of each after the other."""
    given: dict[int, T] = {}
    while len(given) < len(many):
        for place, steps in enumerate(many):
            if place not in given:
                try:
                    next(steps)
                except StopIteration as stop:
                    given[place] = stop.value
    return [given[place] for place in range(len(many))]


def struck(fault: Fault | None, *, at_once: bool = False) -> tuple[set[str], set[str]]:
    """Which rules two healthy streams, their updates and an error break: by the fault, and by the echoes."""
    talk = Talk(fault)
    done(talk.preflight())
    issued = (b"stream-1732312345678-1a2b3c4d", b"stream-1732312349999-5e6f7a8b")
    if at_once:
        sessions = (b"s1", b"s2")
        for sent, session in zip(together(*map(talk.stream, issued, sessions)), sessions, strict=True):
            done(talk.update(sent, session))
    else:
        for real in issued:
            done(talk.update(done(talk.stream(real))))
    done(talk.missing())
    return talk.codes()
