"""Where a key stands in a TOML text: `tomllib` gives values without their lines."""

import re
from collections.abc import Iterator

type Path = tuple[str | int, ...]

_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=(.*)$")
_PART = re.compile(_NAME)


def line_of(text: str, path: Path) -> int:
    """The line (from 1) of the key at `path`, or of what is nearest around it; 1 if there is nothing."""
    places = list(_places(text))
    while path:
        for place, line in places:
            if place[: len(path)] == path:
                return line
        path = path[:-1]
    return 1


def _places(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    counts: dict[Path, int] = {}
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
        elif header := _HEADER.match(line):
            table = _table(_parts(header[2]), header[1] == "[[", counts)
            yield table, number
        elif key := _KEY.match(line):
            yield table + _parts(key[1]), number
            closing = _still_open(key[2])


def _table(names: Path, is_array: bool, counts: dict[Path, int]) -> Path:
    """The full path of a table header, with the index of the newest element of each array of tables."""
    path: Path = ()
    for name in names[:-1]:
        path += (name,)
        if path in counts:
            path += (counts[path],)
    path += names[-1:]
    if is_array:
        counts[path] = counts.get(path, -1) + 1
        path += (counts[path],)
    return path


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _still_open(value: str) -> str:
    """The delimiter of a multi-line string that begins in this value and does not end in it."""
    for quotes in ('"""', "'''"):
        if value.count(quotes) == 1:
            return quotes
    return ""
