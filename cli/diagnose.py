"""`streamid diagnose`: from a recording, or two, to the causes of what failed."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable
from cli.hop_option import hop_option, sides
from cli.moment import MomentType, narrowing
from cli.named import NAMES_ANOTHER, named_profile, recorded_profile
from cli.progress import progress
from cli.recordings_argument import format_option, in_order_of_start, opened, recordings_argument

if TYPE_CHECKING:
    from cli.rendering.incident_text import Told
    from contract.incidents import Incident
    from contract.profile import Profile
    from postmortem.diagnosing import Diagnosed, Keep
    from postmortem.joining import Joint
    from recordings.reader import Recording
    from replay.narrowing import Narrowing


@click.command()
@recordings_argument
@hop_option
@click.option("--profile", metavar="NAME|FILE", help="Judge by this contract, not by the recording's own.")
@click.option("--cause", "causes", metavar="CODE", multiple=True, help="Report incidents of this cause.")
@click.option("--since", type=MomentType(), help="Report incidents from this time on.")
@click.option("--until", type=MomentType(), help="Report incidents before this time.")
@click.option("--stream", "streams", metavar="ID", multiple=True, help="Report incidents of this stream.")
@click.option("--scope", "scopes", metavar="KEY", multiple=True, help="Report incidents in this scope.")
@click.option("--all", "everything", is_flag=True, help="Print every incident in full, not one of a cause.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    help="How many incidents are listed (0: all); all are counted.",
)
@format_option
def diagnose(
    recordings: tuple[Path, ...],
    hop: dict[str, Path] | None,
    profile: str | None,
    causes: tuple[str, ...],
    everything: bool,
    limit: int,
    form: str,
    **chosen: Any,
) -> None:
    """Say what failed and why: which party, which hop, what proves it, and what ruled the others out.

    An incident is a refused update, one that should have been refused, a stream that broke or whose ID a
    script could not read, a preflight that was refused, and so on. Each has the most specific cause, how
    sure that is, and what to change. Where a recording does not suffice, the cause is `inconclusive`, with
    those still possible and the capture that would decide.

    Deliberate negative tests that were refused are no incidents. All causes: docs/causes.md.

    Exit codes: 0 no incident, 1 incidents, 2 unusable input.

    \b
    Examples:
      streamid diagnose recordings/20250131T120000Z.db
      streamid diagnose recordings --since 10m --format json
      streamid diagnose a.db b.db --hop client-side=a.db,server-side=b.db
    """
    from contract.causes import CAUSES

    unknown = [code for code in causes if code not in CAUSES]
    if unknown:
        raise Unusable(f"--cause {unknown[0]!r}: there is no such cause; there are {', '.join(CAUSES)}")
    given = named_profile(profile)[0] if profile is not None else None
    wanted = _Wanted(frozenset(causes), narrowing(**chosen), limit or 1 << 62)
    found = list(_all_found(recordings, hop, given, wanted))
    if form == "json":
        from cli.rendering.incident_json import diagnosis_json

        click.echo(diagnosis_json([each.diagnosed for each in found]))
    else:
        for each in found:
            for line in each.lines(several=len(found) > 1, everything=everything):
                click.echo(line)
    if any(each.diagnosed.groups for each in found):
        raise SystemExit(1)


class _Wanted:
    """Which incidents are reported."""

    def __init__(self, causes: frozenset[str], narrowing: "Narrowing", limit: int) -> None:
        self.causes, self.narrowing, self.limit = causes, narrowing, limit

    def keep_of(self, recording: "Recording") -> "Keep":
        span = self.narrowing.span(recording.run.info.started)

        def keeps(incident: "Incident") -> bool:
            if self.causes and not self.causes & {incident.cause, *incident.possible}:
                return False
            return self.narrowing.keeps(incident, span)

        return keeps


class _Found:
    """What one recording, or two taps, gave, with the lines of its exchanges."""

    def __init__(self, diagnosed: "Diagnosed", path: Path, joint: "Joint | None", behind: str) -> None:
        self.diagnosed = diagnosed
        self._path, self._joint, self._behind = path, joint, behind

    def lines(self, *, several: bool, everything: bool) -> Iterator[str]:
        from cli.rendering.escaping import printable
        from cli.rendering.incident_text import diagnosis_lines
        from cli.rendering.styling import bold

        if several:
            yield bold(printable(self.diagnosed.name))
        from recordings.reader import Recording

        with Recording(self._path) as recording:
            told = _teller(recording)
            yield from diagnosis_lines(self.diagnosed, where=self._where, told=told, everything=everything)

    def _where(self, exchange: int, side: str) -> str:
        """For example `#12 client`; between two taps `#9 of behind.db` for the service's side."""
        if self._joint is None or side != "server":
            return f"#{exchange} {side}"
        origin = self._joint.origin(exchange)
        return f"#{origin.b} of {self._behind}" if origin.b else f"#{exchange} {side}"


def _teller(recording: "Recording") -> "Told":
    from datetime import UTC, datetime

    from cli.rendering.escaping import printable
    from cli.rendering.exchange_table import path_of
    from cli.rendering.times import local

    now = datetime.now(UTC)

    def told(exchange: int) -> str:
        row = next(recording.exchanges(exchange), None)
        if row is None:
            return f"#{exchange}"
        status = "no answer" if row.status is None else str(row.status)
        at = local(recording.run, row.at, now)
        return f"#{exchange} {at}  {printable(row.method)} {printable(path_of(row.url))} → {status}"

    return told


def _all_found(
    paths: tuple[Path, ...], hop: dict[str, Path] | None, given: "Profile | None", wanted: _Wanted
) -> Iterator[_Found]:
    """What each recording gave, those of a hop together, in the order in which they were started."""
    by_side = sides(hop, paths)
    if len(by_side) == 2:
        yield _of_hop(by_side["client-side"], by_side["server-side"], given, wanted)
    for side, path in by_side.items() if len(by_side) == 1 else ():
        yield _of_one(path, given, wanted, side=side)
    taken = {path.resolve() for path in by_side.values()}
    for path in in_order_of_start(path for path in paths if path.resolve() not in taken):
        yield _of_one(path, given, wanted)


def _of_one(path: Path, given: "Profile | None", wanted: _Wanted, *, side: str = "") -> _Found:
    from contract.vantage import Vantage
    from postmortem.diagnosing import diagnose
    from recordings.reader import Recording

    with Recording(path) as recording, progress(recording.run.last_seq + 1, str(path)) as advance:
        diagnosed = diagnose(
            str(path),
            recording,
            given or recorded_profile(recording, hint=NAMES_ANOTHER),
            vantage=Vantage(side.removesuffix("-side")) if side else None,
            limit=wanted.limit,
            keep=wanted.keep_of(recording),
            advance=advance,
        )
    return _Found(diagnosed, path, None, "")


def _of_hop(before: Path, behind: Path, given: "Profile | None", wanted: _Wanted) -> _Found:
    from postmortem.both_taps import diagnose_taps
    from postmortem.taps import NoPairError

    with opened(before) as a, opened(behind) as b:
        total = 2 * (a.run.last_seq + b.run.last_seq + 2)
        with progress(total, f"{before.name} → {behind.name}") as advance:
            try:
                diagnosed, joint = diagnose_taps(
                    a,
                    b,
                    given or recorded_profile(a, hint=NAMES_ANOTHER),
                    limit=wanted.limit,
                    keep=wanted.keep_of(a),
                    advance=advance,
                )
            except NoPairError as error:
                raise Unusable(str(error)) from error
    return _Found(diagnosed, before, joint, behind.name)
