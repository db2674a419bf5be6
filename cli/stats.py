"""`streamid stats`: what many exchanges come to."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.exchange_filters import Filters, exchange_filters
from cli.named import recorded_profile
from cli.recordings_argument import format_option, in_order_of_start, note, recordings_argument

if TYPE_CHECKING:
    from postmortem.activity import Activity
    from postmortem.statistics import Statistics
    from recordings.reader import Recording
    from recordings.rows import ExchangeRow

BY = ("route", "host", "status", "outcome", "hour")


@click.command()
@recordings_argument
@click.option(
    "--by", type=click.Choice(BY), default="route", show_default=True, help="What exchanges are grouped by."
)
@click.option("--gaps", is_flag=True, help="Measure the times between all chunks of streams, too.")
@exchange_filters
@format_option
def stats(recordings: tuple[Path, ...], by: str, gaps: bool, form: str, **chosen: Any) -> None:
    """Latencies, event rates, outcomes and bytes, by route.

    Percentiles are exact: a p90 is the least time that was enough for 90 % of the exchanges. Those of
    --gaps are within 1 %.

    A route is the method, and the profile's path template or the host and path with what looks like an
    identifier left out. Hours are UTC. Options that choose are those of `streamid ls`.

    \b
    Examples:
      streamid stats recordings/20250131T120000Z.db
      streamid stats recordings --by hour --role issue
      streamid stats recordings --since 10m --format json | jq '.total.first_byte.p99'
    """
    from cli.rendering.glyphs import glyphs, output_width
    from postmortem.statistics import MEASURES, Statistics
    from recordings.figures import Figures

    filters = Filters(**chosen)
    paths = in_order_of_start(recordings)
    with Figures(len(MEASURES)) as figures:
        statistics = Statistics(figures, with_gaps=gaps)
        activity = _taken(paths, filters, statistics, by, gaps=gaps)
        if filters and not statistics.total.exchanges:
            note("no exchange fits these options")
        if form == "json":
            from cli.rendering.json_stream import text_of
            from cli.rendering.stats_json import stats_json

            click.echo(text_of(stats_json([str(path) for path in paths], by, statistics, activity)))
            return
        from cli.rendering.stats_text import StatsText

        for line in StatsText(statistics, by, activity, output_width(), glyphs()).lines():
            click.echo(line)


def _taken(
    paths: list[Path], filters: Filters, statistics: "Statistics", by: str, *, gaps: bool
) -> "Activity":
    """Take the chosen exchanges of all recordings; says how busy it was when."""
    from postmortem.activity import Activity
    from postmortem.statistics import is_stream
    from recordings.reader import Recording

    runs = []
    for path in paths:
        with Recording(path) as recording:
            runs.append(recording.run)
    activity = Activity(runs)
    for path in paths:
        with Recording(path) as recording:
            run, name_of = recording.run, _namer(by, recording)
            for row in filters.rows(recording):
                pace = recording.pace(row.exchange) if gaps and is_stream(row) else ()
                statistics.take(row, name_of(row), pace)
                activity.count(run.time(row.at))
    return activity


def _namer(by: str, recording: "Recording") -> "Callable[[ExchangeRow], str]":
    """A function that names the group of an exchange."""
    run = recording.run
    match by:
        case "host":
            return lambda row: _parts(row.url)[0] or "(no host)"
        case "status":
            return lambda row: "none" if row.status is None else str(row.status)
        case "outcome":
            return lambda row: row.outcome
        case "hour":
            return lambda row: run.time(row.at).strftime("%Y-%m-%dT%HZ")
    return _routes(recording)


def _routes(recording: "Recording") -> "Callable[[ExchangeRow], str]":
    from replay.playback.path_shapes import shape_of_paths, templates

    profile = recorded_profile(recording)
    shape, known = shape_of_paths(profile), set(templates(profile))

    def name(row: "ExchangeRow") -> str:
        host, target = _parts(row.url)
        path = shape(target)
        return f"{row.method} {path}" if path in known else f"{row.method} {host}{path}"

    return name


def _parts(url: str) -> tuple[str, str]:
    """Host with its port, and what follows; nothing and the target itself where that is no URL."""
    _, slashes, rest = url.partition("://")
    if not slashes:
        return "", url
    host, slash, path = rest.partition("/")
    return host, slash + path
