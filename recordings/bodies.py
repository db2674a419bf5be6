"""Bodies by their content: the same bytes, on both sides or again and again, are stored once.

An index over hashes would be the most expensive thing in the file, because each insertion touches
another page of it. So it is the writer that remembers the bodies it has stored lately.
"""

import hashlib

from recordings.compression import squeeze

type BodyRow = tuple[int, bytes, int, str, bytes]

_REMEMBERED = 16384


class Bodies:
    """Gives each distinct body a number, and a row for table `body` where it is new."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._last = 0

    def number(self, body: bytes) -> tuple[int, BodyRow | None]:
        """The number of `body`, and its row where none was made lately."""
        digest = hashlib.sha256(body).digest()
        numbers = self._numbers
        known = numbers.get(digest)
        if known is not None:
            return known, None
        self._last += 1
        if len(numbers) >= _REMEMBERED:
            numbers.clear()
        numbers[digest] = self._last
        return self._last, (self._last, digest, len(body), *squeeze(body))

    def forget(self) -> None:
        """Rows that were made were not stored: make them anew."""
        self._numbers.clear()
