"""HAR 1.2 files, as browsers, Playwright and mitmproxy write them, to exchanges.

A HAR has one view of an exchange, the client's, with times to the millisecond or better, and bodies as
scripts get them. What it does not have is not made up; `docs/import.md` lists what that means.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from pydantic import ValidationError

from contract.events import Headers
from replay.importing.failures import broken_by
from replay.importing.foreign import (
    Failure,
    ForeignAnswer,
    ForeignBody,
    ForeignExchange,
    ForeignRequest,
    Imported,
    SourceError,
    microseconds,
)
from replay.importing.har_bodies import Attachment, Passage, Source, request_body, response_body
from replay.importing.har_format import Content, Entry, NameValue
from replay.importing.timed_events import TimedEvent

_PORTS = {"http": 80, "https": 443}
_VERSIONS = (
    (re.compile(r"^(?:h2c?|http/2(?:\.0)?)$", re.IGNORECASE), b"HTTP/2.0"),
    (re.compile(r"^(?:h3.*|http/3(?:\.0)?|.*quic.*)$", re.IGNORECASE), b"HTTP/3"),
    (re.compile(r"^http/1\.0$", re.IGNORECASE), b"HTTP/1.0"),
)
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_NO_ANSWER = "no answer was noted"


class Dialect(NamedTuple):
    """How a tool's HARs differ from the standard, where that changes what they say."""

    charset: str = "latin-1"
    """What header fields are decoded with; browsers take bytes for characters (Fetch §2.2.2)."""
    bare_charset: str = "utf-8"
    """What text is decoded with whose type names no charset and implies none."""
    begins_connected: bool = False
    """`startedDateTime` is when the request began; the connection was there by then."""
    hides_missing: bool = False
    """A body that was not kept, and one that broke off, are written as an empty one."""


_BROWSERS = Dialect()
_DIALECTS = {"mitmproxy": Dialect("utf-8", "latin-1", begins_connected=True, hides_missing=True)}


class Times(NamedTuple):
    """When what happened, in µs since 1970."""

    asked: int
    sent: int
    answered: int
    ended: int


def read(name: str, text: bytes, attached: Attachment) -> Imported:
    """The exchanges of the HAR `text`, in its order; errors call it `name`. Raises `SourceError`."""
    tool, entries = _log(name, text)
    dialect = _DIALECTS.get(tool.lower(), _BROWSERS)
    imported = Imported(f"HAR of {tool}" if tool else "HAR")
    for number, raw in enumerate(entries, 1):
        where = f"{name}: entry {number}"
        try:
            entry = Entry.model_validate(raw)
        except ValidationError as error:
            raise SourceError(f"{where}: {_explained(error)}") from None
        why = _why_skipped(entry)
        if why:
            imported.skipped[why] += 1
            continue
        try:
            imported.exchanges.append(_exchange(entry, dialect, attached))
        except ValueError as error:
            raise SourceError(f"{where}: {error}") from None
    return imported


def _log(name: str, text: bytes) -> tuple[str, list[object]]:
    """The name of the tool that wrote it (`log.creator.name`), and `log.entries`."""
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SourceError(f"{name}: is no text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"{name}:{error.lineno}: not JSON: {error.msg} (column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name}: not JSON that can be read: {error}") from None
    log = document.get("log") if isinstance(document, dict) else None
    if not isinstance(log, dict):
        raise SourceError(f"{name}: is no HAR: there is no object log")
    entries, creator = log.get("entries"), log.get("creator")
    if not isinstance(entries, list):
        raise SourceError(f"{name}: is no HAR: log.entries is no list")
    if not entries:
        raise SourceError(f"{name}: log.entries is empty: there is nothing to import")
    return str(creator.get("name") or "") if isinstance(creator, dict) else "", entries


def _explained(error: ValidationError) -> str:
    """The first thing that is wrong with an entry: field and reason."""
    problem = error.errors(include_url=False, include_input=False)[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])
    reason = "missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
    return f"{path.removeprefix('.') or 'entry'}: {reason}"


def _why_skipped(entry: Entry) -> str:
    scheme = entry.request.url.partition(":")[0].lower()
    if scheme in ("ws", "wss") or entry.resource.lower() == "websocket" or entry.response.status == 101:
        return "WebSocket conversations"
    if scheme not in _PORTS and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) and ":" in entry.request.url:
        return "URLs that are not HTTP's (data:, blob:, extensions)"
    if entry.request.method == "CONNECT":
        return "tunnels (CONNECT)"
    if entry.cached:
        return "answers from the browser's own cache"
    return ""


def _exchange(entry: Entry, dialect: Dialect, attached: Attachment) -> ForeignExchange:
    times = _times(entry, dialect)
    source = Source(attached, dialect.bare_charset)
    request = _request(entry, times, dialect.charset, source)
    words = _words(entry)
    answer = None
    if entry.response.status > 0:
        answer = _answer(entry, request, times, dialect, source)
    else:
        words = words or _NO_ANSWER
    failure = Failure(times.ended, *broken_by(words), words) if words else None
    return ForeignExchange(request, answer, failure)


def _request(entry: Entry, times: Times, charset: str, source: Source) -> ForeignRequest:
    asked = entry.request
    scheme, host, port, target = _parted(asked.url)
    version = _version(asked.version, asked.headers)
    headers = _fields(asked.headers, version, charset)
    if asked.cookies and all(name.lower() != b"cookie" for name, _ in headers):
        pairs = "; ".join(f"{each.name}={each.value}" for each in asked.cookies)
        headers = (*headers, (b"cookie", _encoded(pairs, charset)))
    return ForeignRequest(
        at=times.asked,
        method=asked.method.encode("ascii", "replace"),
        scheme=scheme,
        host=host,
        port=port,
        target=target,
        version=version,
        headers=headers,
        body=request_body(asked.post, int(asked.body_size), headers, times.sent, source),
        server=f"{entry.server}:{port}" if entry.server else "",
    )


def _answer(
    entry: Entry, request: ForeignRequest, times: Times, dialect: Dialect, source: Source
) -> ForeignAnswer:
    response, charset = entry.response, dialect.charset
    version = _version(response.version, response.headers)
    headers = _fields(response.headers, version, charset)
    is_complete = not _words(entry)
    body = ForeignBody((), times.ended if is_complete else None)
    if _may_have_body(request.method, response.status):
        events = [TimedEvent(int(each.time * 1e6), each.name, each.id, each.data) for each in entry.events]
        content, size = response.content, int(response.body_size)
        if dialect.hides_missing and not content.text:
            content, size = Content.model_validate({}), -1
        passage = Passage(headers, size, times.answered, times.ended, is_complete)
        body = response_body(content, passage, events, source)
    reason = _encoded(response.reason, charset)
    return ForeignAnswer(times.answered, response.status, reason, version, headers, body)


def _words(entry: Entry) -> str:
    """What the tool says of a failure; empty where there was none."""
    return entry.response.error or entry.error or entry.response.failure


def _may_have_body(method: bytes, status: int) -> bool:
    """RFC 9110 §6.4.1."""
    return method != b"HEAD" and status >= 200 and status not in (204, 304)


def _times(entry: Entry, dialect: Dialect) -> Times:
    """When the head left, the request was complete, the answer's head and its end were there.

    The entry begins before there is a connection.
    """
    timings, started = entry.timings, microseconds(entry.started)
    before = () if dialect.begins_connected else (timings.blocked, timings.dns, timings.connect)
    asked = sum(max(each, 0) for each in before)
    sent = asked + max(timings.send, 0)
    # Without timings only the whole is known: an answer counts when it was complete.
    answered = (
        max(sent, entry.time) if timings.wait < 0 and timings.receive < 0 else sent + max(timings.wait, 0)
    )
    ended = answered + max(timings.receive, 0)
    if entry.events:
        ended = max(ended, entry.events[-1].time * 1e3 - started / 1e3)
    return Times(*(started + round(each * 1000) for each in (asked, sent, answered, ended)))


def _parted(url: str) -> tuple[str, str, int, bytes]:
    """Scheme, host, port and target of a URL. Raises ValueError."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in _PORTS or not host:
        raise ValueError(f"request.url: {_short(url)} is no URL of HTTP")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return scheme, _printable(host), port or _PORTS[scheme], _printable(target).encode()


def _printable(text: str) -> str:
    """What a URL may not have, percent-encoded."""
    return quote(text, safe=_PRINTABLE, errors="replace")


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def _version(said: str, headers: list[NameValue]) -> bytes:
    """As mitmproxy writes it. Where nothing is said, pseudo-header fields are HTTP/2's (RFC 9113 §8.3)."""
    for known, version in _VERSIONS:
        if known.match(said):
            return version
    if not said.lower().startswith("http/1") and any(each.name.startswith(":") for each in headers):
        return b"HTTP/2.0"
    return b"HTTP/1.1"


def _fields(headers: list[NameValue], version: bytes, charset: str) -> Headers:
    """Field lines; of pseudo-header fields only `:authority`, first, as the Host that it stands for."""
    fields = [line for each in headers if not each.name.startswith(":") for line in _lines(each, charset)]
    authority = [each.value for each in headers if each.name.lower() == ":authority"]
    if authority and version != b"HTTP/1.1":
        fields.insert(0, (b":authority", _encoded(authority[0], charset)))
    return tuple(fields)


def _lines(header: NameValue, charset: str) -> Iterator[tuple[bytes, bytes]]:
    """Browsers write several lines of one name as one value with line feeds."""
    name = _encoded(header.name, charset)
    for value in header.value.split("\n"):
        yield name, _encoded(value, charset).strip(b" \t\r")


def _encoded(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
