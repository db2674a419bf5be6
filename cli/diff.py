"""`streamid diff`: what a hop did, from recordings made on both sides of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable
from cli.moment import MomentType, narrowing
from cli.named import NAMES_ANOTHER, named_profile, recorded_profile
from cli.progress import progress
from cli.recordings_argument import format_option, opened, recordings_argument

if TYPE_CHECKING:
    from contract.profile import Profile
    from postmortem.hops import HopReport
    from recordings.reader import Recording
    from replay.narrowing import Narrowing


@click.command()
@recordings_argument
@click.option("--profile", metavar="NAME|FILE", help="Judge by this contract, not by the first recording's.")
@click.option(
    "--exchange",
    "numbers",
    type=click.IntRange(1),
    metavar="N",
    multiple=True,
    help="Compare this exchange of the first recording; may be repeated.",
)
@click.option("--since", type=MomentType(), help="Compare what began from this time on.")
@click.option("--until", type=MomentType(), help="Compare what began before this time.")
@click.option("--stream", "streams", metavar="ID", multiple=True, help="Compare exchanges of this stream.")
@click.option("--scope", "scopes", metavar="KEY", multiple=True, help="Compare exchanges in this scope.")
@click.option("--all", "everything", is_flag=True, help="List exchanges that are alike, too.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    help="How many exchanges are listed (0: all); all are counted.",
)
@format_option
def diff(
    recordings: tuple[Path, ...],
    profile: str | None,
    numbers: tuple[int, ...],
    everything: bool,
    limit: int,
    form: str,
    **chosen: Any,
) -> None:
    """Compare recordings of the same traffic, made before and behind a hop.

    RECORDING... are two or more, from the client's side to the server's: each is compared with the next. The
    machines' clocks may differ; how they do is estimated from the traffic. Told is what the hop did between
    the taps: fields dropped, renamed, changed or added, bodies and events, what it held back, cut off,
    repeated or never passed on.

    Times and --exchange, --stream and --scope are those of the first recording.

    Exit codes: 0 nothing was changed, 1 differences, 2 unusable input, also where no exchange is in both.
    Requests that only the server's side saw are listed and make no difference.

    \b
    Examples:
      streamid diff client-side.db server-side.db
      streamid diff edge.db gateway.db service.db --exchange 12
      streamid diff client-side.db server-side.db --format json | jq '.hops[].changes'
    """
    if len(recordings) < 2:
        raise Unusable(
            f"{recordings[0]}: is one recording; diff compares two or more, the client's side first"
        )
    given = named_profile(profile)[0] if profile is not None else None
    narrowed = narrowing(**chosen)
    with ExitStack() as stack:
        taps = [stack.enter_context(opened(path)) for path in recordings]
        profile_used = given or recorded_profile(taps[0], hint=NAMES_ANOTHER)
        wanted = _wanted(taps[0], numbers, narrowed)
        reports = list(_reports(taps, profile_used, wanted, everything=everything, limit=limit or 1 << 62))
    _print(reports, profile_used, form, everything=everything)
    if not all(report.is_alike for report in reports):
        raise SystemExit(1)


def _wanted(recording: "Recording", numbers: tuple[int, ...], narrowing: "Narrowing") -> set[int] | None:
    """The exchanges of the first recording that are asked for; None for all."""
    if not numbers and not narrowing:
        return None
    low, high = narrowing.span(recording.run.info.started)
    rows = [
        row
        for row in recording.exchanges()
        if low <= row.at < high
        and (not numbers or row.exchange in numbers)
        and (not narrowing.streams or row.stream in narrowing.streams)
        and (not narrowing.scopes or row.scope in narrowing.scopes)
    ]
    if not rows:
        raise Unusable(f"{recording.path}: has no exchange that is asked for")
    if missing := set(numbers) - {row.exchange for row in rows}:
        raise Unusable(f"{recording.path}: exchange {min(missing)} is not there, or not asked for otherwise")
    return {row.exchange for row in rows}


def _reports(
    recordings: "list[Recording]",
    profile: "Profile",
    wanted: set[int] | None,
    *,
    everything: bool,
    limit: int,
) -> "Iterator[HopReport]":
    """One hop after the other; what is asked for is followed under the numbers that it has there."""
    from postmortem.hops import hop_report
    from postmortem.taps import NoPairError, Taps

    for a, b in pairwise(recordings):
        total = 2 * (a.run.last_seq + b.run.last_seq + 2)
        with progress(total, f"{a.path.name} → {b.path.name}") as advance:
            try:
                taps = Taps(a, b, advance)
            except NoPairError as error:
                raise Unusable(str(error)) from error
            report = hop_report(
                taps, profile, wanted=wanted, everything=everything, limit=limit, advance=advance
            )
        if wanted is not None:
            wanted = {pair.b.exchange for pair in report.pairs.values()}
        yield report


def _print(reports: "list[HopReport]", profile: "Profile", form: str, *, everything: bool) -> None:
    if form == "json":
        from cli.rendering.diff_json import diff_fields
        from cli.rendering.json_stream import text_of

        click.echo(text_of(diff_fields(reports, profile.name)))
        return
    from cli.rendering.diff_text import diff_lines

    for number, report in enumerate(reports):
        if number:
            click.echo()
        for line in diff_lines(report, everything=everything):
            click.echo(line)
