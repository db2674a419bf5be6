"""Which events of a profile's streams are healthy at a glance: one pattern for a whole run of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from contract.payload_models import pattern
from contract.profile_sections import Payload, Sse

_FEW = 64  # profiles at once

# The value of a field, without anything that could be a literal line end.
_PLAIN = rb"[^\r\n\\]*+(?:\\(?!n)[^\r\n\\]*+)*+"


@dataclass(frozen=True, slots=True)
class CleanRun:
    """A run of events whose lines all end in `end`, twice only at the end of each.

    `match(data, position)` takes, at the start of a block, as many whole events as are no terminal ones,
    fit their models for sure, and have the usual lines. It always matches, if only nothing.
    """

    end: bytes
    match: Callable[[bytes, int], re.Match[bytes]]


@dataclass(frozen=True, slots=True)
class StreamGrammar:
    """What a reader needs of a profile."""

    lf: CleanRun
    crlf: CleanRun
    terminal: frozenset[str]
    payloads: Mapping[str, Payload]


_KNOWN: dict[int, tuple[Sse, StreamGrammar]] = {}


def grammar(sse: Sse) -> StreamGrammar:
    """The grammar of a profile's streams, made once for each object."""
    # By identity, for a model with tables has no hash; that the model is kept makes its identity its own.
    known = _KNOWN.get(id(sse))
    if known is not None:
        return known[1]
    made = StreamGrammar(_run(sse, b"\n"), _run(sse, b"\r\n"), frozenset(sse.terminal), sse.payloads)
    if len(_KNOWN) >= _FEW:
        _KNOWN.clear()
    _KNOWN[id(sse)] = sse, made
    return made


def _run(sse: Sse, end: bytes) -> CleanRun:
    # An empty name means "message" (HTML §9.2.6), so neither is a name like others.
    special = {"", "message", *sse.terminal, *sse.payloads}
    bodies = {
        name: body
        for name in sorted(special - {"", *sse.terminal})
        if (body := pattern(sse.payloads[name]) if name in sse.payloads else _PLAIN) is not None
    }
    if "message" in bodies:
        bodies[""] = bodies["message"]
    data = end + rb"data: ?+"
    named = [_literal(name) + data + body for name, body in bodies.items()]
    others = b"|".join(_literal(name) for name in sorted(special))
    named.append(rb"(?!(?:" + others + b")" + end + rb")[^\r\n\\]*+" + data + _PLAIN)
    event = rb"event: ?+(?:" + b"|".join(named) + b")" + end + end
    unnamed = rb"|data: ?+" + bodies[""] + end + end if "" in bodies else b""
    match = re.compile(b"(?:" + event + unnamed + b")*+").match
    return CleanRun(end, cast(Callable[[bytes, int], re.Match[bytes]], match))


def _literal(name: str) -> bytes:
    return re.escape(name.encode("utf-8", "replace"))
