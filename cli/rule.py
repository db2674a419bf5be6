"""`streamid rule`: what a rule means, and how to mend what it finds."""

import shutil
import sys
from typing import TYPE_CHECKING

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option

if TYPE_CHECKING:
    from contract.explaining import Explanation

_WIDEST = 100


@click.command()
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="List all rules, a line each.")
@format_option
def rule(codes: tuple[str, ...], everything: bool, form: str) -> None:
    """Explain rules: what they check, why, an example from the lab, and how to mend what they find.

    A CODE is a rule's code, the beginning of one (EC, CO4) or a rule's name, in upper or lower case.

    \b
    Examples:
      streamid rule CO402
      streamid rule sv id-missing
      streamid rule --all
    """
    if everything == bool(codes):
        raise click.UsageError("Name one or more rules, or give --all.")
    found = _explained(codes, everything=everything)
    if form == "json":
        from cli.rendering.json_stream import array, written
        from cli.rendering.rule_json import rule_fields

        written(array(map(rule_fields, found)))
    elif everything:
        _list(found)
    else:
        _explain(found)


def _explained(codes: tuple[str, ...], *, everything: bool) -> "list[Explanation]":
    """What was asked for, each rule once, in the order asked."""
    from contract.explaining import explanation
    from contract.rules import RULES

    wanted = list(RULES) if everything else [code for asked in codes for code in _codes(asked)]
    return [explanation(code) for code in dict.fromkeys(wanted)]


def _codes(asked: str) -> list[str]:
    from cli.rendering.escaping import printable
    from contract.explaining import codes_of

    found = codes_of(asked)
    if not found:
        near = _nearest(asked)
        hint = f"did you mean {near}?" if near else "streamid rule --all lists them"
        raise Unusable(f"{printable(asked)}: there is no such rule; {hint}")
    return found


def _nearest(asked: str) -> str:
    """The code or the name that is most like what was asked for; empty if none is much like it."""
    from difflib import get_close_matches

    from contract.rules import RULES

    codes = get_close_matches(asked.upper(), RULES, n=1, cutoff=0.6)
    names = get_close_matches(asked.lower(), [rule.name for rule in RULES.values()], n=1, cutoff=0.6)
    return next(iter(codes + names), "")


def _list(found: "list[Explanation]") -> None:
    from cli.rendering.rule_text import table_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines(found, width):
        click.echo(line)


def _explain(found: "list[Explanation]") -> None:
    from cli.rendering.rule_text import page_lines

    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for number, each in enumerate(found):
        if number:
            click.echo("\n")
        for line in page_lines(each, width):
            click.echo(line)
