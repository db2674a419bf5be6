"""Filter expressions of mitmproxy for the faults of a plan: decided when only heads are there."""

from collections.abc import Iterator

from mitmproxy import flowfilter

_BODIES = "asks for a body, and bodies are not there yet when a fault is decided on"
_LATER = "asks for what is only known later than a fault is decided on"
_NO_HTTP = "is about another protocol than HTTP, and faults strike HTTP alone"
_REFUSED: dict[str, str] = {
    "b": _BODIES,
    "bq": _BODIES,
    "bs": _BODIES,
    "e": _LATER,
    "marked": _LATER,
    "marker": _LATER,
    "comment": _LATER,
    "websocket": _LATER,
    "tcp": _NO_HTTP,
    "udp": _NO_HTTP,
    "dns": _NO_HTTP,
}
"""Why the operator of a code cannot be in a filter of a fault."""


def compile_filter(text: str) -> flowfilter.TFilter:
    """What decides whether a flow matches; raises `ValueError` with one line."""
    try:
        compiled = flowfilter.parse(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{text!r} is no filter expression of mitmproxy") from error
    for code in codes(compiled):
        if code in _REFUSED:
            raise ValueError(f"~{code} {_REFUSED[code]}")
    return compiled


def codes(node: object) -> Iterator[str]:
    """The codes of all operators in a parsed expression: `u` for `~u`."""
    if isinstance(node, flowfilter.FAnd | flowfilter.FOr):
        for each in node.lst:
            yield from codes(each)
    elif isinstance(node, flowfilter.FNot):
        yield from codes(node.itm)
    else:
        yield str(getattr(node, "code", ""))
