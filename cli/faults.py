"""`streamid faults`: what can be broken on purpose, and whether a plan for it is sound."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.errors import Unusable
from cli.faults_journal import journal
from cli.recordings_argument import format_option

if TYPE_CHECKING:
    from faults.fault import Fault
    from faults.presets import Preset

_WIDEST = 100


@click.group()
def faults() -> None:
    """List and explain the faults that the proxy can inject, and check plans of them.

    \b
    Examples:
      streamid faults list
      streamid faults explain truncate
      streamid faults check plan.toml
      streamid faults journal recording.db
    """


faults.add_command(journal)


@faults.command("list")
@click.option("--presets", "of_presets", is_flag=True, help="List presets instead: what real set-ups do.")
@format_option
def list_faults(of_presets: bool, form: str) -> None:
    """List all kinds of faults, or all presets, a line each.

    \b
    Examples:
      streamid faults list
      streamid faults list --presets
    """
    from cli.rendering.fault_facts import kind_fields, kinds, preset_fields
    from cli.rendering.fault_text import kind_lines, preset_lines
    from cli.rendering.json_stream import array, written
    from faults.presets import PRESETS

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if form == "json":
        written(array(map(preset_fields, PRESETS.values()) if of_presets else map(kind_fields, kinds())))
        return
    for line in preset_lines(PRESETS.values(), width) if of_presets else kind_lines(kinds(), width):
        click.echo(line)


@faults.command()
@click.argument("names", metavar="KIND|PRESET...", nargs=-1, required=True)
@format_option
def explain(names: tuple[str, ...], form: str) -> None:
    """Explain kinds of faults and presets: what is received, settings, which rules they break, a plan.

    \b
    Examples:
      streamid faults explain strip-header
      streamid faults explain nginx-buffering idle-60s
    """
    from cli.rendering.fault_facts import kind_fields, preset_fields
    from cli.rendering.fault_text import kind_page, preset_page
    from cli.rendering.json_stream import array, written

    found = [_found(name) for name in dict.fromkeys(names)]
    if form == "json":
        written(array(kind_fields(each) if isinstance(each, type) else preset_fields(each) for each in found))
        return
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    for number, each in enumerate(found):
        if number:
            click.echo("\n")
        for line in kind_page(each, width) if isinstance(each, type) else preset_page(each, width):
            click.echo(line)


@faults.command()
@click.argument("plans", metavar="PLAN...", nargs=-1, required=True)
@click.option(
    "--profile",
    metavar="NAME|FILE",
    default="chat",
    show_default=True,
    help="Where presets have the name of the ID's header from.",
)
@format_option
def check(plans: tuple[str, ...], profile: str, form: str) -> None:
    """Say what is in plans; what is wrong with them by file, line and field, with exit code 2.

    A PLAN is a TOML file, or presets with commas between, as the proxy's option takes them.

    \b
    Examples:
      streamid faults check plan.toml
      streamid faults check "strip-streaming-id, idle-60s(after=2 s)"
    """
    from cli.rendering.json_stream import array, written

    header = _id_header(profile)
    checked = [_checked(plan, header) for plan in plans]
    if form == "json":
        written(array(checked))
    else:
        _tell(checked)
    if any(each["errors"] for each in checked):
        sys.exit(Unusable.exit_code)


def _tell(checked: list[dict[str, Any]]) -> None:
    from cli.rendering.escaping import printable
    from cli.rendering.fault_text import plan_lines

    for each in checked:
        for error in each["errors"]:
            click.echo(printable(error), err=True)
        if not each["errors"]:
            count = len(each["faults"])
            told = f"{count} fault{'' if count == 1 else 's'}, seed {each['seed']}"
            click.echo(f"{printable(each['plan'])}: {told}")
            for line in plan_lines(each):
                click.echo(line)


def _checked(value: str, id_header: str) -> dict[str, Any]:
    """A plan as a JSON object, with what is wrong with it."""
    from addons.filters import compile_filter
    from cli.rendering.fault_facts import plan_fields
    from faults.plan import PlanError
    from faults.presets import plan_of

    try:
        plan = plan_of(value, None, _read, compile_filter, id_header)
    except PlanError as error:
        return {"plan": value, "errors": str(error).split("\n"), "seed": None, "faults": []}
    return {"plan": value, "errors": [], **plan_fields(plan)}


def _read(name: str) -> str:
    return Path(name).expanduser().read_text(encoding="utf-8")


def _id_header(name: str) -> str:
    """The header in which a profile has its ID; empty where it has none."""
    from contract.profile import Profile, ProfileError, builtin, builtin_names

    try:
        profile = builtin(name) if name in builtin_names() else Profile.from_toml(_read(name), name)
    except (ProfileError, UnicodeDecodeError) as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        known = ", ".join(builtin_names())
        raise Unusable(f"{name}: no such profile file, and no built-in profile ({known})") from error
    return next((issue.id.header for issue in profile.issue if issue.id.header), "")


def _found(name: str) -> "type[Fault] | Preset":
    from cli.rendering.escaping import printable
    from faults.planned import suggestion
    from faults.presets import PRESETS
    from faults.registry import KINDS

    if name in KINDS:
        return KINDS[name]
    if name in PRESETS:
        return PRESETS[name]
    hint = suggestion(name, [*KINDS, *PRESETS])
    raise Unusable(f"{printable(name)}: there is no such kind and no such preset; {hint}")
