"""`streamid report`: recordings as one page, as a ticket, or as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.hop_option import hop_option, sides
from cli.named import recorded_profile
from cli.progress import progress
from cli.recordings_argument import in_order_of_start, note, recordings_argument
from cli.written_file import check_writable, write_file

if TYPE_CHECKING:
    from cli.progress import Advance
    from contract.profile import Profile
    from postmortem.diagnosing import Diagnosed
    from postmortem.report.model import Report, Source
    from recordings.reader import Recording

STANDARD_OUTPUT = Path("-")


@click.command()
@recordings_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Where to write; - is standard output. [default: report.html, or - for other formats]",
)
@hop_option
@click.option("--all-streams", is_flag=True, help="Show every stream in full, however many there are.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "json"]),
    default="html",
    show_default=True,
    help="A page, the text of a ticket, or all data.",
)
@colour_option
def report(
    recordings: tuple[Path, ...],
    output: Path | None,
    hop: dict[str, Path] | None,
    all_streams: bool,
    form: str,
) -> None:
    """Write a report: incidents and their causes, all exchanges, streams, findings.

    The page is one file that loads nothing from anywhere. The ticket (--format markdown) has incidents
    with their evidence. Streams with an incident or a finding are shown in full, up to 40 of a recording;
    where there are no more than 40 at all, every one is.

    FILE is replaced where it is there, but never where it is a recording. It is readable for you alone.

    Exit codes: 0 written, whatever is in it; 2 unusable input.

    \b
    Examples:
      streamid report recordings/20250131T120000Z.db -o report.html
      streamid report recordings --format markdown | gh issue create --title Mismatch --body-file -
      streamid report recordings --format json | jq -r .verdict
      streamid report a.db b.db --hop client-side=a.db,server-side=b.db
    """
    target = output or (Path("report.html") if form == "html" else STANDARD_OUTPUT)
    if target != STANDARD_OUTPUT:
        check_writable(target)
    made = _made(in_order_of_start(recordings), sides(hop, recordings), all_streams=all_streams)
    pieces = _pieces(made, form)
    if target == STANDARD_OUTPUT:
        from cli.rendering.json_stream import written

        written(pieces)
        return
    text = "".join(pieces) + "\n"
    was_there = write_file(target, text)
    note(f"{target}: {'written anew' if was_there else 'written'}, {len(text.encode()):,} bytes")


def _made(paths: list[Path], hop: dict[str, Path], *, all_streams: bool) -> "Report":
    from datetime import UTC, datetime

    from postmortem.report.building import STREAMS, build

    return build(
        _sources(paths, hop),
        version=_version(),
        made=datetime.now(UTC),
        limit=None if all_streams else STREAMS,
    )


def _sources(paths: list[Path], hop: dict[str, Path]) -> "Iterator[Source]":
    from postmortem.report.model import Source
    from recordings.reader import Recording

    for path in paths:
        with Recording(path) as recording, progress(recording.run.last_seq + 1, str(path)) as advance:
            profile = recorded_profile(recording)
            yield Source(str(path), recording, _diagnosed(recording, profile, hop, advance))


def _diagnosed(
    recording: "Recording", profile: "Profile", hop: dict[str, Path], advance: "Advance"
) -> "Diagnosed":
    """Its incidents; of two taps both have those of the whole way: the one before the hop tells them."""
    from contract.vantage import Vantage
    from postmortem.both_taps import diagnose_taps
    from postmortem.diagnosing import Diagnosed, diagnose
    from postmortem.taps import NoPairError
    from recordings.reader import Recording

    path = recording.path
    side = next((side for side, file in hop.items() if file.resolve() == path.resolve()), "")
    if len(hop) < 2 or not side:
        vantage = Vantage(side.removesuffix("-side")) if side else None
        return diagnose(str(path), recording, profile, vantage=vantage, advance=advance)
    if side == "server-side":
        return Diagnosed(str(path), profile.name)
    with Recording(hop["server-side"]) as behind:
        try:
            return diagnose_taps(recording, behind, profile, advance=advance)[0]
        except NoPairError as error:
            raise Unusable(str(error)) from error


def _pieces(report: "Report", form: str) -> Iterator[str]:
    if form == "html":
        from postmortem.report.html import page

        yield page(report)
    elif form == "markdown":
        from cli.rendering.ticket_markdown import ticket_lines

        yield "\n".join(ticket_lines(report))
    else:
        from cli.rendering.report_data import report_data

        yield from report_data(report)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("streamid-proxy")
    except PackageNotFoundError:
        return "(not installed)"
