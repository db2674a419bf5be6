"""A table printed line by line, however long it is: the first rows decide the widths."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType

from rich.cells import cell_len, set_cell_size

from cli.rendering.styling import coloured

LOOKED_AT = 500
_SMALLEST = 12
_NO_WORDS: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Column:
    """One column, `least` cells wide; a flexible one gives way where the terminal is too narrow."""

    title: str
    right: bool = False
    flexible: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Text that is safe to print, and its colour; or the colour of each of its `words`, by the word."""

    text: str
    colour: str | None = None
    words: Mapping[str, str | None] = _NO_WORDS

    def painted(self, fitted: str) -> str:
        """`fitted`, which is the text as it fits into its column, in colour."""
        if not self.words:
            return coloured(fitted, self.colour)
        return " ".join([coloured(word, self._colour_of(word)) for word in fitted.split(" ")])

    def _colour_of(self, word: str) -> str | None:
        """The colour of a word, which may have lost its end."""
        if word in self.words or not word.endswith("…"):
            return self.words.get(word, self.colour)
        begin = word.removesuffix("…")
        return next((colour for whole, colour in self.words.items() if whole.startswith(begin)), self.colour)


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int | None) -> Iterator[str]:
    """The lines of a table, at most `width` cells wide; None: as wide as it needs to be."""
    rows = iter(rows)
    first = list(islice(rows, LOOKED_AT))
    widths = _widths(columns, first, width)
    heads = [Cell(column.title, "bright_black") for column in columns]
    for row in chain([heads], first, rows):
        yield _line(columns, row, widths, cut=width is not None).rstrip()


def _widths(columns: Sequence[Column], rows: list[Sequence[Cell]], width: int | None) -> list[int]:
    widths = [max(cell_len(column.title), column.least) for column in columns]
    for row in rows:
        widths = [max(size, cell_len(cell.text)) for size, cell in zip(widths, row, strict=True)]
    if width is None:
        return widths
    for number, column in enumerate(columns):
        excess = sum(widths) + 2 * (len(widths) - 1) - width
        if column.flexible and excess > 0:
            widths[number] = max(min(widths[number], _SMALLEST), widths[number] - excess)
    return widths


def _line(columns: Sequence[Column], row: Sequence[Cell], widths: list[int], *, cut: bool) -> str:
    # Nothing follows the last cell: it is not filled up, and where it is empty the line is shorter.
    *sizes, last = widths
    widths = [*sizes, min(last, cell_len(row[-1].text)) if not columns[-1].right else last]
    return "  ".join(
        cell.painted(_fitted(cell.text, size, right=column.right, cut=cut))
        for column, cell, size in zip(columns, row, widths, strict=True)
    )


def _fitted(text: str, size: int, *, right: bool, cut: bool) -> str:
    missing = size - cell_len(text)
    if missing < 0:
        return set_cell_size(text, size - 1) + "…" if cut else text
    return " " * missing + text if right else text + " " * missing
