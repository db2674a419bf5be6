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
class StreamGrammar:
    """What a reader needs of a profile.

    `clean(data, position)` matches, at the start of a block, as many whole events as are no terminal
    ones, fit their models for sure, have the usual lines, and end in LF LF, which is nowhere else in
    them. It always matches, if only nothing.
    """

    clean: Callable[[bytes, int], re.Match[bytes]]
    terminal: frozenset[str]
    payloads: Mapping[str, Payload]


_KNOWN: dict[int, tuple[Sse, StreamGrammar]] = {}


def grammar(sse: Sse) -> StreamGrammar:
    """The grammar of a profile's streams, made once for each object."""
    # By identity, for a model with tables has no hash; that the model is kept makes its identity its own.
    known = _KNOWN.get(id(sse))
    if known is not None:
        return known[1]
    clean = cast(Callable[[bytes, int], re.Match[bytes]], _clean(sse).match)
    made = StreamGrammar(clean, frozenset(sse.terminal), sse.payloads)
    if len(_KNOWN) >= _FEW:
        _KNOWN.clear()
    _KNOWN[id(sse)] = sse, made
    return made


def _clean(sse: Sse) -> re.Pattern[bytes]:
    # An empty name means "message" (HTML §9.2.6), so neither is a name like others.
    special = {"", "message", *sse.terminal, *sse.payloads}
    names = b"|".join(re.escape(name.encode("utf-8", "replace")) for name in sorted(special))
    bodies = {
        name: body
        for name in special - set(sse.terminal)
        if (body := pattern(sse.payloads[name]) if name in sse.payloads else _PLAIN) is not None
    }
    if "message" in bodies:
        bodies[""] = bodies["message"]
    else:
        bodies.pop("", None)
    named = [re.escape(name.encode("utf-8", "replace")) + rb"\ndata: ?+" + bodies[name] for name in bodies]
    named.append(rb"(?!(?:" + names + rb")\n)[^\r\n\\]*+\ndata: ?+" + _PLAIN)
    event = rb"event: ?+(?:" + b"|".join(named) + rb")\n\n"
    unnamed = rb"|data: ?+" + bodies[""] + rb"\n\n" if "" in bodies else b""
    return re.compile(b"(?:" + event + unnamed + b")*+")
