"""Bugs in a stream's body: its framing, its events, and its end."""

import zlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.chat.conduct import Conduct
from lab.connection import connection_of

DIES_AFTER = 5
"""Events that `die-mid-stream` lets out."""


class Gzip(Conduct):
    """The body is compressed, asked for or not; each event is flushed."""

    def stream_headers(self, streaming_id: str) -> list[tuple[str, str]]:
        """The usual fields, and the coding."""
        return [*super().stream_headers(streaming_id), ("content-encoding", "gzip")]

    def body(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same in gzip (RFC 1952)."""
        return _compressed(super().body(frames))


async def _compressed(frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    async for frame in frames:
        yield compressor.compress(frame) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


class BadUtf8(Conduct):
    """The first chunk's text begins with a byte that UTF-8 does not have (RFC 3629 §1)."""

    def body(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same, one byte longer."""
        return _first_altered(super().body(frames), b': "', b': "\xff')


class BadPayload(Conduct):
    """The first chunk has its text under another name."""

    def body(self, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same, `txt` for `text` once."""
        return _first_altered(super().body(frames), b'"text":', b'"txt":')


async def _first_altered(frames: AsyncIterator[bytes], old: bytes, new: bytes) -> AsyncIterator[bytes]:
    altered = False
    async for frame in frames:
        yield frame if altered else frame.replace(old, new, 1)
        altered = True


class EscapedNewlines(Conduct):
    """Events end in a backslash and an `n`, twice, as text that was escaped once too often."""

    def frame(self, event: str, payload: dict[str, Any]) -> bytes:
        """One event without its end."""
        return super().frame(event, payload).removesuffix(b"\n\n") + rb"\n\n"


class NoDone(Conduct):
    """A stream that ran to its end does not say so."""

    def last_frame(self, tokens: int) -> bytes:
        """Nothing."""
        return b""


class CloseDelimited(Conduct):
    """A stream has no framing: it ends where the connection does."""

    def serve(self, app: ASGIApp) -> ASGIApp:
        """The application, its streams without a length."""
        served = super().serve(app)

        async def unframed(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_unframed(message: Message) -> None:
                if _begins_stream(message):
                    connection_of(scope).answer_until_closed()
                await send(message)

            await served(scope, receive, send_unframed)

        return unframed


class DieMidStream(Conduct):
    """The connection is closed after a few events."""

    def serve(self, app: ASGIApp) -> ASGIApp:
        """The application, its streams cut short."""
        served = super().serve(app)

        async def mortal(scope: Scope, receive: Receive, send: Send) -> None:
            left: int | None = None

            async def send_some(message: Message) -> None:
                nonlocal left
                left = DIES_AFTER if _begins_stream(message) else left
                await send(message)
                if left is not None and message.get("body"):
                    left -= 1
                    if left == 0:
                        connection_of(scope).close()

            await served(scope, receive, send_some)

        return mortal


def _begins_stream(message: Message) -> bool:
    """Whether this is the head of an event stream."""
    if message["type"] != "http.response.start":
        return False
    fields = {name.lower(): value for name, value in message["headers"]}
    return bool(fields.get(b"content-type") == b"text/event-stream")
