"""Header sections as lists of numbers of field lines, and back.

Field lines repeat from message to message, so each distinct one is stored once, in table `field`, and a
section is a JSON array of their numbers. An index over them would cost more than it saves: the writer
remembers those that it has stored lately.

Bytes map to characters one to one (latin-1), so any bytes survive.
"""

import sqlite3

from contract.events import Headers

type Pair = tuple[bytes, bytes]
type Row = list[object] | tuple[object, ...]

_REMEMBERED = 8192
_LONG = 1024
"""Bytes of a value above which it is stored each time, so that memory does not grow with cookies."""
_AT_ONCE = 64


class FieldNumbers:
    """Gives each distinct field line a number, and a row for table `field` where it is new."""

    def __init__(self) -> None:
        self._numbers: dict[Pair, str] = {}
        self._last = 0

    def listed(self, headers: Headers, rows: list[Row]) -> str:
        """`headers` as a JSON array of numbers; new field lines are added to `rows`."""
        get = self._numbers.get
        try:
            return f"[{','.join(map(get, headers))}]"  # type: ignore[arg-type]
        except TypeError:  # some are new
            return f"[{','.join([get(pair) or self._new(pair, rows) for pair in headers])}]"

    def forget(self) -> None:
        """Rows that were made were not stored: make them anew."""
        self._numbers.clear()

    def _new(self, pair: Pair, rows: list[Row]) -> str:
        self._last += 1
        number = str(self._last)
        name, value = pair
        rows.append((self._last, name.decode("latin-1"), value.decode("latin-1")))
        if len(name) + len(value) <= _LONG:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            self._numbers[pair] = number
        return number


class FieldLines:
    """Gives back the header sections that `FieldNumbers` made numbers of."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pairs: dict[str, Pair] = {}

    def headers(self, numbers: str) -> Headers:
        """The section of a JSON array of numbers. Raises `KeyError` where there is no such field line."""
        if numbers == "[]":
            return ()
        listed = numbers[1:-1].split(",")
        pairs = self._pairs
        try:
            return tuple([pairs[number] for number in listed])
        except KeyError:
            return tuple([pairs.get(number) or self._load(number) for number in listed])

    def _load(self, number: str) -> Pair:
        """The field line of `number`, and those after it, which are likely to be wanted next."""
        pairs = self._pairs
        if len(pairs) >= _REMEMBERED:
            pairs.clear()
        rows = self._connection.execute(
            "SELECT id, name, value FROM field WHERE id >= ? ORDER BY id LIMIT ?", (int(number), _AT_ONCE)
        ).fetchall()
        for row, name, value in rows:
            pairs[str(row)] = name.encode("latin-1"), value.encode("latin-1")
        return pairs[number.strip()]


def storable(text: str) -> str:
    """`text` without what no UTF-8 file can hold (lone surrogates)."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
