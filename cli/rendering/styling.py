"""Colours on text; `click.echo` takes them off where they are not wanted."""

import click


def coloured(text: str, colour: str | None) -> str:
    """`text` in `colour`, as it is where there is none."""
    return click.style(text, fg=colour) if colour else text


def bold(text: str) -> str:
    """`text` in bold."""
    return click.style(text, bold=True)
