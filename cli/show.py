"""`streamid show`: one exchange in full."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option, note, opened, recording_argument

if TYPE_CHECKING:
    from contract.events import Event
    from recordings.reader import Recording
    from recordings.rows import ExchangeRow


@click.command()
@recording_argument
@click.argument("exchange", type=int, required=False)
@click.option("--stream", metavar="ID", help="Show the exchange that issued this ID.")
@click.option(
    "--side",
    type=click.Choice(["both", "client", "server"]),
    default="both",
    show_default=True,
    help="Which side of the proxy to show.",
)
@click.option("--full", is_flag=True, help="Show bodies and events in full length.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    help="Lines of the timeline in text; 0 for all. JSON is always complete.",
)
@format_option
def show(
    recording: Path, exchange: int | None, stream: str | None, side: str, full: bool, limit: int, form: str
) -> None:
    """Show one exchange: a drawing of its stream, headers, bodies, timeline, findings.

    EXCHANGE is a number from `streamid ls`. Without it: the first exchange that has a finding, else the
    first that issues a stream's ID. Times in the timeline count from the request.

    The drawing has what belongs to the stream on one axis: its preflight, the stream, its updates with
    their answers. Where the sides of the proxy differ, each has a lane of its own.

    \b
    Examples:
      streamid show recordings/20250131T120000Z.db
      streamid show recordings/20250131T120000Z.db 4 --side server
      streamid show recordings/20250131T120000Z.db --stream stream-1732312345678-1a2b3c4d
      streamid show recordings/20250131T120000Z.db 4 --format json | jq '.events[].data'
    """
    with opened(recording) as opened_recording:
        row = _chosen(opened_recording, exchange, stream)
        if form == "json":
            _as_json(opened_recording, row, side)
        else:
            _as_text(opened_recording, row, side, full=full, limit=limit)


def _chosen(recording: "Recording", number: int | None, stream: str | None) -> "ExchangeRow":
    if stream is not None:
        if number is not None:
            raise click.UsageError("name an exchange or a stream, not both")
        return _issuing(recording, stream)
    if number is None:
        row, because = _most_telling(recording)
        note(f"showing exchange {row.exchange}, {because}")
        return row
    found = next(recording.exchanges(number), None)
    if found is None:
        raise Unusable(f"{recording.path}: there is no exchange {number}; {_range(recording)}")
    return found


def _most_telling(recording: "Recording") -> "tuple[ExchangeRow, str]":
    first = issuing = None
    for row in recording.exchanges():
        if row.findings:
            return row, "the first that has a finding"
        if issuing is None and row.role == "issue":
            issuing = row
        first = first or row
    if issuing is not None:
        return issuing, "the first that issues a stream's ID (there are no findings)"
    if first is None:
        raise Unusable(f"{recording.path}: there are no exchanges in this recording")
    return first, "the first of all (no finding, no stream)"


def _issuing(recording: "Recording", stream: str) -> "ExchangeRow":
    """The exchange that issued this ID, else the first one that has it."""
    from cli.rendering.escaping import printable
    from contract.findings import Role
    from recordings.selection import Selection

    rows = list(recording.exchanges(chosen=Selection(streams=(stream,))))
    if not rows:
        raise Unusable(f"{recording.path}: there is no stream {printable(stream)!r}; streamid ls lists them")
    issues = [row for row in rows if row.role == Role.ISSUE]
    if len(issues) > 1:
        numbers = ", ".join(f"#{row.exchange}" for row in issues[1:4])
        note(f"the ID was issued {len(issues)} times; this is the first, then came {numbers}")
    elif not issues:
        note(f"this recording has no stream that issued the ID; showing exchange {rows[0].exchange}")
    return (issues or rows)[0]


def _range(recording: "Recording") -> str:
    lowest = highest = None
    for row in recording.exchanges():
        lowest = row.exchange if lowest is None else min(lowest, row.exchange)
        highest = row.exchange if highest is None else max(highest, row.exchange)
    return "the recording is empty" if lowest is None else f"there are {lowest} to {highest}"


def _as_json(recording: "Recording", row: "ExchangeRow", side: str) -> None:
    from cli.rendering.exchange_json import exchange_json
    from cli.rendering.json_stream import written
    from contract.events import Side
    from replay.outline import outline

    number = row.exchange
    findings = recording.findings(number)
    found = outline(recording.exchange(number))
    written(exchange_json(number, found, lambda: recording.exchange(number), findings, Side[side.upper()]))


def _as_text(recording: "Recording", row: "ExchangeRow", side: str, *, full: bool, limit: int) -> None:
    from cli.rendering.exchange_text import ExchangeText
    from contract.events import Side
    from replay.outline import outline

    number = row.exchange

    def reread() -> "Iterator[Event]":
        return recording.exchange(number)

    text = ExchangeText(row, outline(reread()), reread, Side[side.upper()], full=full, limit=limit)
    click.echo(f"exchange {number} of {recording.path}")
    for line in text.title():
        click.echo(line)
    for line in _drawing(recording, row):
        click.echo(line)
    for line in text.lines(recording.findings(number)):
        click.echo(line)


def _drawing(recording: "Recording", row: "ExchangeRow") -> "Iterator[str]":
    """The stream and what belongs to it on a time axis; nothing where there is no stream."""
    from cli.rendering.glyphs import glyphs, output_width
    from cli.rendering.stream_drawing import Drawn, StreamDrawing, strikes
    from cli.rendering.styling import bold
    from postmortem.belonging import belonging, fewer, stream_of
    from postmortem.lanes import lanes

    issue = stream_of(recording, row)
    rows = belonging(recording, issue) if issue is not None else [row]
    some = fewer(rows, row.exchange)
    drawn = [
        Drawn(
            each,
            lanes(recording.exchange(each.exchange)),
            list(recording.findings(each.exchange)),
            [entry for entry in recording.injections(each.exchange) if strikes(entry)],
            list(recording.incidents(each.exchange)),
        )
        for each in some
    ]
    if len(drawn) < 2 and not any(lane.is_stream for each in drawn for lane in each.lanes):
        return
    yield ""
    yield bold("Overview")
    yield from StreamDrawing(drawn, row.exchange, output_width(), glyphs()).lines()
    if len(rows) > len(some):
        yield f"({len(rows) - len(some)} more exchanges belong to this stream)"
