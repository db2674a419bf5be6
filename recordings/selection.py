"""Which exchanges of a recording are looked at, as SQL."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from recordings.views import URL

NO_ANSWER = "none"
"""How a selection names exchanges without an answer."""

_STATUS = re.compile(r"([1-9])(xx|[0-9]{2})|none", re.ASCII)


@dataclass(frozen=True)
class Selection:
    """All of these hold; of several values for one of them, any. What is empty holds for every exchange.

    `statuses` are like `404`, `4xx` or `none`, `findings` the beginnings of rules' codes, `urls` parts of
    the URL. An exchange began at `since` or later and before `until` (µs since the start of the run).
    Raises ValueError for a status that is none.
    """

    scopes: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        for status in self.statuses:
            if _STATUS.fullmatch(status) is None:
                raise ValueError(f"{status!r} is no status; write it like 404, 4xx or {NO_ANSWER}")

    def where(self) -> tuple[str, list[object]]:
        """A condition on rows `x` of table `exchange`, with its values."""
        parts: list[tuple[str, list[object]]] = [
            *_one_of("x.scope", self.scopes),
            *_one_of("x.stream", self.streams),
            *_one_of("x.role", self.roles),
            *_one_of("x.outcome", self.outcomes),
            *_any(_status(status) for status in self.statuses),
            *_any((f"instr({URL}, ?) > 0", [url]) for url in self.urls),
            *_any((_FOUND, [code, code]) for code in self.findings),
        ]
        if self.since is not None:
            parts.append(("x.at >= ?", [self.since]))
        if self.until is not None:
            parts.append(("x.at < ?", [self.until]))
        values = [value for _, some in parts for value in some]
        return " AND ".join([sql for sql, _ in parts]) or "1", values


EVERY = Selection()
"""All exchanges."""

_FOUND = "EXISTS (SELECT 1 FROM finding f WHERE f.exchange = x.id AND substr(f.code, 1, length(?)) = ?)"


def _one_of(column: str, values: tuple[str, ...]) -> list[tuple[str, list[object]]]:
    return [(f"{column} IN ({', '.join('?' * len(values))})", list(values))] if values else []


def _any(conditions: Iterable[tuple[str, list[object]]]) -> list[tuple[str, list[object]]]:
    found = list(conditions)
    if not found:
        return []
    joined = " OR ".join([sql for sql, _ in found])
    return [(f"({joined})", [value for _, values in found for value in values])]


def _status(status: str) -> tuple[str, list[object]]:
    if status == NO_ANSWER:
        return "x.status IS NULL", []
    if status.endswith("xx"):
        first = int(status[0]) * 100
        return "x.status BETWEEN ? AND ?", [first, first + 99]
    return "x.status = ?", [int(status)]
