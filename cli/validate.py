"""`streamid validate`: judge recordings again."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cli.errors import Unusable
from cli.progress import progress
from cli.recordings_argument import format_option, in_order_of_start, recordings_argument

if TYPE_CHECKING:
    from contract.profile import Profile
    from recordings.reader import Recording
    from replay.validation import Report, Validation


def _codes(context: click.Context, parameter: click.Parameter, listed: str | None) -> tuple[str, ...]:
    """The codes in a list with commas; each must be the beginning of some rule's."""
    from contract.rules import RULES

    codes = tuple(code.strip().upper() for code in (listed or "").split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in RULES):
            raise click.BadParameter(f"there is no rule {code!r}; there are {', '.join(RULES)}")
    return codes


@click.command()
@recordings_argument
@click.option("--profile", metavar="NAME|FILE", help="Judge by this contract, not by the recording's own.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severity for which the exit code is 1. Inconclusive findings never count.",
)
@click.option("--select", metavar="CODES", callback=_codes, help="Judge by these rules only.")
@click.option("--ignore", metavar="CODES", callback=_codes, help="Leave these rules out.")
@format_option
def validate(
    recordings: tuple[Path, ...],
    profile: str | None,
    fail_on: Literal["error", "warning", "never"],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
) -> None:
    """Judge recordings again, and say what is wrong.

    This reads the events back and runs the same checker as live, so the findings are the same.

    Each recording is judged by itself, with the profile that is stored in it, in the order in which they
    were started. CODES are rule codes or their beginnings, with commas between; where --select and
    --ignore both name a rule, the longer one wins.

    Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 unusable input.

    \b
    Examples:
      streamid validate recordings/20250131T120000Z.db
      streamid validate recordings --select ID,CO402
      streamid validate recordings --fail-on warning --format json > report.json
    """
    from replay.validation import Validation, fails

    given = _profile(profile) if profile is not None else None
    validation = Validation(select=select or None, ignore=ignore)
    for path in in_order_of_start(recordings):
        _judge(validation, path, given)
    report = validation.report()
    _print(report, validation, form)
    if fails(report.summary, fail_on):
        raise SystemExit(1)


def _judge(validation: "Validation", path: Path, given: "Profile | None") -> None:
    from recordings.reader import Recording

    with Recording(path) as recording:
        profile = given or _own_profile(recording)
        with progress(recording.run.last_seq + 1, str(path)) as advance:
            validation.judge(str(path), recording, profile, advance)


def _own_profile(recording: "Recording") -> "Profile":
    from contract.profile import Profile, ProfileError

    info = recording.run.info
    try:
        return Profile.from_toml(info.profile_toml, f"{recording.path} (profile {info.profile_name})")
    except ProfileError as error:
        raise Unusable(f"{error}; --profile names another") from error


def _profile(name: str) -> "Profile":
    from contract.profile import Profile, ProfileError, builtin, builtin_names

    try:
        if name in builtin_names():
            return builtin(name)
        return Profile.from_toml(Path(name).read_text(encoding="utf-8"), name)
    except ProfileError as error:
        raise Unusable(str(error)) from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: is no text in UTF-8") from error
    except OSError as error:
        known = ", ".join(builtin_names())
        raise Unusable(f"{name}: no such profile file, and no built-in profile ({known})") from error


def _print(report: "Report", validation: "Validation", form: str) -> None:
    if form == "json":
        from cli.rendering.report_json import report_json

        click.echo(report_json(report))
        return
    from cli.rendering.finding_lines import report_lines

    for line in report_lines(report, validation.latest):
        click.echo(line)
