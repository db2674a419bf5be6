"""Redaction alone: what it costs the writer's thread, which shares the interpreter with the proxy.

Every event is made of bytes of its own, as on the wire, so that no hash is known beforehand.
"""

import gc
import json
import time
from functools import partial

from benchmarks.measurement import Budget, Effort, Row, Spread, interleaved
from benchmarks.messages import TOKEN, events
from contract.events import Chunk, End, Event, Headers, Message, RequestHead, ResponseHead, Side
from recordings.redaction import Redactor

EXCHANGES, CHUNKS = 4_000, 40_000
_KEY = b"a key that is long enough, 32 by"
_REQUEST, _RESPONSE = Message.REQUEST, Message.RESPONSE
_CLIENT, _SERVER, _BOTH = Side.CLIENT, Side.SERVER, Side.BOTH
_REQUEST_FIELDS: Headers = (
    (b"User-Agent", b"python-requests/2.32.3"),
    (b"Accept-Encoding", b"gzip, deflate"),
    (b"Accept", b"*/*"),
    (b"Connection", b"keep-alive"),
    (b"Authorization", b"Bearer " + TOKEN),
    (b"Cookie", b"accessToken=" + TOKEN + b"; theme=dark"),
    (b"Origin", b"http://localhost:5173"),
    (b"Content-Type", b"application/json"),
)
_ANSWER_FIELDS: Headers = (
    (b"server", b"uvicorn"),
    (b"access-control-allow-origin", b"http://localhost:5173"),
    (b"access-control-allow-credentials", b"true"),
    (b"content-type", b"application/json"),
)
_STREAM_FIELDS: Headers = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache"))


def rows(effort: Effort) -> list[Row]:
    """Processor time of redaction for a small JSON exchange, and for a clean chunk of an event stream."""
    count, chunks = effort.amount(EXCHANGES), effort.amount(CHUNKS)
    found = interleaved(
        {
            "same": partial(_exchanges, count, fresh=False),
            "fresh": partial(_exchanges, count, fresh=True),
            "login": partial(_exchanges, count // 4 or 1, fresh=True, login=True),
            "chunk": partial(_chunks, chunks, known=False),
            "known": partial(_chunks, chunks, known=True),
        },
        effort.rounds,
    )
    exchange, chunk = Budget("figure", 20.0, above=False), Budget("figure", 1.2, above=False)
    return [
        _row("small JSON exchange", found["same"], exchange),
        _row("the same, each answer with an ID of its own", found["fresh"]),
        _row("a log-in, with a new token", found["login"]),
        _row("clean SSE chunk", found["chunk"], chunk),
        _row("the same, with secrets known", found["known"], chunk),
    ]


def _row(what: str, found: list[Spread], budget: Budget | None = None) -> Row:
    return Row("redaction", what, "streamid", "µs", found[0], budget=budget)


def _exchanges(count: int, *, fresh: bool, login: bool = False) -> tuple[float]:
    """µs for each of `count` exchanges."""
    redactor = Redactor(_KEY)
    sequence = [event for number in range(1, count + 1) for event in small(number, fresh=fresh, login=login)]
    spent = _spent(redactor, sequence)
    return (spent / count * 1e6,)


def _chunks(count: int, *, known: bool) -> tuple[float]:
    """µs for each of `count` chunks, each one event."""
    redactor = Redactor(_KEY)
    if known:
        for event in small(1):
            redactor.feed(event)
    head = RequestHead(2, _BOTH, 0, b"POST", "http", "localhost", 3002, b"/stream", b"HTTP/1.1", ())
    redactor.feed(head)
    redactor.feed(End(2, _REQUEST, _BOTH, 0))
    redactor.feed(ResponseHead(2, _BOTH, 0, 200, b"OK", b"HTTP/1.1", _STREAM_FIELDS))
    sequence: list[Event] = [
        Chunk(2, _RESPONSE, _BOTH, at, data, len(data)) for at, data in enumerate(events(count))
    ]
    return (_spent(redactor, sequence) / count * 1e6,)


def _spent(redactor: Redactor, sequence: list[Event]) -> float:
    feed = redactor.feed
    gc.collect()
    gc.disable()  # its work depends on what else is alive
    begun = time.thread_time()
    for event in sequence:
        feed(event)
    redactor.take_redactions()
    spent = time.thread_time() - begun
    gc.enable()
    return spent


def small(number: int, *, fresh: bool = False, login: bool = False) -> list[Event]:
    """A small exchange through a reverse proxy, which rewrites `Host`; `fresh`: its answer has an ID."""
    asked = {"message": f"What is the answer number {number}?", "modelId": "small-1", "tokensUsed": 42}
    answer = {"message": "it is " + "forty-two " * 12, "sessionId": f"session-{number}", "tokensUsed": 17}
    if login:
        asked = {"username": "user1", "password": "User1@123"}
        answer = {"accessToken": TOKEN.decode()[:-8] + f"{number:08}", "user": {"role": "enduser"}}
    sent, given = json.dumps(asked).encode(), json.dumps(answer).encode()
    issued: Headers = ((b"X-Streaming-Session-Id", b"stream-%d-0123abcd" % number),) if fresh else ()
    path = b"/api/chat/sessions/session-%d/messages" % (number % 50)
    to_proxy = ((b"Host", b"localhost:8080"), *_REQUEST_FIELDS)
    to_server = ((b"Host", b"localhost:3002"), *_REQUEST_FIELDS)
    head = (b"POST", "http", "localhost", 3002, path, b"HTTP/1.1")
    return [
        RequestHead(number, _CLIENT, 1, *head, _own(to_proxy)),
        RequestHead(number, _SERVER, 2, *head, _own(to_server)),
        Chunk(number, _REQUEST, _BOTH, 3, sent, len(sent)),
        End(number, _REQUEST, _BOTH, 4),
        ResponseHead(number, _BOTH, 5, 200, b"OK", b"HTTP/1.1", _own((*_ANSWER_FIELDS, *issued))),
        Chunk(number, _RESPONSE, _BOTH, 6, given, len(given)),
        End(number, _RESPONSE, _BOTH, 7),
    ]


def _own(fields: Headers) -> Headers:
    """The same fields, of bytes of their own."""
    return tuple((bytes(bytearray(name)), bytes(bytearray(value))) for name, value in fields)
