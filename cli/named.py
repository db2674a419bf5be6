"""What users name on the command line: a profile, and rules by their codes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.errors import Unusable

if TYPE_CHECKING:
    from contract.profile import Profile
    from recordings.reader import Recording


def named_profile(name: str) -> "tuple[Profile, str]":
    """A built-in profile, or that of a file, and its text."""
    from contract.profile import Profile, ProfileError, builtin_names, builtin_toml

    try:
        text = builtin_toml(name) if name in builtin_names() else Path(name).read_text(encoding="utf-8")
        return Profile.from_toml(text, name), text
    except ProfileError as error:
        raise Unusable(str(error)) from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: is no text in UTF-8") from error
    except OSError as error:
        known = ", ".join(builtin_names())
        raise Unusable(f"{name}: no such profile file, and no built-in profile ({known})") from error


def rule_codes(context: click.Context, parameter: click.Parameter, listed: str | None) -> tuple[str, ...]:
    """The codes in a list with commas; each must be the beginning of some rule's."""
    from contract.rules import RULES

    codes = tuple(code.strip().upper() for code in (listed or "").split(",") if code.strip())
    for code in codes:
        if not any(known.startswith(code) for known in RULES):
            raise click.BadParameter(f"there is no rule {code!r}; there are {', '.join(RULES)}")
    return codes


def recorded_profile(recording: "Recording", *, hint: str = "") -> "Profile":
    """The profile that is stored in `recording`; `hint` is added to the sentence where it cannot be used."""
    from contract.profile import ProfileError
    from replay.judging import own_profile

    try:
        return own_profile(recording)
    except ProfileError as error:
        raise Unusable(f"{error}{hint}") from error


NAMES_ANOTHER = "; --profile names another"
"""The hint of commands that have this option."""
