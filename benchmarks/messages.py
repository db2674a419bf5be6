"""The bytes of the benchmarks' traffic: small JSON exchanges and event streams of the chat system."""

import json
import random
from collections.abc import Iterator

TOKEN = (
    b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + b"eyJzdWIiOiIxMjM0NTY3ODkwIn0" * 3 + b".dozjgNryP4J3jVmNHl0w5N"
)
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
_REQUEST_FIELDS = (
    b"Host: localhost:3002\r\nUser-Agent: python-requests/2.32.3\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Accept: */*\r\nConnection: keep-alive\r\nAuthorization: Bearer " + TOKEN + b"\r\n"
    b"Origin: http://localhost:5173\r\nContent-Type: application/json\r\n"
)
_ANSWER_FIELDS = (
    b"date: Mon, 01 Jan 2024 00:00:00 GMT\r\nserver: uvicorn\r\n"
    b"access-control-allow-origin: http://localhost:5173\r\naccess-control-allow-credentials: true\r\n"
)
_STREAM_FIELDS = (
    b"cache-control: no-cache\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    b"access-control-expose-headers: X-Streaming-Session-Id\r\nvary: Origin\r\n"
)
DONE = b'event: done\ndata: {"message":"Stream complete","tokensUsed":200}\n\n'


def request(path: str, **fields: object) -> bytes:
    """A POST with a JSON body."""
    body = json.dumps(fields).encode()
    return b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (
        path.encode(),
        _REQUEST_FIELDS,
        len(body),
        body,
    )


def small_request(number: int) -> bytes:
    """A message that is answered at once."""
    path = f"/api/chat/sessions/session-{number % 50}/messages"
    return request(path, message=f"What is the answer number {number}?", modelId="small-1")


def small_answers() -> Iterator[bytes]:
    """Answers to small requests, without end."""
    number = 0
    while True:
        number += 1
        body = json.dumps({"message": "it is " + "forty-two " * 10, "tokensUsed": number}).encode()
        head = b"HTTP/1.1 200 OK\r\n%scontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        yield head % (_ANSWER_FIELDS, len(body)) + body


def stream_request(number: int) -> bytes:
    """A request that a stream answers."""
    return request(f"/api/chat/sessions/session-{number}/stream", message="Tell me more", modelId="small-1")


def stream_head(number: int) -> bytes:
    """The head of a streamed answer, with an ID of its own."""
    issued = b"X-Streaming-Session-Id: stream-%d-%08x\r\n" % (
        1_700_000_000_000 + number,
        number * 2654435761 % 2**32,
    )
    return b"HTTP/1.1 200 OK\r\n" + _ANSWER_FIELDS + _STREAM_FIELDS + issued + b"\r\n"


def event(word: str) -> bytes:
    """One event of a stream, as the chat service sends it."""
    return b'event: chunk\ndata: {"text": "%s "}\n\n' % word.encode()


def events(count: int, seed: int = 0) -> list[bytes]:
    """Events with one word each, the same for the same seed."""
    chosen = random.Random(seed)
    return [event(chosen.choice(_WORDS)) for _ in range(count)]


def chunked(data: bytes) -> bytes:
    """One chunk of chunked coding (RFC 9112 §7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
