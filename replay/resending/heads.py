"""Comparing two answers' header sections: field by field, in whatever order they come."""

from collections.abc import Iterator

from contract.events import Headers
from replay.resending.differences import Difference
from replay.resending.likeness import Likeness, Marks
from replay.resending.sequence import Way

OF_THE_MOMENT = frozenset({"date", "age"})
OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "proxy-connection", "alt-svc"})
FRAMING = frozenset({"content-length", "transfer-encoding"})
"""How a body is framed: another matter in every version of HTTP; a length follows from the body, which is
compared itself."""


def compare_heads(
    recorded: Headers, new: Headers, likeness: Likeness, marks: Marks, *, same_version: bool
) -> Iterator[Difference]:
    """The fields that differ; how many lines a name has counts, its case does not."""
    olds, news = _by_name(recorded), _by_name(new)
    left_out = OF_THE_MOMENT | OF_THE_CONNECTION | (frozenset() if same_version else FRAMING)
    for name in [*olds, *(name for name in news if name not in olds)]:
        if name in left_out:
            continue
        old, now, where = olds.get(name, []), news.get(name, []), f"header {name}"
        if name == "content-length" and old and now:
            continue
        if name == "set-cookie":
            yield from _cookies(old, now, likeness, marks)
        elif len(old) == len(now) and all(
            marks.alike(likeness, where, *pair) for pair in zip(old, now, strict=True)
        ):
            continue
        else:
            yield _lines(where, old, now, likeness, marks)


def _by_name(fields: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip(" \t"))
    return found


def _lines(where: str, old: list[str], now: list[str], likeness: Likeness, marks: Marks) -> Difference:
    expected = ", ".join([marks.expected(likeness, where, each) for each in old]) if old else None
    shown = ", ".join(map(likeness.shown, now)) if now else None
    way = Way.MISSING if shown is None else Way.EXTRA if expected is None else Way.CHANGED
    return Difference(where, where, way, expected, shown)


def _cookies(old: list[str], now: list[str], likeness: Likeness, marks: Marks) -> Iterator[Difference]:
    """Set-Cookie, cookie by cookie (RFC 6265 §4.1)."""
    olds, news = dict(map(_cookie, old)), dict(map(_cookie, now))
    for name in [*olds, *(name for name in news if name not in olds)]:
        where = f"cookie {name}"
        was, is_ = olds.get(name), news.get(name)
        if was is None or is_ is None:
            lines = [["; ".join(each)] if each else [] for each in (was, is_)]
            yield _lines(where, lines[0], lines[1], likeness, marks)
            continue
        same_attributes = len(was) == len(is_) and all(map(likeness.alike, was[1:], is_[1:]))
        if not marks.alike(likeness, where, was[0], is_[0]) or not same_attributes:
            yield _lines(where, ["; ".join(was)], ["; ".join(is_)], likeness, marks)


def _cookie(line: str) -> tuple[str, list[str]]:
    """Name, and value with attributes, the attributes in alphabetical order."""
    pair, *attributes = [part.strip() for part in line.split(";")]
    name, _, value = pair.partition("=")
    return name, [value, *sorted(attributes, key=str.lower)]
