"""Comparing two bodies: JSON by field, text as a whole, anything else by its bytes."""

import json
from collections.abc import Callable, Iterator

from contract.events import Headers
from contract.headers import media_type
from replay.resending.differences import Difference
from replay.resending.likeness import UNMARKED, Likeness, Marks
from replay.resending.sequence import Item, Way, changes


def is_json(fields: Headers) -> bool:
    """Whether a body says that it is JSON (RFC 6839 §3.1)."""
    media = media_type(fields)
    return media == "application/json" or media.endswith("+json")


def compare_json(
    recorded: object, new: object, likeness: Likeness, marks: Marks = UNMARKED, prefix: str = "JSON"
) -> Iterator[Difference]:
    """The fields in which two JSON values differ; `prefix` stands before each path."""
    yield from _values(recorded, new, likeness, marks, prefix, ())


def compare_text(recorded: bytes, new: bytes, likeness: Likeness) -> Iterator[Difference]:
    """One difference, where the bytes say different things."""
    if recorded == new:
        return
    try:
        old_text, new_text = recorded.decode(), new.decode()
    except UnicodeDecodeError:
        sizes = f"{len(recorded):,} bytes", f"{len(new):,} bytes"
        yield Difference("body", "body", Way.CHANGED, *sizes)
        return
    if not likeness.alike(old_text, new_text):
        yield Difference("body", "body", Way.CHANGED, likeness.expected(old_text), likeness.shown(new_text))


def parsed(text: bytes) -> tuple[bool, object]:
    """Whether this is JSON, and its value."""
    try:
        return True, json.loads(text)
    except (ValueError, RecursionError):
        return False, None


def key_of(value: object, likeness: Likeness, *, recorded: bool) -> str:
    """What is equal for two JSON values exactly where nothing differs that a comparison would tell."""
    return json.dumps(_masked(value, likeness, recorded), sort_keys=True)


def _masked(value: object, likeness: Likeness, recorded: bool) -> object:
    match value:
        case dict():
            return {name: _masked(each, likeness, recorded) for name, each in value.items()}
        case list():
            return [_masked(each, likeness, recorded) for each in value]
        case str():
            return likeness.form(likeness.expected(value) if recorded else likeness.shown(value))
        case int() if not isinstance(value, bool):
            text = str(value)
            return likeness.form(likeness.expected(text) if recorded else text)
    return value


def _values(
    recorded: object,
    new: object,
    likeness: Likeness,
    marks: Marks,
    prefix: str,
    path: tuple[str, ...],
) -> Iterator[Difference]:
    where = f"{prefix} {'.'.join(path)}".rstrip()
    if isinstance(recorded, dict) and isinstance(new, dict):
        for name in [*recorded, *(name for name in new if name not in recorded)]:
            below = (*path, str(name))
            field = f"{prefix} {'.'.join(below)}"
            if name not in new:
                old = _shown(recorded[name], likeness.expected)
                yield Difference(field, field, Way.MISSING, old, None)
            elif name not in recorded:
                extra = _shown(new[name], likeness.shown)
                yield Difference(field, field, Way.EXTRA, None, extra)
            else:
                yield from _values(recorded[name], new[name], likeness, marks, prefix, below)
    elif isinstance(recorded, list) and isinstance(new, list):
        yield from _lists(recorded, new, likeness, marks, prefix, path)
    elif not _alike(recorded, new, likeness, marks, where):
        old = _shown(recorded, lambda text: marks.expected(likeness, where, text))
        yield Difference(where, where, Way.CHANGED, old, _shown(new, likeness.shown))


def _lists(
    recorded: list[object],
    new: list[object],
    likeness: Likeness,
    marks: Marks,
    prefix: str,
    path: tuple[str, ...],
) -> Iterator[Difference]:
    if len(recorded) == len(new):
        for place, (old, now) in enumerate(zip(recorded, new, strict=True)):
            yield from _values(old, now, likeness, marks, prefix, (*path, str(place)))
        return
    olds = [Item(type(each).__name__, key_of(each, likeness, recorded=True)) for each in recorded]
    news = [Item(type(each).__name__, key_of(each, likeness, recorded=False)) for each in new]
    for change in changes(olds, news):
        index = change.recorded if change.recorded is not None else change.new
        below = (*path, str(index))
        if change.way is Way.CHANGED:
            assert change.recorded is not None
            assert change.new is not None
            yield from _values(recorded[change.recorded], new[change.new], likeness, marks, prefix, below)
            continue
        where = f"{prefix} {'.'.join(below)}"
        yield Difference(
            where,
            where,
            change.way,
            _shown(recorded[change.recorded], likeness.expected) if change.recorded is not None else None,
            _shown(new[change.new], likeness.shown) if change.new is not None else None,
        )


def _alike(recorded: object, new: object, likeness: Likeness, marks: Marks, where: str) -> bool:
    is_number = [isinstance(each, int) and not isinstance(each, bool) for each in (recorded, new)]
    is_text = [isinstance(each, str) for each in (recorded, new)]
    if all(is_text) or all(is_number):
        return marks.alike(likeness, where, str(recorded), str(new))
    return type(recorded) is type(new) and recorded == new


def _shown(value: object, says: Callable[[str], str]) -> str:
    """The value as JSON, each text in it as `says` has it."""
    return json.dumps(_mapped(value, says), ensure_ascii=False)


def _mapped(value: object, says: Callable[[str], str]) -> object:
    match value:
        case dict():
            return {name: _mapped(each, says) for name, each in value.items()}
        case list():
            return [_mapped(each, says) for each in value]
        case str():
            return says(value)
    return value
