"""`--color` and `NO_COLOR` (https://no-color.org): the option wins over the variable, that over the terminal.

The choice is kept where click keeps it, in `Context.color`: None (a terminal gets colours), True or False.
"""

from collections.abc import Callable
from typing import Any

import click

_CHOICES: dict[str, bool | None] = {"auto": None, "always": True, "never": False}


def _choose(context: click.Context, parameter: click.Parameter, choice: str | None) -> None:
    if choice is not None:
        context.color = _CHOICES[choice]


def colour_option[F: Callable[..., Any]](command: F) -> F:
    """Give `command` the option `--color auto|always|never`."""
    return click.option(
        "--color",
        type=click.Choice(list(_CHOICES)),
        expose_value=False,
        callback=_choose,
        help="When to use colours; NO_COLOR is honoured.",
    )(command)
