"""`streamid validate`: judge recordings again."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.colour import colour_option
from cli.configured import Configured
from cli.errors import Unusable
from cli.moment import MomentType, narrowing
from cli.named import named_profile, rule_codes
from cli.progress import progress
from cli.recordings_argument import in_order_of_start, note, recordings_argument

if TYPE_CHECKING:
    from contract.profile import Profile
    from replay.judging import Judged, Task
    from replay.validation import FailOn, Report, Validation

KEYS = ("select", "ignore", "fail-on", "profile", "baseline", "format", "limit", "jobs")
"""Options that a project's settings may give."""
FORMATS = ("text", "json", "junit", "sarif", "github", "markdown")


@click.command(cls=Configured, keys=KEYS)
@recordings_argument
@click.option("--profile", metavar="NAME|FILE", help="Judge by this contract, not by the recording's own.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severity for which the exit code is 1. Inconclusive findings never count.",
)
@click.option("--select", metavar="CODES", callback=rule_codes, help="Judge by these rules only.")
@click.option("--ignore", metavar="CODES", callback=rule_codes, help="Leave these rules out.")
@click.option("--since", type=MomentType(), help="Report findings from this time on.")
@click.option("--until", type=MomentType(), help="Report findings before this time.")
@click.option("--stream", "streams", metavar="ID", multiple=True, help="Report findings on this stream.")
@click.option("--scope", "scopes", metavar="KEY", multiple=True, help="Report findings in this scope.")
@click.option("--baseline", type=Path, metavar="FILE", help="Leave out what this file knows already.")
@click.option("--write-baseline", type=Path, metavar="FILE", help="Write what is found to this file.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    help="How many findings are listed (0: all); all are counted.",
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Judge with N processes. [default: what pays]"
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="What is printed on standard output.",
)
@colour_option
def validate(
    recordings: tuple[Path, ...],
    profile: str | None,
    fail_on: "FailOn",
    baseline: Path | None,
    write_baseline: Path | None,
    jobs: int | None,
    form: str,
    **chosen: Any,
) -> None:
    """Judge recordings again, and say what is wrong.

    This reads the events back and runs the same checker as live, so the findings are the same.

    Each recording is judged by itself, with the profile that is stored in it, in the order in which they
    were started. CODES are rule codes or their beginnings, with commas between; where --select and
    --ignore both name a rule, the longer one wins.

    TIME is ISO 8601 (without a zone: UTC), or like +90s or 10m after the start of each recording. --since,
    --until, --stream and --scope choose what is reported and counted; the judge sees everything.

    Defaults of options are read from [validate] in streamid.toml or [tool.streamid.validate] in
    pyproject.toml.

    Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 unusable input.

    \b
    Examples:
      streamid validate recordings/20250131T120000Z.db
      streamid validate recordings --select ID,CO402 --since 10m
      streamid validate recordings --write-baseline known.json
      streamid validate recordings --baseline known.json --format junit > report.xml
    """
    from replay.validation import Validation, fails

    task = _task(baseline, gathers=write_baseline is not None, **chosen)
    given = named_profile(profile)[0] if profile is not None else None
    validation = Validation(task)
    for judged in _judged(in_order_of_start(recordings), given, task, jobs):
        validation.add(judged)
    if missing := validation.missing():
        raise Unusable(f"{missing[0]!r}: there is no such stream or scope in what was judged")
    report = validation.report()
    if write_baseline is not None:
        report = _accepted(write_baseline, validation, report)
    _print(report, form, fail_on)
    if fails(report.summary, fail_on):
        raise SystemExit(1)


def _task(baseline: Path | None, *, gathers: bool, **chosen: Any) -> "Task":
    from replay.baseline import BaselineError, read
    from replay.judging import Task

    try:
        known = frozenset(read(baseline)) if baseline is not None else frozenset()
    except BaselineError as error:
        raise Unusable(str(error)) from error
    return Task(
        select=chosen["select"] or None,
        ignore=chosen["ignore"],
        narrowing=narrowing(**chosen),
        known=known,
        gathers=gathers,
        limit=chosen["limit"] or 1 << 62,
    )


def _judged(paths: list[Path], given: "Profile | None", task: "Task", jobs: int | None) -> "Iterator[Judged]":
    """What each recording gave, in the order of `paths`."""
    from contract.profile import ProfileError
    from recordings.reader import Recording
    from replay.parallel import judge_file, judge_files, processes

    sizes = []
    for path in paths:
        with Recording(path) as recording:
            sizes.append(recording.run.last_seq + 1)
    count = processes(jobs, len(paths), sum(sizes))
    try:
        if count > 1:
            with progress(sum(sizes), f"{len(paths)} recordings") as advance:
                for judged, size in zip(judge_files(paths, given, task, count), sizes, strict=True):
                    advance(size)
                    yield judged
            return
        for path, size in zip(paths, sizes, strict=True):
            with progress(size, str(path)) as advance:
                yield judge_file(path, given, task, advance)
    except ProfileError as error:
        raise Unusable(f"{error}; --profile names another") from error


def _accepted(file: Path, validation: "Validation", report: "Report") -> "Report":
    """Write the baseline; with it, all that was found is known."""
    from cli.rendering.report_text import counted
    from replay.baseline import BaselineError, write
    from replay.validation import Summary

    found = validation.gathered
    try:
        write(file, found)
    except BaselineError as error:
        raise Unusable(str(error)) from error
    note(f"{file}: {counted(found.total(), 'finding')} written, {counted(len(found), 'defect')}")
    known = {"findings": [], "summary": Summary(), "known": found.total(), "left_out": 0, "gone": []}
    return report.model_copy(update=known)


def _print(report: "Report", form: str, fail_on: "FailOn") -> None:
    from cli.rendering.report_text import left_out

    for line in _lines(report, form, fail_on):
        click.echo(line)
    if report.left_out and form not in ("text", "markdown"):
        note(left_out(report))


def _lines(report: "Report", form: str, fail_on: "FailOn") -> Iterator[str]:
    match form:
        case "json":
            from cli.rendering.report_json import report_json

            yield report_json(report)
        case "junit":
            from cli.rendering.report_junit import junit_xml

            yield junit_xml(report, fail_on)
        case "sarif":
            from cli.rendering.report_sarif import sarif_json

            yield sarif_json(report)
        case "github":
            from cli.rendering.report_github import github_lines

            yield from github_lines(report)
        case "markdown":
            from cli.rendering.report_markdown import markdown_lines

            yield from markdown_lines(report)
        case _:
            from cli.rendering.report_text import report_lines

            yield from report_lines(report)
