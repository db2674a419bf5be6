"""Where a value stands in a JSON text, so that nothing around it has to be written anew."""

import json
import re
from dataclasses import dataclass

type Step = str | int
type Steps = tuple[Step, ...]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_PATH = re.compile(r"[^.\[\]]+(?:\[\d+\])*(?:\.[^.\[\]]+(?:\[\d+\])*)*")
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def steps_of(path: str) -> Steps:
    """The steps of a path such as `a.b[0].c`; raises `ValueError`."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path; one is written like a.b[0].c")
    return tuple(name or int(index) for name, index in _STEP.findall(path))


@dataclass(frozen=True, slots=True)
class Span:
    """A value is `text[begin:end]`; with it go `text[first:last]`: its name, and one comma."""

    begin: int
    end: int
    first: int
    last: int


def find(text: str, steps: Steps) -> Span | None:
    """Where the value at `steps` stands in a text that is JSON; None if it is not there.

    Of two members with one name the last counts, as in nearly all programs that read JSON.
    """
    span: Span | None = Span(_spaces(text, 0), len(text.rstrip(" \t\n\r")), 0, len(text))
    for step in steps:
        if span is None:
            return None
        span = _below(text, span.begin, step)
    return span


def is_json(text: str) -> bool:
    """Whether the text is JSON that is not nested without end."""
    try:
        _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _below(text: str, place: int, step: Step) -> Span | None:
    """The value of one member or element of what begins at `place`."""
    opening = "{" if isinstance(step, str) else "["
    if text[place] != opening:
        return None
    found: Span | None = None
    index, comma = 0, -1
    place = _spaces(text, place + 1)
    while text[place] not in "}]":
        name: Step = index
        first = place
        if isinstance(step, str):
            name, place = _DECODER.raw_decode(text, place)
            place = _spaces(text, _spaces(text, place) + 1)
        end = _DECODER.raw_decode(text, place)[1]
        after = _spaces(text, end)
        if name == step:
            last = _spaces(text, after + 1) if text[after] == "," else end
            found = Span(place, end, first if text[after] == "," or comma < 0 else comma, last)
        comma, index = after, index + 1
        place = _spaces(text, after + 1) if text[after] == "," else after
    return found


def _spaces(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    assert found is not None
    return found.end()
