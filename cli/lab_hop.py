"""`streamid lab hop`: a bad reverse proxy to stand on the way."""

import asyncio
import sys
from collections.abc import Sequence

import click

from cli.errors import Unusable
from cli.recordings_argument import format_option
from lab.loopback import PortBusyError, listen


@click.command()
@click.option("--upstream", metavar="http://HOST:PORT", help="Where requests go.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=3012, show_default=True, help="0 takes a free one."
)
@click.option(
    "--fault", "faults", metavar="NAME[=VALUE]", multiple=True, help="What it does; may be repeated."
)
@click.option("--list", "listed", is_flag=True, help="List all faults and the rules that they break.")
@format_option
def hop(upstream: str | None, port: int, faults: tuple[str, ...], listed: bool, form: str) -> None:
    """Run a reverse proxy that breaks what passes; without a fault it changes nothing.

    It is no part of the recorder and shares no code with it: put it between a client and the service, or
    between two proxies. It listens on this machine alone, until Ctrl-C.

    \b
    Examples:
      streamid lab hop --upstream http://localhost:3002 --fault strip-id
      streamid lab hop --upstream http://localhost:8080 --fault buffer --fault lower-case
      streamid lab hop --list
    """
    if listed:
        _list(form)
    elif upstream is None:
        raise click.UsageError("Give --upstream, or --list.")
    else:
        _run(upstream, port, faults)


def _list(form: str) -> None:
    from lab.hop.table import HOP_FAULTS

    if form == "json":
        from cli.rendering.json_stream import array, written

        names = ("name", "value", "summary", "breaks", "follows")
        written(array({name: getattr(row, name) for name in names} for row in HOP_FAULTS))
        return
    width = max(len(_usage(row.name, row.value)) for row in HOP_FAULTS)
    for row in HOP_FAULTS:
        click.echo(f"{_usage(row.name, row.value):{width}}  {row.summary}")
        click.echo(f"{'':{width}}    {_rules(row.breaks, row.follows)}")


def _usage(name: str, value: str) -> str:
    if value.startswith("["):
        return f"{name}[={value[1:]}"
    return f"{name}={value}" if value else name


def _rules(breaks: Sequence[str], follows: Sequence[str]) -> str:
    parts = [" ".join(breaks) or "no rule"]
    if follows:
        parts.append(f"the tester then {' '.join(follows)}")
    return "; ".join(parts)


def _run(upstream: str, port: int, faults: tuple[str, ...]) -> None:
    from lab.hop.server import serve
    from lab.hop.table import UnknownFaultError, faults_of
    from lab.hop.upstream import Address

    try:
        made = faults_of(faults)
        address = Address.parse(upstream)
        sockets = listen(port)
    except UnknownFaultError as error:
        raise Unusable(f"--fault {error}") from error
    except ValueError as error:
        raise Unusable(f"--upstream {error}") from error
    except PortBusyError as error:
        raise Unusable(str(error)) from error

    def announce() -> None:
        click.echo(f"hop       http://localhost:{sockets[0].getsockname()[1]}")
        click.echo(f"upstream  {upstream}")
        click.echo(f"faults    {', '.join(faults) or 'none'}")
        click.echo("Ready. Ctrl-C stops it.")
        sys.stdout.flush()

    asyncio.run(serve(sockets, address, made, announce))
    click.echo("Stopped.", err=True)
