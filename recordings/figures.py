"""Numbers by group, to be had again in order: in a temporary file, so that memory does not grow with them.

SQLite makes the file where it makes all its temporary ones, and deletes it on its own.
"""
# ruff: noqa: S608 - all SQL here is made of constants and numbers

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Self

_BATCH = 1000
_CACHE_KIB = 4096


class Figures:
    """Rows of `width` numbers, each row of a group. Use it as a context manager.

    A number is an int or a float, or None where there is none.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        # An empty name is a private file on disk (sqlite.org/inmemorydb.html, "Temporary Databases").
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        columns = ", ".join(f"c{number}" for number in range(width))
        self._connection.execute(f"CREATE TABLE figure (of INTEGER NOT NULL, {columns})")
        self._insert = f"INSERT INTO figure VALUES ({', '.join('?' * (width + 1))})"
        self._waiting: list[tuple[float | None, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the file."""
        self._connection.close()

    def add(self, group: int, numbers: Sequence[float | None]) -> None:
        """One row; `numbers` are as many as the width says."""
        self._waiting.append((group, *numbers))
        if len(self._waiting) >= _BATCH:
            self._write()

    def by_group(self, column: int) -> Iterator[tuple[int, float]]:
        """Group and number, by group and then by number, of one column without its Nones."""
        return self._sorted(column, f"SELECT of, c{column}", f"of, c{column}")

    def all(self, column: int) -> Iterator[float]:
        """The numbers of one column in order, without its Nones."""
        for _, number in self._sorted(column, f"SELECT 0, c{column}", f"c{column}"):
            yield number

    def _sorted(self, column: int, select: str, order: str) -> Iterator[tuple[int, float]]:
        if not 0 <= column < self._width:
            raise IndexError(column)
        self._write()
        yield from self._connection.execute(
            f"{select} FROM figure WHERE c{column} IS NOT NULL ORDER BY {order}"
        )

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._connection.execute("BEGIN")
        self._connection.executemany(self._insert, waiting)
        self._connection.execute("COMMIT")
