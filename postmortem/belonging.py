"""Which exchanges belong to a stream: what came before it, the stream, and what became of its ID."""

from collections.abc import Iterable

from contract.findings import Role
from recordings.reader import Recording
from recordings.rows import ExchangeRow
from recordings.selection import Selection

_AROUND = (Role.ISSUE.value, Role.ECHO.value, Role.CLOSE.value, Role.PREFLIGHT.value)


def belonging(recording: Recording, issue: ExchangeRow) -> list[ExchangeRow]:
    """The exchanges that belong to the stream that `issue` began, in order, with `issue`.

    These are the updates with its ID; the updates and the end of its scope until the scope's next
    stream begins (a client that sends no ID, or a wrong one, means this stream); and the last
    preflight for each of their URLs since the stream before, or since the request before to that URL.
    """
    found = {issue.exchange: issue}
    before, after = _neighbours(recording, issue)
    for row in after:
        if row.role in (Role.ECHO, Role.CLOSE):
            found[row.exchange] = row
    if issue.stream:
        with_id = Selection(streams=(issue.stream,), roles=(Role.ECHO.value,))
        found |= {row.exchange: row for row in recording.exchanges(chosen=with_id)}
    asked = sorted(found.values(), key=lambda row: row.exchange)
    preflights = [row for row in (*before, *after) if row.role == Role.PREFLIGHT]
    found |= {row.exchange: row for row in _preflights(asked, preflights)}
    return sorted(found.values(), key=lambda row: row.exchange)


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


def _preflights(asked: Iterable[ExchangeRow], preflights: list[ExchangeRow]) -> list[ExchangeRow]:
    """For each of `asked` the last of `preflights` to its URL since the one before that went there."""
    found: list[ExchangeRow] = []
    last: dict[str, int] = {}
    for row in asked:
        since = last.get(row.url, -1)
        ours = [each for each in preflights if each.url == row.url and since < each.exchange < row.exchange]
        found += ours[-1:]
        last[row.url] = row.exchange
    return found
