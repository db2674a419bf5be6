"""How a command says that it cannot go on."""

import click


class Unusable(click.ClickException):
    """Input that cannot be used: one line on standard error, exit code 2."""

    exit_code = 2
