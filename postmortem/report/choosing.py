"""Which streams a report shows in full: of incidents, with findings, and all where they are few."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contract.incidents import Incident
from recordings.rows import ExchangeRow

TOGETHER = 12
"""Exchanges of one story: a client that retries for hours fills no page."""


@dataclass
class Chosen:
    """Stories as exchanges, the one that it is about first; `left_out` is how many more would matter."""

    stories: list[tuple[int, ...]] = field(default_factory=list)
    left_out: int = 0


def choose(
    rows: Sequence[ExchangeRow],
    incidents: Iterable[Incident],
    codes: Mapping[int, tuple[str, ...]],
    errors: Iterable[int],
    *,
    limit: int | None,
) -> Chosen:
    """At most `limit` stories (None: all streams): of incidents, then with `errors`, then with `codes`.

    No exchange is in two of them. Where all streams are no more than `limit`, the healthy ones follow.
    """
    streams = _by_stream(rows)
    chosen, taken = Chosen(), set[int]()
    most = len(rows) if limit is None else limit
    for group in _groups(rows, streams, incidents, codes, errors, is_few=len(streams) <= most):
        new = tuple(dict.fromkeys(number for number in group if number not in taken))[:TOGETHER]
        if not new or group[0] in taken:
            continue
        if len(chosen.stories) < most:
            chosen.stories.append(new)
        else:
            chosen.left_out += 1
        taken.update(new)
    return chosen


def _groups(
    rows: Sequence[ExchangeRow],
    streams: Mapping[str, list[int]],
    incidents: Iterable[Incident],
    codes: Mapping[int, tuple[str, ...]],
    errors: Iterable[int],
    *,
    is_few: bool,
) -> Iterator[list[int]]:
    known = {row.exchange: row for row in rows}

    def group(number: int) -> list[int]:
        row = known[number]
        return streams.get(row.stream or "", [number]) if row.role in ("issue", "echo") else [number]

    further: list[int] = []
    for incident in _by_turns(incidents):
        involved = [n for n in incident.exchanges or (incident.exchange,) if n in known]
        involved.sort(key=lambda n: (known[n].role != "issue", n))
        if involved:
            yield [*group(involved[0]), *involved]
            further += involved[1:]
    # What an incident could not take along has a story of its own, once every incident has one.
    yield from map(group, further)
    for number in (*errors, *codes):
        if number in known:
            yield group(number)
    if is_few:
        yield from streams.values()


def _by_turns(incidents: Iterable[Incident]) -> list[Incident]:
    """The first of each cause, then the second of each …: a frequent cause hides no rare one."""
    seen = Counter[str]()
    turns = []
    for incident in incidents:
        turns.append((seen[incident.cause], incident))
        seen[incident.cause] += 1
    return [incident for _, incident in sorted(turns, key=lambda turn: turn[0])]


def _by_stream(rows: Iterable[ExchangeRow]) -> dict[str, list[int]]:
    """The exchanges of each stream that was seen to be issued, that which issued it first."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if row.role == "issue":
            # One that carries no ID is a stream all the same.
            found.setdefault(row.stream or f"\0{row.exchange}", []).append(row.exchange)
    for row in rows:
        if row.role == "echo" and row.stream in found and len(found[row.stream]) < TOGETHER:
            found[row.stream].append(row.exchange)
    return found
