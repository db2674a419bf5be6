"""`streamid resend`: send a recording's requests to a live service, and compare what comes back."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.colour import colour_option
from cli.progress import progress
from cli.recordings_argument import note, recording_argument

if TYPE_CHECKING:
    from replay.resending.report import Report
    from replay.resending.running import Job

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the signal's number."""


def _speed(context: click.Context, parameter: click.Parameter, text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise click.BadParameter(f"{text!r} is no speed; write a number above 0, such as 0.5, or max")
    return speed


def _concurrency(context: click.Context, parameter: click.Parameter, text: str) -> int | None:
    if text == "recorded":
        return None
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is neither 'recorded' nor a number from 1")
    return int(text)


def _pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise click.BadParameter("write NAME=VALUE")
    return {name: value for name, _, value in pairs}


@click.command()
@recording_argument
@click.option(
    "--to",
    "to",
    metavar="[ORIGIN=]URL",
    multiple=True,
    required=True,
    help="Where to send; with an ORIGIN (as recorded) in front where the recording has several.",
)
@click.option(
    "--speed",
    metavar="FACTOR|max",
    default="1",
    show_default=True,
    callback=_speed,
    help="How fast, as a factor; max: without pauses.",
)
@click.option("--only", metavar="FILTER", help="Requests that match this filter of mitmproxy.")
@click.option(
    "--concurrency",
    metavar="recorded|N",
    default="recorded",
    show_default=True,
    callback=_concurrency,
    help="How many requests at once, at most.",
)
@click.option("--record", type=Path, metavar="OUT.db", help="Write what comes back to this recording.")
@click.option("--proxy", metavar="URL", help="Send through this HTTP proxy.")
@click.option("--ca", type=Path, metavar="FILE", help="Trust these certificates (PEM), too.")
@click.option("--learn", is_flag=True, help="Send twice; what differs between the two is not compared.")
@click.option("--ignore", "ignored", metavar="FIELD", multiple=True, help="Do not compare this field.")
@click.option(
    "--compare",
    "compared",
    type=click.Choice(["timing"]),
    multiple=True,
    help="What else counts as a difference.",
)
@click.option(
    "--secret",
    "secrets",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="A secret that the recording hides.",
)
@click.option("--secrets-file", type=Path, metavar="FILE", help='Secrets as lines of TOML: name = "value".')
@click.option("--profile", metavar="NAME|FILE", help="Another contract than the recording's own.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Give an answer up after so long without a byte.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="JSON and XML go to standard output alone.",
)
@colour_option
def resend(recording: Path, form: str, **chosen: Any) -> None:
    """Send a recording's requests to a live service, and compare its answers with the recorded ones.

    Requests leave at their recorded times, and overlap as they did. What an answer issues – a token, a
    session, a stream's ID – is found without configuration, and later requests carry what the new
    answers issued. Where the recorded client left a stream, it is left again.

    Secrets that the recording hides and that no answer issues, such as passwords, have to be given: by
    --secret, --secrets-file, as environment variable STREAMID_SECRET_NAME, or when asked for on a
    terminal. The error that lists them says their names.

    A FIELD is written as in the report: "header server", "JSON user.id", "event chunk: text".

    Exit codes: 0 no differences, 1 differences, 2 unusable input, 130 interrupted by Ctrl-C (the report
    then says what there was until then).

    \b
    Examples:
      streamid resend recordings/chat.db --to http://localhost:3002
      streamid resend demo.db --to http://localhost:3000=http://localhost:4000 \\
        --to http://localhost:3002=http://localhost:4002 --secret user1=User1@123
      streamid resend recordings/chat.db --to https://staging.test --only '~m POST' --speed max
    """
    from cli.resend_job import job_of

    job = job_of(recording, **chosen)
    report = _run(job, recording, chosen["record"])
    _print(report, form)
    if report.interrupted:
        raise SystemExit(INTERRUPTED)
    if report.differs:
        raise SystemExit(1)


def _run(job: "Job", recording: Path, record: Path | None) -> "Report":
    import asyncio

    from cli.resend_job import writing
    from replay.resending.running import resend as send

    with writing(record, job) as put, progress(len(job.steps) * (1 + job.learns), str(recording)) as advance:
        return asyncio.run(send(job, put, lambda _: advance(1)))


def _print(report: "Report", form: str) -> None:
    match form:
        case "json":
            from cli.rendering.resend_json import report_json

            click.echo(report_json(report))
        case "junit":
            from cli.rendering.resend_junit import junit_xml

            click.echo(junit_xml(report))
        case _:
            from cli.rendering.resend_text import report_lines

            for line in report_lines(report):
                click.echo(line)
    if report.interrupted:
        note("interrupted; the report is about what was sent until then")
