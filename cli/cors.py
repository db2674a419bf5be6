"""`streamid cors`: which headers a script on another origin can read, and why not."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option, in_order_of_start, note, recordings_argument

if TYPE_CHECKING:
    from contract.profile import Profile
    from recordings.reader import Recording
    from replay.cors import Answer

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@\\,]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _origin(context: click.Context, parameter: click.Parameter, value: str | None) -> bytes | None:
    if value is None:
        return None
    if value != "null" and not (_ORIGIN.fullmatch(value) and value.isascii()):
        raise click.BadParameter(
            f"{value!r} is no origin: write scheme://host or scheme://host:port in lower case, or null"
        )
    return value.encode()


def _names(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise click.BadParameter(f"{name!r} is no header name (RFC 9110 §5.1)")
    return names


@click.command()
@recordings_argument
@click.option("--origin", metavar="ORIGIN", callback=_origin, help="Ask for a script on this origin.")
@click.option(
    "--header",
    "names",
    metavar="NAME",
    multiple=True,
    callback=_names,
    help="Ask for this header, not for those of the profile; may be repeated.",
)
@click.option(
    "--credentials",
    type=click.Choice(["include", "omit"]),
    help="What the script asks fetch for; without it, what the request shows (a cookie means include).",
)
@format_option
def cors(
    recordings: tuple[Path, ...],
    origin: bytes | None,
    names: tuple[str, ...],
    credentials: str | None,
    form: str,
) -> None:
    """Say which headers a script on another origin could read, and why not.

    For each exchange that a script may have made (its request has an Origin, or --origin names one), for the
    header with the stream's ID and those that the profile wants exposed, by the rules of the Fetch
    standard. The answer is yes, no, or ? where a proxy cannot tell.

    The response is taken as it was recorded: a service may answer another origin differently.

    Exit codes: 0, or 2 for unusable input.

    \b
    Examples:
      streamid cors recordings/20250131T120000Z.db
      streamid cors recordings --header X-Request-Id --format json | jq '.[] | select(.readable != true)'
      streamid cors recordings --origin https://app.example --credentials include
    """
    paths = in_order_of_start(recordings)
    several = len(recordings) > 1
    answers = _answers(paths, origin, names, credentials)
    if form == "json":
        from cli.rendering.json_stream import array, written

        written(array(_as_json(path, answer, several=several) for path, answer in answers))
        return
    from cli.rendering.cors_table import cors_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in cors_lines(_counted(answers, origin), several=several, width=width):
        click.echo(line)


def _answers(
    paths: list[Path], origin: bytes | None, names: tuple[str, ...], credentials: str | None
) -> "Iterator[tuple[Path, Answer]]":
    from contract.cors import Credentials
    from recordings.reader import Recording
    from replay.cors import answers

    modes = {None: None, "include": Credentials.INCLUDED, "omit": Credentials.OMITTED}
    for path in paths:
        with Recording(path) as recording:
            wanted = names or _wanted(recording)
            for answer in answers(recording, wanted, origin, modes[credentials]):
                yield path, answer


def _wanted(recording: "Recording") -> tuple[str, ...]:
    """The header that carries the ID, and those that the profile wants exposed, once each."""
    profile = _profile(recording)
    found: dict[str, str] = {}
    for name in (*(route.id.header or "" for route in profile.issue), *profile.cors.expose):
        found.setdefault(name.lower(), name)
    found.pop("", None)  # an ID that is not in a header
    if not found:
        raise Unusable(f"{recording.path}: the profile {profile.name} names no header; --header names one")
    return tuple(found.values())


def _profile(recording: "Recording") -> "Profile":
    from contract.profile import Profile, ProfileError

    info = recording.run.info
    try:
        return Profile.from_toml(info.profile_toml, f"{recording.path} (profile {info.profile_name})")
    except ProfileError as error:
        raise Unusable(f"{error}; --header names headers without it") from error


def _as_json(path: Path, answer: "Answer", *, several: bool) -> dict[str, Any]:
    """The documented keys; `recording` only where there is more than one."""
    return ({"recording": str(path)} if several else {}) | {
        "exchange": answer.exchange,
        "origin": answer.origin,
        "header": answer.header,
        "readable": answer.readable,
        "because": answer.because,
    }


def _counted(
    answers: "Iterator[tuple[Path, Answer]]", origin: bytes | None
) -> "Iterator[tuple[Path, Answer]]":
    """The same; says on standard error where there are none."""
    empty = True
    for each in answers:
        empty = False
        yield each
    if empty:
        asked = "" if origin else "; --origin asks for a script on an origin"
        note(f"no request with an Origin has a response here{asked}")
