"""The `streamid` command: an explicit list of commands, each loaded only when it is needed."""

import importlib
import io
import os
import sys
from typing import Any

import click

from cli.colour import colour_option
from cli.errors import Unusable
from recordings.errors import RecordingError

COMMANDS = {
    "proxy": "cli.proxy:proxy",
    "ls": "cli.ls:ls",
    "show": "cli.show:show",
    "stats": "cli.stats:stats",
    "tail": "cli.tail:tail",
    "validate": "cli.validate:validate",
    "report": "cli.report:report",
    "cors": "cli.cors:cors",
    "diagnose": "cli.diagnose:diagnose",
    "diff": "cli.diff:diff",
    "probe": "cli.probe:probe",
    "profiles": "cli.profiles:profiles",
    "rule": "cli.rule:rule",
    "cause": "cli.cause:cause",
    "serve": "cli.serve:serve",
    "faults": "cli.faults:faults",
    "resend": "cli.resend:resend",
    "import": "cli.import_:import_",
    "index": "cli.index:index",
    "datasette": "cli.datasette:datasette",
    "export": "cli.export:export",
    "lab": "cli.lab:lab",
    "demo": "cli.demo:demo",
    "doctor": "cli.doctor:doctor",
    "addon-path": "cli.proxy:addon_path",
}
"""Where each command is, in the order in which `streamid --help` lists them."""


class Commands(click.Group):
    """A group over `COMMANDS`. What makes a recording unusable is one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the one command that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and translate the errors of the rooms below."""
        try:
            return super().invoke(ctx)
        except RecordingError as error:
            raise Unusable(str(error)) from error


def _version(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("streamid-proxy")
    except PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"streamid {number}")
    context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
@colour_option
@click.pass_context
def main(context: click.Context) -> None:
    """Record, verify and explain streaming chat traffic.

    \b
    Example:
      streamid proxy http://localhost:3002       record and verify what passes
      streamid ls recordings                     list what was recorded
      streamid show recordings/latest.db 4       look at one exchange
      streamid validate recordings               judge it again
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # an encoding that lacks an arrow is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    if context.color is None and os.environ.get("NO_COLOR"):
        context.color = False
