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


class Source(NamedTuple):
    """Where a body's bytes come from: files that entries name, and text.

    `bare_charset` is what text was decoded with whose type names no charset and implies none.
    """

    attached: Attachment
    bare_charset: str


NOT_KEPT = "the HAR does not have this body"
_EVENT_STREAM = "text/event-stream"
# Encoding §9.1: the five bytes that windows-1252 has no character for are the controls of their number.
_BYTES = {bytes((each,)).decode("cp1252", "ignore") or chr(each): each for each in range(256)}
_UTF_8 = ("json", "html", "xml", "css")
_FORM = "application/x-www-form-urlencoded"


def request_body(
    post: PostData | None, size: int, headers: Headers, ended_at: int, source: Source
) -> ForeignBody:
    """The request's body; `size` is `bodySize`, below 0 if not known. Raises ValueError with the field."""
    data = None if post is None else _posted(post, source)
    expected = max(size, _length(headers) or 0)
    if data:
        return ForeignBody((_whole(data, size, headers, ended_at),), ended_at)
    if expected > 0:
        return ForeignBody((Part(ended_at, b"", expected, Form.LOST),), ended_at)
    return ForeignBody((), ended_at)


def _posted(post: PostData, source: Source) -> bytes | None:
    if post.file is not None:
        return _attachment(post.file, source.attached, "request.postData._file")
    if post.text is not None:
        charset = _charset(post.mime_type, source.bare_charset)
        return _bytes(post.text, post.encoding, charset, "request.postData.text")
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
    content: Content, passage: Passage, events: Sequence[TimedEvent], source: Source
) -> ForeignBody:
    """The body of a response which may have one. Raises ValueError with the field."""
    parts: Sequence[Part] = ()
    data, missing = _content(content, source), ""
    is_stream = media_type(passage.headers) == _EVENT_STREAM
    begun, ended = passage.begun, passage.ended
    if data:
        whole = _whole(data, passage.size, passage.headers, ended, is_complete=passage.is_complete)
        parts = pieces(data, whole.size, whole.form, events, begun, ended) if is_stream else (whole,)
    elif is_stream and events:
        anew = written_anew(events)
        parts = pieces(anew, len(anew), Form.DECODED, events, begun, ended)
    else:
        length = _length(passage.headers) if passage.is_complete else None
        expected = length or max(passage.size, int(content.size))
        if expected > 0:
            parts = (Part(ended, b"", expected, Form.LOST),)
        elif data is None and _length(passage.headers) is None and min(passage.size, content.size) < 0:
            missing = NOT_KEPT
    return ForeignBody(tuple(parts), ended if passage.is_complete else None, why_missing=missing)


def _content(content: Content, source: Source) -> bytes | None:
    data = _kept(content, source)
    if data is None or data.isascii() or _charset(content.mime_type, "") or content.encoding:
        return data
    return _undone(data) or data


def _undone(data: bytes) -> bytes | None:
    """The bytes of text that is UTF-8 but was taken for windows-1252, which browsers do without a charset.

    They do so for what scripts read as UTF-8, event streams above all. No text that people write looks so.
    """
    try:
        single = bytes([_BYTES[each] for each in data.decode()])
        single.decode()
    except (KeyError, UnicodeDecodeError):
        return None
    return single


def _kept(content: Content, source: Source) -> bytes | None:
    if content.file is not None:
        return _attachment(content.file, source.attached, "response.content._file")
    if content.text is None:
        return None
    charset = _charset(content.mime_type, source.bare_charset)
    return _bytes(content.text, content.encoding, charset, "response.content.text")


def _whole(data: bytes, size: int, headers: Headers, at: int, *, is_complete: bool = True) -> Part:
    """A body in one part. Where it is not what was on the wire, it says of how many bytes it is."""
    length = _length(headers) if is_complete else None
    if content_coding(headers):
        return Part(at, data, length or (size if size > 0 else len(data)), Form.DECODED)
    if length is not None and length != len(data):
        return Part(at, data, length, Form.DECODED)  # text that was repaired, or cut, by who wrote it down
    return Part(at, data, len(data))


def _length(headers: Headers) -> int | None:
    value = first(headers, b"content-length")
    return int(value) if value is not None and value.isdigit() and len(value) < 16 else None


def _bytes(text: str, encoding: str, charset: str, field: str) -> bytes:
    if encoding.lower() == "base64":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"{field}: is no base64") from None
    try:
        return text.encode(charset)
    except (UnicodeError, LookupError):
        pass
    try:
        # Lone surrogates are how Python's tools write bytes that are not UTF-8.
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _charset(mime_type: str, bare: str) -> str:
    """What text of this type was decoded with."""
    fields = Fields()
    fields["Content-Type"] = " ".join(mime_type.split())
    implied = "utf-8" if any(name in mime_type for name in _UTF_8) else bare
    return str(fields.get_content_charset(implied))


def _attachment(name: str, attached: Attachment, field: str) -> bytes:
    try:
        return attached(name)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None
