"""`streamid cause`: what a cause means, and what it is told by."""

from typing import TYPE_CHECKING

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option

if TYPE_CHECKING:
    from contract.causes.cause import Cause


@click.command()
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="List all causes, a line each.")
@format_option
def cause(codes: tuple[str, ...], everything: bool, form: str) -> None:
    """Explain causes: what they mean, what tells them from others, and what looks just like them.

    A CODE is a cause's code or the beginning of one (server, cors-pre). Examples are in docs/causes.md.

    \b
    Examples:
      streamid cause server-race
      streamid cause cors
      streamid cause --all
    """
    from contract.causes import CAUSES

    if everything == bool(codes):
        raise click.UsageError("Name one or more causes, or give --all.")
    wanted = list(CAUSES) if everything else [code for asked in codes for code in _codes(asked)]
    found = [CAUSES[code] for code in dict.fromkeys(wanted)]
    if form == "json":
        from cli.rendering.cause_text import cause_fields
        from cli.rendering.json_stream import array, written

        written(array(map(cause_fields, found)))
    else:
        _print(found, in_full=not everything)


def _codes(asked: str) -> list[str]:
    from difflib import get_close_matches

    from cli.rendering.escaping import printable
    from contract.causes import CAUSES

    wanted = asked.lower()
    if wanted in CAUSES:
        return [wanted]
    found = [code for code in CAUSES if wanted and code.startswith(wanted)]
    if not found:
        near = get_close_matches(wanted, CAUSES, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else "streamid cause --all lists them"
        raise Unusable(f"{printable(asked)}: there is no such cause; {hint}")
    return found


def _print(found: "list[Cause]", *, in_full: bool) -> None:
    import shutil
    import sys

    from cli.rendering.cause_text import cause_lines, table_lines

    if in_full:
        for number, each in enumerate(found):
            if number:
                click.echo("")
            for line in cause_lines(each):
                click.echo(line)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table_lines(found, width):
            click.echo(line)
