"""Reading bodies from their chunks: decoded, bounded, and honest about what could not be read."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from contract.events import Chunk, Form
from contract.profile_sections import JsonIs

LIMIT = 1 << 20
"""Bytes of a decoded body that are looked at."""

BROKEN_OFF = "the body broke off"
LOST = "bytes of the body were not kept"
TOO_LONG = f"the body is longer than {LIMIT} bytes"


class Decoder(Protocol):
    """Undoes one content-coding, piece by piece. Both methods raise `ValueError` for broken bytes."""

    def feed(self, data: bytes, /) -> bytes:
        """What can be decoded so far."""
        ...

    def end(self) -> bytes:
        """The rest, when the body is complete."""
        ...


type Decoders = Mapping[str, Callable[[], Decoder]]


class Plain:
    """The decoded bytes of one body on one side, piece by piece, up to `LIMIT` in all.

    `why` says why the rest cannot be read, once that is so; it is empty as long as all is well.
    """

    __slots__ = ("_coding", "_decoder", "_size", "why")

    def __init__(self, coding: str, decoders: Decoders) -> None:
        make = decoders.get(coding) if coding else None
        self._coding = coding
        self._decoder = make() if make else None
        self._size = 0
        self.why = ""

    def feed(self, chunk: Chunk) -> bytes:
        """What the chunk adds to the decoded body."""
        if self.why or not chunk.size:
            return b""
        if chunk.form is Form.LOST:
            self.why = LOST
            return b""
        if chunk.form is Form.DECODED:
            self._decoder = None  # from here on the coding has been undone for us
            return self._counted(chunk.data)
        if self._coding and self._decoder is None:
            self.why = f"the content-coding {self._coding[:40]!r} cannot be undone"
            return b""
        return self._decoded(chunk.data)

    def end(self) -> bytes:
        """What was still in the decoder when the body was complete."""
        if self._decoder is None or self.why:
            return b""
        return self._decoded(None)

    def stop(self, why: str) -> None:
        """Nothing more comes, or what comes is of no use; the first reason stands."""
        self.why = self.why or why

    def _decoded(self, data: bytes | None) -> bytes:
        """A piece of the body, or None for its end, through the decoder if there is one."""
        if self._decoder is None:
            return self._counted(data or b"")
        try:
            return self._counted(self._decoder.end() if data is None else self._decoder.feed(data))
        except ValueError:
            self.why = f"the body is not in its content-coding {self._coding[:40]!r}"
            return b""

    def _counted(self, data: bytes) -> bytes:
        if self.why:
            return b""
        self._size += len(data)
        if self._size > LIMIT:
            self.why, self._decoder = TOO_LONG, None
            return b""
        return data


class Body:
    """A whole body, kept up to `LIMIT` decoded bytes; `why` says why it is not there."""

    __slots__ = ("_pieces", "_plain")

    def __init__(self, coding: str, decoders: Decoders) -> None:
        self._plain = Plain(coding, decoders)
        self._pieces: list[bytes] = []

    @property
    def why(self) -> str:
        """Why the body cannot be read; empty if it can."""
        return self._plain.why

    def feed(self, chunk: Chunk) -> None:
        """Add a chunk."""
        self._pieces.append(self._plain.feed(chunk))
        if self._plain.why:
            self._pieces.clear()

    def end(self) -> None:
        """The body is complete."""
        self._pieces.append(self._plain.end())

    def stop(self, why: str) -> None:
        """The body will not be complete."""
        self._plain.stop(why)

    def content(self) -> bytes:
        """The decoded bytes; those that there are, if `why` is not empty."""
        return b"".join(self._pieces)


MISSING: Any = object()
"""What `at_path` gives where there is nothing; JSON's null is None."""


def parsed(body: bytes) -> Any:
    """The JSON value of a body, `MISSING` if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return MISSING


def at_path(value: Any, path: str) -> Any:
    """The value at a path like `a.b.0.c`, `MISSING` if there is none."""
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and re.fullmatch(r"[0-9]{1,9}", step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def as_text(value: Any) -> str | None:
    """An ID in JSON as text: strings as they are, other values as JSON; None for null and nothing."""
    if value is MISSING or value is None:
        return None
    try:
        text = value if isinstance(value, str) else json.dumps(value)
    except (ValueError, RecursionError):
        return None
    # A lone surrogate, which JSON can write, is no character: nothing could store or send it.
    return text.encode("utf-8", "backslashreplace").decode()


def fulfils(value: Any, tests: tuple[JsonIs, ...]) -> bool:
    """Whether a JSON value fulfils all predicates."""
    return all(_fulfils(at_path(value, test.json_path), test) for test in tests)


def _fulfils(value: Any, test: JsonIs) -> bool:
    if value is MISSING:
        return False
    if test.equals is not None:
        # JSON's true is not 1, though Python's is.
        return type(value) is type(test.equals) and bool(value == test.equals)
    return test.matches is None or (isinstance(value, str) and re.search(test.matches, value) is not None)
