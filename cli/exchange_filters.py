"""The options of commands that look at some of the exchanges: by what they were, when, and how they ended."""

from collections.abc import Callable, Iterator
from itertools import batched, groupby
from typing import TYPE_CHECKING, Any

import click

from cli.moment import MomentType
from cli.named import recorded_profile, rule_codes
from cli.progress import Advance, progress

if TYPE_CHECKING:
    from datetime import datetime

    from contract.events import Event
    from recordings.reader import Recording
    from recordings.rows import ExchangeRow
    from recordings.selection import Selection
    from replay.narrowing import Moment
    from replay.recorded import Recorded

_ROLES = ("issue", "echo", "preflight", "close", "other")
_OUTCOMES = ("complete", "client-abort", "server-abort", "truncated", "proxy", "injected", "open")
_READ_SINGLY = 2_000
"""Exchanges up to which each is read by itself for a filter expression on bodies; for more, all are read."""
_HEADS_AT_ONCE = 200


def _codes(context: click.Context, parameter: click.Parameter, listed: tuple[str, ...]) -> tuple[str, ...]:
    """Codes or their beginnings, of all times that the option was given."""
    return tuple(code for codes in listed for code in rule_codes(context, parameter, codes))


def _known(context: click.Context, parameter: click.Parameter, causes: tuple[str, ...]) -> tuple[str, ...]:
    """Causes; each must be one that a diagnosis can name."""
    if causes:
        from contract.causes import CAUSES
        from recordings.configuration import suggestion

        for cause in causes:
            if cause not in CAUSES:
                raise click.BadParameter(f"there is no cause {cause!r}{suggestion(cause, CAUSES)}")
    return causes


_OPTIONS = (
    click.option("--scope", "scopes", metavar="KEY", multiple=True, help="Only in this scope."),
    click.option("--stream", "streams", metavar="ID", multiple=True, help="Only with this stream's ID."),
    click.option(
        "--status", "statuses", metavar="N|Nxx", multiple=True, help="Only with this status: 404, 4xx, none."
    ),
    click.option("--role", "roles", type=click.Choice(_ROLES), multiple=True, help="Only of this role."),
    click.option(
        "--outcome",
        "outcomes",
        type=click.Choice(_OUTCOMES),
        multiple=True,
        help="Only those that ended so.",
    ),
    click.option(
        "--finding",
        "findings",
        metavar="CODES",
        multiple=True,
        callback=_codes,
        help="Only with such a finding: CO402, or CO for all of the family.",
    ),
    click.option(
        "--cause",
        "causes",
        metavar="CAUSE",
        multiple=True,
        callback=_known,
        help="Only of incidents that have this cause; the recordings are diagnosed for it.",
    ),
    click.option("--since", type=MomentType(), help="Only those that began at this time or later."),
    click.option("--until", type=MomentType(), help="Only those that began before this time."),
    click.option("--url", "urls", metavar="TEXT", multiple=True, help="Only with this text in their URL."),
    click.option(
        "--match",
        "expressions",
        metavar="FILTER",
        multiple=True,
        help="Only those that this filter expression of mitmproxy fits.",
    ),
)


def exchange_filters[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the options; its `**chosen` makes a `Filters`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Filters:
    """Which exchanges are chosen: those that fit all options, and any of an option's values.

    Raises click's errors for what cannot be used.
    """

    def __init__(
        self,
        *,
        causes: tuple[str, ...],
        expressions: tuple[str, ...],
        since: "Moment | None",
        until: "Moment | None",
        **values: tuple[str, ...],
    ) -> None:
        from recordings.selection import Selection

        if type(since) is type(until) and since is not None and until <= since:  # type: ignore[operator]
            raise click.BadParameter("is not after --since", param_hint="'--until'")
        try:
            self._selection = Selection(**values)  # type: ignore[arg-type] # since and until are not in it
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="'--status'") from None
        self._span = since, until
        self._causes = causes
        self._choosers = [_chooser(text) for text in expressions]
        self._needs_bodies = any(map(_needs_bodies, expressions))

    def __bool__(self) -> bool:
        from recordings.selection import EVERY

        return bool(self._selection != EVERY or any(self._span) or self._causes or self._choosers)

    def rows(self, recording: "Recording") -> "Iterator[ExchangeRow]":
        """The chosen exchanges of `recording`, in order."""
        chosen = self._selection_in(recording.run.info.started)
        numbers: set[int] | None = None
        if self._causes:
            numbers = _of_causes(recording, self._causes)
        if self._choosers:
            candidates = recording.numbers(chosen)
            some = candidates if numbers is None else [each for each in candidates if each in numbers]
            numbers = self._matching(recording, some)
        for row in recording.exchanges(chosen=chosen):
            if numbers is None or row.exchange in numbers:
                yield row

    def _selection_in(self, started: "datetime") -> "Selection":
        from dataclasses import replace

        from replay.narrowing import Narrowing

        since, until = self._span
        low, high = Narrowing(since, until).span(started)
        return replace(
            self._selection, since=None if since is None else low, until=None if until is None else high
        )

    def _matching(self, recording: "Recording", numbers: list[int]) -> set[int]:
        """Those of `numbers`, which are in order, that one of the filter expressions fits."""
        wanted, found = set(numbers), set[int]()
        total, read = recording.run.last_seq + 1, _all_of
        if not self._needs_bodies:
            total, read = len(numbers), _heads_of
        elif len(numbers) <= _READ_SINGLY:
            total, read = len(numbers), _each_of
        with progress(total, str(recording.path)) as advance:
            for each in read(recording, numbers, advance):
                if each.exchange in wanted and any(fits(each) for fits in self._choosers):
                    found.add(each.exchange)
        return found


def _all_of(recording: "Recording", numbers: list[int], advance: Advance) -> "Iterator[Recorded]":
    """All exchanges, whole: the fastest way to many."""
    from replay.recorded import recorded_exchanges

    def heard() -> "Iterator[Event]":
        for events in recording.batches():
            yield from events
            advance(len(events))

    return recorded_exchanges(heard())


def _each_of(recording: "Recording", numbers: list[int], advance: Advance) -> "Iterator[Recorded]":
    """Those of `numbers`, whole, each by itself."""
    from replay.recorded import recorded_exchanges

    for number in numbers:
        yield from recorded_exchanges(recording.exchange(number))
        advance(1)


def _heads_of(recording: "Recording", numbers: list[int], advance: Advance) -> "Iterator[Recorded]":
    """Those of `numbers`, and some between them, without bodies."""
    from replay.recorded import recorded_exchanges

    for _, group in groupby(numbers, key=lambda number: number // _HEADS_AT_ONCE):
        some = list(group)
        yield from recorded_exchanges(recording.heads(some[0], some[-1]))
        advance(len(some))


def with_codes(
    recording: "Recording", rows: "Iterator[ExchangeRow]"
) -> "Iterator[tuple[ExchangeRow, dict[str, str | None]]]":
    """Each row with the codes of its findings, in order, and the colour of each."""
    from cli.rendering.finding_lines import code_colour

    for some in batched(rows, 500):
        found = recording.codes([row.exchange for row in some if row.findings])
        for row in some:
            codes: dict[str, str | None] = {}
            for code, severity, verdict in found.get(row.exchange, ()):
                codes.setdefault(code, code_colour(severity, verdict))
            yield row, codes


def _chooser(text: str) -> "Callable[[Recorded], bool]":
    from addons.choosing import chooser

    try:
        return chooser(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--match'") from None


def _needs_bodies(text: str) -> bool:
    from addons.choosing import needs_bodies

    return needs_bodies(text)


def _of_causes(recording: "Recording", causes: tuple[str, ...]) -> set[int]:
    """The exchanges of the incidents that have one of `causes`."""
    from postmortem import diagnosing

    profile = recorded_profile(recording)
    name = str(recording.path)
    with progress(recording.run.last_seq + 1, name) as advance:
        incidents = diagnosing.diagnose(name, recording, profile, limit=1 << 62, advance=advance).incidents
    return {
        number
        for incident in incidents
        if incident.cause in causes
        for number in (incident.exchange, *incident.exchanges)
    }
