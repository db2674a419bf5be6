"""The same traffic without a proxy: exchanges as the taps see them, and as mitmproxy's flows."""

import random
from functools import cache

from mitmproxy import connection, http
from mitmproxy.test import tflow

from benchmarks.messages import TOKEN, event
from contract.events import Chunk, End, Event, Headers, Kind, Message, RequestHead, ResponseHead, Side

CHUNKS = 200
"""Events of a stream, each a chunk."""
_WORDS = (
    "the",
    "stream",
    "answer",
    "of",
    "a",
    "model",
    "comes",
    "token",
    "by",
    "and",
    "is",
    "never",
    "twice",
)
_REQUEST_FIELDS: Headers = (
    (b"User-Agent", b"python-requests/2.32.3"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"Accept", b"*/*"),
    (b"Connection", b"keep-alive"),
    (b"Content-Type", b"application/json"),
    (b"Origin", b"http://localhost:5173"),
)
_ANSWER_FIELDS: Headers = (
    (b"server", b"uvicorn"),
    (b"access-control-allow-origin", b"http://localhost:5173"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"X-Streaming-Session-Id"),
    (b"vary", b"Origin"),
)
_JSON = (b"content-type", b"application/json")
_CHUNKED = (b"transfer-encoding", b"chunked")
_DONE = b'event: done\ndata: {"message": "Stream complete", "tokensUsed": 199}\n\n'


def small(number: int) -> list[Event]:
    """A small JSON exchange that no rule has anything to say about."""
    asked = b'{"message":"%s","number":%d}' % (b"word " * 8, number)
    answer = b'{"message":"ok","sessionId":"%d","tokensUsed":%d}' % (number, number % 97)
    path = b"/api/chat/sessions/session-%d/messages" % (number % 50)
    fields = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer)))
    at = number * 2000
    return [
        *_asked(number, at, path, asked),
        *_heads(number, at + 900, fields),
        Chunk(number, Message.RESPONSE, Side.BOTH, at + 1000, answer, len(answer)),
        End(number, Message.RESPONSE, Side.BOTH, at + 1001),
    ]


def stream(number: int) -> list[Event]:
    """A stream of `CHUNKS` events, each a chunk, at a jittering pace, `done` the last; it issues its ID."""
    chance = random.Random(number)
    at = number * 2000
    issued = b"stream-%d-%08x" % (1_700_000_000_000 + number, number * 2654435761 % 2**32)
    fields = (
        (b"content-type", b"text/event-stream"),
        (b"X-Streaming-Session-Id", issued),
        (b"transfer-encoding", b"chunked"),
    )
    path = b"/api/chat/sessions/session-%d/stream" % number
    events = [*_asked(number, at, path, b'{"message":"Tell me more"}'), *_heads(number, at + 900, fields)]
    for number_of_event in range(CHUNKS):
        at += 20_000 + chance.randrange(2_000)
        data = _DONE if number_of_event == CHUNKS - 1 else event(chance.choice(_WORDS))
        events.append(Chunk(number, Message.RESPONSE, Side.BOTH, at, data, len(data)))
    return [*events, End(number, Message.RESPONSE, Side.BOTH, at + 1)]


def saved_answer(number: int) -> list[Event]:
    """By turns a session that begins, a short stream in it, and the update that sends the ID back."""
    turn, part = divmod(number - 1, 3)
    session, at = b"session-%d" % turn, number * 2000
    issued = b"stream-%d-%08x" % (1_700_000_000_000 + turn, turn * 2654435761 % 2**32)
    if part == 0:
        answer = b'{"sessionId":"%s"}' % session
        return _exchange(
            number, at, b"/api/chat/sessions", b'{"title":"x"}', 201, (_JSON, _length(answer)), answer
        )
    path = b"/api/chat/sessions/" + session
    if part == 1:
        fields = ((b"content-type", b"text/event-stream"), (b"X-Streaming-Session-Id", issued), _CHUNKED)
        body = event(_WORDS[0]) + _DONE
        return _exchange(number, at, path + b"/stream", b'{"message":"Tell me"}', 200, fields, body)
    asked = b'{"completeResponse":"the ","tokensUsed":1,"streamingSessionId":"%s"}' % issued
    answer = b'{"message":"Chat session updated","sessionId":"%s","tokensUsed":1}' % session
    return _exchange(number, at, path + b"/update-stream", asked, 200, (_JSON, _length(answer)), answer)


def lost_answer(number: int) -> list[Event]:
    """The same, but that each update is refused: the service never has the ID."""
    events = saved_answer(number)
    if number % 3:
        return events
    refusal = b'{"message":"Streaming session ID mismatch","details":{"expected":null}}'
    fields = (_JSON, _length(refusal))
    at = number * 2000
    before = [each for each in events if not _is_of_answer(each)]
    return [
        *before,
        *_heads(number, at + 900, fields, 400),
        Chunk(number, Message.RESPONSE, Side.BOTH, at + 1000, refusal, len(refusal)),
        End(number, Message.RESPONSE, Side.BOTH, at + 1001),
    ]


def _is_of_answer(event: Event) -> bool:
    return isinstance(event, ResponseHead) or getattr(event, "message", None) is Message.RESPONSE


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


def _exchange(
    number: int, at: int, path: bytes, asked: bytes, status: int, fields: Headers, answer: bytes
) -> list[Event]:
    return [
        *_asked(number, at, path, asked, caller=0),
        *_heads(number, at + 900, fields, status),
        Chunk(number, Message.RESPONSE, Side.BOTH, at + 1000, answer, len(answer)),
        End(number, Message.RESPONSE, Side.BOTH, at + 1001),
    ]


def body_of_stream() -> int:
    """Bytes of one stream's body."""
    return sum(len(each.data) for each in stream(1) if isinstance(each, Chunk))


def as_flow(events: list[Event]) -> http.HTTPFlow:
    """One exchange as mitmproxy keeps it: heads and whole bodies, as the client saw them."""
    request = next(each for each in events if isinstance(each, RequestHead))
    response = next(each for each in events if isinstance(each, ResponseHead))
    at = request.at / 1e6
    return tflow.tflow(
        req=http.Request(
            *(request.host, request.port, request.method, request.scheme.encode(), b"", request.target),
            *(request.version, http.Headers(request.headers), _body(events, Message.REQUEST), None, at, at),
        ),
        resp=http.Response(
            *(response.version, response.status, response.reason, http.Headers(response.headers)),
            *(_body(events, Message.RESPONSE), None, at, at + 1),
        ),
        client_conn=_connections()[0],
        server_conn=_connections()[1],
    )


@cache
def _connections() -> tuple[connection.Client, connection.Server]:
    return tflow.tclient_conn(), tflow.tserver_conn()


def _body(events: list[Event], message: Message) -> bytes:
    return b"".join(each.data for each in events if isinstance(each, Chunk) and each.message is message)


def _asked(number: int, at: int, path: bytes, body: bytes, caller: int | None = None) -> list[Event]:
    """A request with both sides' heads: in reverse mode the Host field differs, and one knows the service.

    Who asks changes with every hundred exchanges, unless `caller` says who it is.
    """
    token = TOKEN + b"%03d" % ((number // 100 if caller is None else caller) % 1000)
    fields = (
        *_REQUEST_FIELDS,
        (b"Authorization", b"Bearer " + token),
        (b"Content-Length", b"%d" % len(body)),
    )
    client = f"127.0.0.1:{40_000 + number % 16}"
    heads: list[Event] = [
        RequestHead(
            *(number, side, at + side, b"POST", "http", "localhost", 3002, path, b"HTTP/1.1"),
            *(((b"Host", host), *fields), Kind.HTTP, client, server),
        )
        for side, host, server in (
            (Side.CLIENT, b"localhost:8080", ""),
            (Side.SERVER, b"localhost:3002", "127.0.0.1:3002"),
        )
    ]
    return [
        *heads,
        Chunk(number, Message.REQUEST, Side.BOTH, at + 10, body, len(body)),
        End(number, Message.REQUEST, Side.BOTH, at + 11),
    ]


def _heads(number: int, at: int, fields: Headers, status: int = 200) -> list[Event]:
    date = (b"date", b"Mon, 01 Jan 2024 00:%02d:%02d GMT" % (number // 60 % 60, number % 60))
    head = (*(status, b"OK", b"HTTP/1.1"), (date, *_ANSWER_FIELDS, *fields))
    return [ResponseHead(number, Side.BOTH, at, *head)]
