"""JSON of any length, written piece by piece.

Only ASCII leaves: a recorded control character never reaches a terminal as itself.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import click

_BLOCK = 1 << 16


def text_of(value: Any) -> str:
    """`value` as JSON on one line."""
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))


def array(items: Iterable[Any]) -> Iterator[str]:
    """The pieces of an array, an item a line."""
    between = "[\n"
    for item in items:
        yield between + text_of(item)
        between = ",\n"
    yield "[]" if between == "[\n" else "\n]"


def string(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces of one string."""
    yield '"'
    for piece in pieces:
        yield json.dumps(piece)[1:-1]
    yield '"'


def written(pieces: Iterable[str]) -> None:
    """Write `pieces` and a line end to standard output, in blocks."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _BLOCK:
            click.echo("".join(waiting), nl=False)
            waiting, size = [], 0
    click.echo("".join(waiting))
