"""Which exchanges belong to a stream: what came before it, the stream, and what became of its ID."""

from collections.abc import Iterable

from contract.findings import Role
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from recordings.selection import Selection

MOST = 12
"""Exchanges of one stream that are looked at together, if not told otherwise."""
_AROUND = (Role.ISSUE.value, Role.ECHO.value, Role.CLOSE.value, Role.PREFLIGHT.value)


def stream_of(recording: Recording, row: ExchangeRow) -> ExchangeRow | None:
    """The exchange that began the stream to which `row` belongs, as `belonging` has it; None for others.

    For an update with an ID that was issued before it, that stream; else its scope's latest one.
    """
    if row.role == Role.ISSUE:
        return row
    if row.role not in (Role.ECHO, Role.CLOSE):
        return None
    issue = (Role.ISSUE.value,)
    choices = [Selection(streams=(row.stream,), roles=issue)] if row.stream else []
    if row.scope:
        choices.append(Selection(scopes=(row.scope,), roles=issue))
    for chosen in choices:
        before = [each for each in recording.exchanges(chosen=chosen) if each.exchange < row.exchange]
        if before:
            return before[-1]
    return None


def belonging(recording: Recording, issue: ExchangeRow) -> list[ExchangeRow]:
    """The exchanges that belong to the stream that `issue` began, in order, with `issue`.

    These are the updates with its ID; the streams that its scope began meanwhile; the updates and the
    end of its scope until the scope's next stream begins (a client that sends no ID, or a wrong one,
    means this stream); and the last preflight for each of their URLs since the stream before, or since
    the request before to that URL.
    """
    found = {issue.exchange: issue}
    before, after = _neighbours(recording, issue)
    for row in after:
        if row.role in (Role.ECHO, Role.CLOSE):
            found[row.exchange] = row
    if issue.stream:
        with_id = Selection(streams=(issue.stream,), roles=(Role.ECHO.value,))
        echoes = {row.exchange: row for row in recording.exchanges(chosen=with_id)}
        found |= echoes
        if issue.scope and echoes:
            streams = Selection(scopes=(issue.scope,), roles=(Role.ISSUE.value,))
            for row in recording.exchanges(chosen=streams):
                if issue.exchange < row.exchange < max(echoes):
                    found[row.exchange] = row
    asked = sorted(found.values(), key=lambda row: row.exchange)
    preflights = [row for row in (*before, *after) if row.role == Role.PREFLIGHT]
    last = {row.url: row.exchange for row in before if row.role != Role.PREFLIGHT}
    found |= {row.exchange: row for row in _preflights(asked, preflights, last)}
    return sorted(found.values(), key=lambda row: row.exchange)


def fewer(rows: list[ExchangeRow], shown: int, most: int = MOST) -> list[ExchangeRow]:
    """At most `most` of `rows`, the first and the last, with the one whose number is `shown`."""
    if len(rows) <= most:
        return rows
    first = most // 2
    kept = [*rows[:first], *rows[first - most :]]
    if all(row.exchange != shown for row in kept):
        kept[first] = next(row for row in rows if row.exchange == shown)
    return kept


def _neighbours(recording: Recording, issue: ExchangeRow) -> tuple[list[ExchangeRow], list[ExchangeRow]]:
    """What its scope saw since its stream before, and until its next one, in order."""
    before: list[ExchangeRow] = []
    after: list[ExchangeRow] = []
    if not issue.scope:
        return before, after
    for row in recording.exchanges(chosen=Selection(scopes=(issue.scope,), roles=_AROUND)):
        if row.exchange < issue.exchange:
            before = [] if row.role == Role.ISSUE else [*before, row]
        elif row.exchange > issue.exchange:
            if row.role == Role.ISSUE:
                break
            after.append(row)
    return before, after


def _preflights(
    asked: Iterable[ExchangeRow], preflights: list[ExchangeRow], last: dict[str, int]
) -> list[ExchangeRow]:
    """For each of `asked` the last of `preflights` to its URL since the one before that went there.

    `last` are the numbers of those before all of `asked`, by URL.
    """
    found: list[ExchangeRow] = []
    for row in asked:
        since = last.get(row.url, -1)
        ours = [each for each in preflights if each.url == row.url and since < each.exchange < row.exchange]
        found += ours[-1:]
        last[row.url] = row.exchange
    return found
