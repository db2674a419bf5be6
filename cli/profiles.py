"""`streamid profiles`: the contracts that traffic is judged by."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option

if TYPE_CHECKING:
    from contract.profile import Profile


@click.group()
def profiles() -> None:
    """List, show and check profiles: what a protocol promises, as TOML.

    \b
    Examples:
      streamid profiles list
      streamid profiles show chat > my-service.toml
      streamid profiles check my-service.toml
    """


@profiles.command("list")
@format_option
def list_profiles(form: str) -> None:
    """List the built-in profiles.

    \b
    Example:
      streamid profiles list --format json
    """
    from contract.profile import builtin, builtin_names

    found = [builtin(name) for name in builtin_names()]
    if form == "json":
        click.echo(json.dumps([{"name": each.name, "summary": each.summary} for each in found], indent=2))
        return
    width = max(len(each.name) for each in found)
    for each in found:
        click.echo(f"{each.name:{width}}  {each.summary}")


@profiles.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the built-in profile NAME, to read or to begin one's own with.

    \b
    Example:
      streamid profiles show chat
    """
    from contract.profile import ProfileError, builtin_toml

    try:
        click.echo(builtin_toml(name), nl=False)
    except ProfileError as error:
        raise Unusable(str(error)) from error


@profiles.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Say whether the profile in FILE can be used; else where and why not, with exit code 2.

    \b
    Example:
      streamid profiles check my-service.toml
    """
    profile = _read(file)
    routes = f"{len(profile.issue)} issuing, {len(profile.echo)} echoing, {len(profile.life.close)} closing"
    click.echo(f"{file}: profile {profile.name} is valid ({routes} routes)")


def _read(file: Path) -> "Profile":
    from contract.profile import Profile, ProfileError

    try:
        return Profile.from_toml(file.read_text(encoding="utf-8"), str(file))
    except ProfileError as error:
        raise Unusable(str(error)) from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{file}: is no text in UTF-8") from error
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror or error}") from error
