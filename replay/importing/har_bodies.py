"""The bodies of a HAR entry: text or base64, without content-coding, with or without sizes and times."""

import base64
import binascii
from collections.abc import Callable, Sequence
from email.message import Message as Fields
from typing import NamedTuple
from urllib.parse import urlencode

from contract.events import Form, Headers
from contract.headers import content_coding, first, media_type
from replay.importing.foreign import ForeignBody, Part
from replay.importing.har_format import Content, PostData
from replay.importing.timed_events import TimedEvent, pieces, written_anew

type Attachment = Callable[[str], bytes]
"""The bytes of the file that an entry names. Raises ValueError where it cannot be had."""

NOT_KEPT = "the HAR does not have this body"
_EVENT_STREAM = "text/event-stream"
_FORM = "application/x-www-form-urlencoded"


def request_body(
    post: PostData | None, size: int, headers: Headers, ended_at: int, attached: Attachment
) -> ForeignBody:
    """The request's body; `size` is `bodySize`, below 0 if not known. Raises ValueError with the field."""
    data = None if post is None else _posted(post, attached)
    expected = max(size, _length(headers) or 0)
    if data:
        return ForeignBody((_whole(data, size, headers, ended_at),), ended_at)
    if expected > 0:
        return ForeignBody((Part(ended_at, b"", expected, Form.LOST),), ended_at)
    return ForeignBody((), ended_at)


def _posted(post: PostData, attached: Attachment) -> bytes | None:
    if post.file is not None:
        return _attachment(post.file, attached, "request.postData._file")
    if post.text is not None:
        return _bytes(post.text, post.encoding, post.mime_type, "request.postData.text")
    if post.params and media_type(((b"content-type", post.mime_type.encode("latin-1", "replace")),)) == _FORM:
        return urlencode([(each.name, each.value) for each in post.params], errors="replace").encode()
    return None


class Passage(NamedTuple):
    """How a response's body passed.

    `size` is `bodySize`, below 0 if not known; `begun` and `ended` are the times (µs since 1970) of the
    head and of the end, which it came to if it `is_complete`.
    """

    headers: Headers
    size: int
    begun: int
    ended: int
    is_complete: bool


def response_body(
    content: Content, passage: Passage, events: Sequence[TimedEvent], attached: Attachment
) -> ForeignBody:
    """The body of a response which may have one. Raises ValueError with the field."""
    parts: Sequence[Part] = ()
    data, missing = _content(content, attached), ""
    is_stream = media_type(passage.headers) == _EVENT_STREAM
    begun, ended = passage.begun, passage.ended
    if data:
        whole = _whole(data, passage.size, passage.headers, ended, is_complete=passage.is_complete)
        parts = pieces(data, whole.size, whole.form, events, begun, ended) if is_stream else (whole,)
    elif is_stream and events:
        anew = written_anew(events)
        parts = pieces(anew, len(anew), Form.DECODED, events, begun, ended)
    else:
        length = _length(passage.headers) or 0
        expected = max(passage.size, int(content.size), length if passage.is_complete else 0)
        if expected > 0:
            parts = (Part(ended, b"", expected, Form.LOST),)
        elif data is None and _length(passage.headers) is None and min(passage.size, content.size) < 0:
            missing = NOT_KEPT
    return ForeignBody(tuple(parts), ended if passage.is_complete else None, why_missing=missing)


def _content(content: Content, attached: Attachment) -> bytes | None:
    if content.file is not None:
        return _attachment(content.file, attached, "response.content._file")
    if content.text is None:
        return None
    return _bytes(content.text, content.encoding, content.mime_type, "response.content.text")


def _whole(data: bytes, size: int, headers: Headers, at: int, *, is_complete: bool = True) -> Part:
    """A body in one part. Where it is not what was on the wire, it says of how many bytes it is."""
    length = _length(headers) if is_complete else None
    if content_coding(headers):
        return Part(at, data, size if size > 0 else length or len(data), Form.DECODED)
    if length is not None and length != len(data):
        return Part(at, data, length, Form.DECODED)  # text that was repaired, or cut, by who wrote it down
    return Part(at, data, len(data))


def _length(headers: Headers) -> int | None:
    value = first(headers, b"content-length")
    return int(value) if value is not None and value.isdigit() and len(value) < 16 else None


def _bytes(text: str, encoding: str, mime_type: str, field: str) -> bytes:
    if encoding.lower() == "base64":
        try:
            return base64.b64decode(text)
        except (binascii.Error, ValueError):
            raise ValueError(f"{field}: is no base64") from None
    try:
        return text.encode(_charset(mime_type))
    except (UnicodeError, LookupError):
        pass
    try:
        # Lone surrogates are how Python's tools write bytes that are not UTF-8.
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _charset(mime_type: str) -> str:
    fields = Fields()
    fields["Content-Type"] = " ".join(mime_type.split())
    return str(fields.get_content_charset("utf-8"))


def _attachment(name: str, attached: Attachment, field: str) -> bytes:
    try:
        return attached(name)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None
