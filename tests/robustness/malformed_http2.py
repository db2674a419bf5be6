"""HTTP/2 as it should not be: frames, fields and windows that break the rules."""
# ruff: noqa: E501 - a case a line

from tests.fidelity.frames import Data, Headers, Outgoing, Raw, Reset
from tests.fidelity.http2_corpus import GOAWAY, STATUS, get, post, told
from tests.fidelity.stage import Do, Route, Script, Step, client, server
from tests.robustness.traffic import Case

BOTH_LENGTHS = ((b"content-length", b"2"), (b"content-length", b"3"))


def h2(name: str, *steps: Step, expect: tuple[str, ...]) -> Case:
    """A case with HTTP/2 on both sides."""
    return Case(Script(name, Route.H2, steps), expect)


def raw(kind: int, flags: int, stream: int, payload: bytes = b"") -> Outgoing:
    """Any frame (RFC 9113 §4.1)."""
    return Raw(len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload)


def fields(*more: tuple[bytes, bytes]) -> Step:
    """An answer's head with these fields."""
    return server(Headers(1, (*STATUS, *more)))


SERVICE = [
    h2("reset in the middle", get(), *told(b"data: 1\n\n", b"da")[:3], server(Reset(1, 2)), expect=("http server-abort 200",)),
    h2("reset before the answer", get(), server(Reset(1, 1)), expect=("http server-abort -",)),
    h2("GOAWAY in the middle", get(), *told(b"data: 1\n\n")[:2], server(Raw(GOAWAY)), expect=("http server-abort 200",)),
    h2("gone in the middle", get(), *told(b"data: 1\n\n")[:2], server(Do.RESET), expect=("http truncated 200",)),
    h2("a field in capitals", get(), fields((b"X-Upper", b"1")), expect=("http server-abort -",)),
    h2("a forbidden field", get(), fields((b"connection", b"close")), expect=("http server-abort -",)),
    h2("chunked", get(), fields((b"transfer-encoding", b"chunked")), expect=("http server-abort -",)),
    h2("a field with a line end", get(), fields((b"x-a", b"1\r\nx-b: 2")), expect=("http server-abort -",)),
    h2("a field with a NUL", get(), fields((b"x-streaming-session-id", b"stream-\0")), expect=("http server-abort -",)),
    h2("two statuses", get(), fields((b":status", b"201")), expect=("http server-abort -",)),
    h2("no status", get(), server(Headers(1, ((b"x", b"1"),))), expect=("http server-abort -",)),
    h2("a status that is none", get(), server(Headers(1, ((b":status", b"abc"),))), expect=("http server-abort -",)),
    h2("two lengths", get(), fields(*BOTH_LENGTHS), expect=("http proxy 200",)),
    h2("more than its length", get(), fields((b"content-length", b"2")), server(Data(1, b"abcdef")), expect=("http server-abort 200",)),
    h2("less than its length", get(), fields((b"content-length", b"9")), server(Data(1, b"abc", end=True)), expect=("http server-abort 200",)),
    h2("data before the head", get(), server(Data(1, b"abc")), expect=("http server-abort -",)),
    h2("data after the end", get(), *told(b"abc"), server(Data(1, b"more"), quiet=True), expect=("http complete 200",)),
    h2("trailers without an end", get(), *told(b"abc")[:2], server(Headers(1, ((b"x", b"1"),))), expect=("http server-abort 200",)),
    h2("a window of 2^31", get(), *told(b"abc")[:2], server(raw(8, 0, 0, b"\x7f\xff\xff\xff")), expect=("http server-abort 200",)),
    h2("a window's increment of 0", get(), *told(b"abc")[:2], server(raw(8, 0, 1, bytes(4))), expect=("http server-abort 200",)),
    h2("a frame over the limit", get(), *told(b"abc")[:2], server(Data(1, b"x" * 2**20)), expect=("http server-abort 200",)),
    h2("SETTINGS of odd length", get(), server(raw(4, 0, 0, b"abc")), expect=("http server-abort -",)),
    h2("a block that cannot be unpacked", get(), server(raw(1, 4, 1, b"\x80")), expect=("http server-abort -",)),
    h2("CONTINUATION of nothing", get(), server(raw(9, 4, 1, b"abc")), expect=("http server-abort -",)),
    h2("an unknown stream", get(), server(Data(99, b"abc")), expect=("http server-abort -",)),
    h2("a push", get(), server(raw(5, 4, 1, b"\0\0\0\2\x88")), expect=("http server-abort -",)),
    h2("HTTP/1.1", get(), server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", quiet=True), server(Do.CLOSE), expect=("http server-abort -",)),
    h2("noise", get(), server(b"\xff" * 40, quiet=True), server(Do.CLOSE), expect=("http server-abort -",)),
    h2("invalid UTF-8 in fields", get(), fields((b"x-a", b"\xff\xc3("), (b"x-streaming-session-id", b"\xff")), server(Data(1, b"ok")),
       server(Data(1, b"", end=True)), expect=("http complete 200",)),
    h2("a head of 60 KB", get(), server(Headers(1, (*STATUS, (b"x", b"a" * 60_000)), parts=5)), *told(b"ok")[1:], expect=("http complete 200",)),
    h2("a head of 300 KB", get(), server(Headers(1, (*STATUS, (b"x", b"a" * 300_000)), parts=20)), expect=("http server-abort -",)),
]  # fmt: skip

CLIENT = [
    h2("fields in capitals", get((b"X-Upper", b"1")), expect=()),
    h2("a forbidden field of the client", get((b"connection", b"close")), expect=()),
    h2("a field with a NUL of the client", get((b"x", b"a\0b")), expect=()),
    h2("no path", client(Headers(1, ((b":method", b"GET"), (b":scheme", b"https")), end=True)), expect=()),
    h2("an even stream", client(Headers(2, ((b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/")), end=True)), expect=()),
    h2("data of no request", client(Data(1, b"abc")), expect=()),
    h2("a window's increment of 0 in a stream", get(), *told(b"abc")[:2], client(raw(8, 0, 0, bytes(4))), expect=("http client-abort 200",)),
    h2("noise of the client", get(), *told(b"abc")[:2], client(b"\xff" * 40, quiet=True), expect=("http client-abort 200",)),
    h2("the client leaves an upload", post(), client(Data(1, b"abc")), client(Do.RESET), expect=("http client-abort -",)),
    h2("a reset of an upload", post(), client(Data(1, b"abc")), client(Reset(1, 1)), expect=("http client-abort -",)),
    h2("an upload over its length", post((b"content-length", b"2")), client(Data(1, b"abcdef")), expect=("http client-abort -",)),
    h2("HTTP/1.1 in HTTP/2", client(b"GET / HTTP/1.1\r\n\r\n", quiet=True), expect=()),
]  # fmt: skip

HTTP2: list[Case] = [*SERVICE, *CLIENT]
