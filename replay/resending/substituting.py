"""A recorded request as it is sent now: other values in their places, the bytes around them untouched."""

import base64
import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import brotli
import zstandard

from contract.events import Headers
from contract.headers import content_coding
from replay.recorded import Piece, Recorded
from replay.resending import json_leaves
from replay.values import Place

SEGMENT = "!$&'()*+,;=:@~"
"""What stands in a path's segment as it is, beside letters and digits (RFC 3986 §3.3)."""


class Replacement(NamedTuple):
    """At `place`, `new` takes the place of `old`, which is all of the value there or a part of it."""

    place: Place
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Sendable:
    """A request to be sent. The pieces of the body have their times of the recording (µs of its run)."""

    method: bytes
    target: bytes
    headers: Headers
    pieces: tuple[Piece, ...]

    @property
    def body(self) -> bytes:
        """All of the body."""
        return b"".join([piece.data for piece in self.pieces])


def substituted(recorded: Recorded, replacements: Sequence[Replacement]) -> Sendable:
    """The request with all replacements made, and its Content-Length right again.

    Where the body is another one it is in one piece; its content-coding is done again. Raises ValueError
    where the body was not kept.
    """
    request = recorded.request
    target, headers = request.target, request.headers
    in_body = []
    for each in replacements:
        match each.place.kind:
            case "path":
                target = _in_path(target, each)
            case "query":
                target = _in_query(target, each)
            case "header":
                headers = _in_header(headers, each)
            case "cookie":
                headers = _in_cookie(headers, each)
            case _:
                in_body.append(each)
    if recorded.request_body.why_not_whole:
        raise ValueError(recorded.request_body.why_not_whole)
    pieces = recorded.request_body.pieces
    if in_body or recorded.request_body.is_decoded:
        pieces = _body(recorded, in_body)
        headers = _with_length(headers, sum(len(piece.data) for piece in pieces))
    return Sendable(request.method, target, headers, pieces)


def without_tokens(sendable: Sendable, secrets: Iterable[tuple[str, str]]) -> Sendable:
    """The same with (token, secret) replaced wherever no place has a name: multipart bodies, plain text."""
    target, headers, pieces = sendable.target, sendable.headers, sendable.pieces
    for token, secret in secrets:
        old = token.encode("latin-1")
        if len(old) < _SHORTEST:
            continue
        target = target.replace(old, quote(secret, safe="").encode())
        headers = tuple([(name, value.replace(old, secret.encode())) for name, value in headers])
        if any(old in piece.data for piece in pieces):
            body = b"".join([piece.data for piece in pieces]).replace(old, secret.encode())
            pieces = (Piece(pieces[-1].at, body),)
            headers = _with_length(headers, len(body))
    return Sendable(sendable.method, target, headers, pieces)


_SHORTEST = 4
"""Bytes of a token from which on it does not stand in a message by chance: it begins with a mark."""


def swapped(text: str, old: str, new: str) -> str:
    """`text` with `new` for `old`, which is all of it or stands in it by itself, percent-encoded or not."""
    if text == old:
        return new
    for was, now in (
        (old, new),
        (quote(old, safe=""), quote(new, safe="")),
        (quote_plus(old), quote_plus(new)),
    ):
        if was and was in text:
            alone = rf"(?<![\w-]){re.escape(was)}(?![\w-])"
            return re.sub(alone, lambda _, now=now: now, text)  # type: ignore[misc]
    return text


def _in_path(target: bytes, each: Replacement) -> bytes:
    path, mark, query = target.partition(b"?")
    segments = path.split(b"/")
    index = int(each.place.name) + 1 if path.startswith(b"/") else int(each.place.name)
    if index < len(segments):
        segment = unquote(segments[index].decode("latin-1"))
        segments[index] = quote(swapped(segment, each.old, each.new), safe=SEGMENT).encode()
    return b"/".join(segments) + mark + query


def _in_query(target: bytes, each: Replacement) -> bytes:
    path, mark, query = target.partition(b"?")
    return path + mark + _in_pairs(query, each)


def _in_pairs(pairs: bytes, each: Replacement) -> bytes:
    """In `name=value` pairs with `&` between (WHATWG URL, application/x-www-form-urlencoded)."""
    return b"&".join([_in_pair(pair, each) for pair in pairs.split(b"&")])


def _in_pair(pair: bytes, each: Replacement) -> bytes:
    name, equals, value = pair.partition(b"=")
    if not equals or unquote_plus(name.decode("latin-1")) != each.place.name:
        return pair
    before = unquote_plus(value.decode("latin-1"))
    after = swapped(before, each.old, each.new)
    return pair if after == before else name + b"=" + quote_plus(after).encode()


def _in_header(headers: Headers, each: Replacement) -> Headers:
    return tuple(
        [
            (name, _field(value, each))
            if name.lower().decode("latin-1") == each.place.name
            else (name, value)
            for name, value in headers
        ]
    )


def _field(value: bytes, each: Replacement) -> bytes:
    before = value.decode("latin-1")
    new = each.new
    if before.lower().startswith("basic ") and ":" in new:
        new = base64.b64encode(new.encode()).decode()  # RFC 7617 §2
    after = swapped(before, each.old, new)
    return value if after == before else after.encode("utf-8" if not after.isascii() else "ascii")


def _in_cookie(headers: Headers, each: Replacement) -> Headers:
    return tuple(
        [(name, _cookies(value, each) if name.lower() == b"cookie" else value) for name, value in headers]
    )


def _cookies(line: bytes, each: Replacement) -> bytes:
    pairs = []
    for pair in line.split(b";"):
        name, equals, value = pair.partition(b"=")
        if equals and name.strip().decode("latin-1") == each.place.name:
            value = swapped(value.decode("latin-1"), each.old, each.new).encode()
        pairs.append(name + equals + value)
    return b";".join(pairs)


def _body(recorded: Recorded, replacements: list[Replacement]) -> tuple[Piece, ...]:
    text = recorded.request_text()
    if text is None:
        raise ValueError("its content-coding cannot be undone")
    was = text
    for each in replacements:
        if each.place.kind == "form":
            text = _in_pairs(text, each)
        elif each.place.kind == "json":
            text = _in_json(text, each)
    if text == was and not recorded.request_body.is_decoded:
        return recorded.request_body.pieces
    coded = encoded(text, content_coding(recorded.request.headers))
    pieces = recorded.request_body.pieces
    return (Piece(pieces[-1].at if pieces else recorded.request.at, coded),)


def _in_json(text: bytes, each: Replacement) -> bytes:
    try:
        found = json_leaves.spans(text)
    except ValueError:
        lines = text.splitlines(keepends=True)  # one JSON text a line, or none
        return b"".join([_in_json(line, each) for line in lines]) if len(lines) > 1 else text
    span = found.get(each.place.name)
    value = json_leaves.value_at(text, span) if span else None
    if span is None or value is None:
        return text
    return json_leaves.with_value(text, span, swapped(value, each.old, each.new))


def encoded(text: bytes, codings: str) -> bytes:
    """`text` in content-codings, in the order in which they are listed (RFC 9110 §8.4)."""
    for coding in filter(None, codings.split(", ")):
        match coding:
            case "gzip" | "x-gzip":
                text = gzip.compress(text, mtime=0)
            case "deflate":
                text = zlib.compress(text)
            case "br":
                text = brotli.compress(text)
            case "zstd":
                text = zstandard.ZstdCompressor().compress(text)
            case _:
                raise ValueError(f"there is no way to encode a body as {coding}")
    return text


def _with_length(headers: Headers, length: int) -> Headers:
    """Content-Length as it has to be, where there is one (RFC 9110 §8.6)."""
    return tuple(
        [
            (name, str(length).encode() if name.lower() == b"content-length" else value)
            for name, value in headers
        ]
    )
