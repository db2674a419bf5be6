"""The values in a message that could identify something, each with its place.

Not looked at: header fields that HTTP itself fills in, bodies over 1 MiB, bodies that are neither JSON nor
a stream of events nor a form, and values of more than 8,192 characters. Nothing raises: what is broken
has no values.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from contract.bodies import MISSING, parsed
from contract.events import Headers
from contract.headers import content_coding, media_type
from contract.sse import SseEvent, SseParser
from recordings.decoding import decoder_for
from replay.recorded import Recorded, RecordedBody, plain
from replay.shapes import LONGEST

LONGEST_BODY = 1 << 20
"""Bytes of a body, without its content-coding, that are looked at."""


class Place(NamedTuple):
    """Where a value stands in a message.

    `kind` is one of `header`, `cookie`, `path`, `query`, `form`, `json`, `sse` and `sse-id`. `name` is
    that of the field (of a header in lower case), cookie, parameter or form field; of `path` the index
    of the segment, from 0; of `json` the dotted path (`user.id`, `models.0.id`; empty for the whole
    body); of `sse` `<event>:<JSON path>`; of `sse-id` the event's name.
    """

    kind: str
    name: str


class Found(NamedTuple):
    """A value, decoded, and when the bytes that complete it passed (µs since the start of the run)."""

    place: Place
    value: str
    at: int


class Named(NamedTuple):
    """A value and what it is called.

    `hint` is the dotted path of its names (`user.id`), with a dot before it in JSON in a string; of the
    segment of a path, it is what stands before it (`carts/`).
    """

    place: Place
    value: str
    at: int
    hint: str


def is_in_list(place: Place, hint: str) -> bool:
    """Whether a value stood in a list; the list that JSON in a string stands in is none of its own."""
    names = hint if hint.startswith(".") else place.name.replace(":", ".")
    return any(step.isdigit() for step in names.split("."))


RPC_CALL, RPC_ANSWER = "rpc:call", "rpc:answer"
"""The hints of a JSON-RPC 2.0 `id`: in a request it is its sender's own, in a response the other's."""

_FILLED_IN = frozenset(
    b"""accept accept-charset accept-encoding accept-language accept-ranges age allow alt-svc cache-control
    connection date expect expires host keep-alive last-modified max-forwards nel origin pragma
    priority proxy-connection range report-to retry-after server strict-transport-security te trailer
    transfer-encoding upgrade upgrade-insecure-requests user-agent vary via x-powered-by""".split()
)
_FILLED_IN_FAMILIES = (b"content-", b"access-control-", b"sec-", b"x-content-", b"x-frame-", b"x-forwarded-")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31} +(?=\S+$)")
_WITH_SCHEME = re.compile(rb"authorization$|^x-(?:.*-)?(?:auth|token)$")
_LINK = re.compile(r"<([^<>\s]+)>")
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]+)?(?=[/?])(/[^?#\s]*)?(?:\?([^#\s]*))?(?:#\S*)?")
_SOMETHING = re.compile(r"[0-9~]|[A-Za-z_-]{12}|(?i:token|cursor|csrf|session|nonce|\"id\")")
_JSON_START = ("{", "[")
_DEEPEST = 64


def in_request(recorded: Recorded) -> list[Found]:
    """The values of a request: target, header, body.

    Whole leaves; of `Authorization` and the like also what follows the scheme; and where a value is a
    URL, a path or JSON in a string, also the values in it, at the place of the whole.
    """
    return [Found(*each[:3]) for each in named_in_request(recorded)]


def in_answer(recorded: Recorded) -> list[Found]:
    """The values of the final answer, as `in_request`; nothing where there is none."""
    return [Found(*each[:3]) for each in named_in_answer(recorded)]


def named_in_request(recorded: Recorded) -> Iterator[Named]:
    """As `in_request`, with what each value is called."""
    head = recorded.request
    yield from _in_target(head.target, head.at)
    yield from _in_headers(head.headers, head.at)
    yield from _in_body(recorded.request_body, head.headers, head.at)


def named_in_answer(recorded: Recorded) -> Iterator[Named]:
    """As `in_answer`, with what each value is called."""
    head = recorded.response
    if head is None:
        return
    yield from _in_headers(head.headers, head.at)
    if media_type(head.headers) == "text/event-stream":
        yield from _in_stream(recorded.response_body, head.headers)
    else:
        yield from _in_body(recorded.response_body, head.headers, head.at)


@lru_cache(maxsize=4096)
def _place(kind: str, name: str) -> Place:
    return Place(kind, name)


def segments(path: str) -> list[str]:
    """The decoded segments of a path, without the empty one before its first slash."""
    return [unquote(each) if "%" in each else each for each in path.removeprefix("/").split("/")]


def _in_target(target: bytes, at: int) -> Iterator[Named]:
    path, _, query = target.decode("latin-1").partition("?")
    before = ""
    for index, segment in enumerate(segments(path)):
        if segment:
            yield Named(_place("path", str(index)), segment, at, before + "/")
        before = segment
    for name, value in _pairs(query):
        yield Named(_place("query", name), value, at, name)
        yield from _within(value, _place("query", name), at)


def _pairs(text: str) -> list[tuple[str, str]]:
    if not text:
        return []
    try:
        return parse_qsl(text, keep_blank_values=False, max_num_fields=1000)
    except ValueError:
        return []


def _in_headers(headers: Headers, at: int) -> Iterator[Named]:
    for name, value in headers:
        for place, text, hint in _in_line(name.lower(), value):
            yield Named(place, text, at, hint)


@lru_cache(maxsize=4096)
def _in_line(name: bytes, value: bytes) -> tuple[tuple[Place, str, str], ...]:
    """The values of one field line; lines come again and again."""
    text = value.decode("latin-1").strip()
    if name == b"cookie":
        return tuple(_cookies(text.split(";")))
    if name == b"set-cookie":
        return tuple(_cookies([text.partition(";")[0]]))
    if name in _FILLED_IN or not text or len(text) > LONGEST:
        return ()
    if name != b"content-location" and name.startswith(_FILLED_IN_FAMILIES):
        return ()
    place = _place("header", name.decode("latin-1"))
    found = [(place, text, place.name)]
    if _WITH_SCHEME.search(name):
        scheme = _SCHEME.match(text)
        if scheme:
            found.append((place, text[scheme.end() :], place.name))
    elif name in (b"if-match", b"if-none-match"):
        found += [(place, tag.strip(), place.name) for tag in text.split(",") if "," in text]
    for url in _LINK.findall(text) if name == b"link" else [text]:
        found += [(place, each.value, each.hint) for each in _within(url, place, 0)]
    return tuple(found)


def _cookies(pairs: list[str]) -> Iterator[tuple[Place, str, str]]:
    for pair in pairs:
        name, equals, value = pair.strip().partition("=")
        value = value.strip().removeprefix('"').removesuffix('"')
        if equals and value:
            yield _place("cookie", name.strip()), value, name.strip()


def _in_body(body: RecordedBody, headers: Headers, head_at: int) -> Iterator[Named]:
    if not body.pieces or sum(len(piece.data) for piece in body.pieces) > LONGEST_BODY:
        return
    kind = media_type(headers)
    content = plain(body, headers)
    if not content or len(content) > LONGEST_BODY:
        return
    at = body.pieces[-1].at
    if kind == "application/x-www-form-urlencoded":
        for name, value in _pairs(content.decode("utf-8", "replace")):
            yield Named(_place("form", name), value, at, name)
            yield from _within(value, _place("form", name), at)
        return
    if not _may_be_json(content, kind):
        return
    value = parsed(content)
    if value is not MISSING:
        yield from _leaves(value, "json", "", at)
        return
    for line in content.splitlines() if b"\n" in content else ():
        value = parsed(line)
        if isinstance(value, dict):
            yield from _leaves(value, "json", "", at)


def _may_be_json(content: bytes, kind: str) -> bool:
    return "json" in kind or content.lstrip()[:1] in (b"{", b"[")


def _in_stream(body: RecordedBody, headers: Headers) -> Iterator[Named]:
    """The values of a stream of events, with the time of the piece that completed each event."""
    last_id = ""
    for event in _events(body, headers):
        if event.id != last_id:
            last_id = event.id
            if last_id and len(last_id) <= LONGEST:
                yield Named(_place("sse-id", event.event), last_id, event.at, "last-event-id")
        data = event.data
        if not _SOMETHING.search(data) or len(data) > LONGEST_BODY:
            continue  # a bit of text: most events are
        prefix = event.event + ":"
        value = _json_in(data)
        if value is not MISSING:
            yield from _leaves(value, "sse", prefix, event.at)
        elif len(data) <= LONGEST:
            place = _place("sse", prefix)
            yield Named(place, data, event.at, event.event)
            yield from _within(data, place, event.at)


def _events(body: RecordedBody, headers: Headers) -> Iterator[SseEvent]:
    if body.why_not_whole:
        return
    coding = "" if body.is_decoded else content_coding(headers)
    decoder = decoder_for(coding) if coding else None
    if coding and decoder is None:
        return
    parser = SseParser()
    size = 0
    for piece in body.pieces:
        try:
            data = decoder.feed(piece.data) if decoder else piece.data
        except ValueError:
            return
        size += len(data)
        if size > LONGEST_BODY:
            return
        yield from parser.feed(data, piece.at)


def _leaves(value: Any, kind: str, prefix: str, at: int, path: str = "", depth: int = 0) -> Iterator[Named]:
    """Strings and integers in a JSON value; `prefix` stands before the path in a place's name."""
    if isinstance(value, dict):
        items: Any = value.items()
        is_rpc = value.get("jsonrpc") == "2.0"
    elif isinstance(value, list):
        items, is_rpc = enumerate(value), False
    else:
        if type(value) is int:
            yield Named(_place(kind, prefix), str(value), at, "")
        elif isinstance(value, str):
            yield from _text(value, _place(kind, prefix), at, "")
        return
    if depth > _DEEPEST:
        return
    for key, member in items:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(member, str):
            if member and len(member) <= LONGEST:
                hint = _rpc(value) if is_rpc and key == "id" else here
                yield from _text(member, _place(kind, prefix + here), at, hint)
        elif type(member) is int:
            hint = _rpc(value) if is_rpc and key == "id" else here
            yield Named(_place(kind, prefix + here), str(member), at, hint)
        elif isinstance(member, dict | list):
            yield from _leaves(member, kind, prefix, at, here, depth + 1)


def _rpc(message: dict[str, Any]) -> str:
    return RPC_CALL if "method" in message else RPC_ANSWER


def _text(text: str, place: Place, at: int, hint: str) -> Iterator[Named]:
    yield Named(place, text, at, hint)
    yield from _within(text, place, at)


def _within(text: str, place: Place, at: int) -> Iterator[Named]:
    """The values in a value that is a URL, a path, or JSON."""
    if text.startswith(_JSON_START):
        value = _json_in(text)
        if value is not MISSING:
            for each in _leaves(value, "json", "", at, depth=_DEEPEST - 8):
                yield Named(place, each.value, at, f".{each.hint}")
        return
    if "/" not in text and not text.startswith("?"):
        return
    url = _URL.fullmatch(text)
    if url is None:
        return
    before = ""
    for segment in segments(url[1] or ""):
        if segment:
            yield Named(place, segment, at, before + "/")
        before = segment
    for name, value in _pairs(url[2] or ""):
        yield Named(place, value, at, name)


def _json_in(text: str) -> Any:
    if not text.lstrip().startswith(_JSON_START):
        return MISSING
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return MISSING
