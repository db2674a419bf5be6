"""`streamid lab`: the chat system to try everything on, and a client that tests it."""

import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.lab_hop import hop
from lab.loopback import PortBusyError
from lab.processes import Lab, LabError, LabOptions

PORT = click.IntRange(0, 65535)
NEEDED = ("starlette", "uvicorn", "jwt", "argon2", "httpx", "requests", "sseclient")


def require_lab() -> None:
    """Say what to install where the lab's libraries are missing; they are an extra."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise Unusable(
            f"the lab needs {', '.join(missing)}: install it with pip install 'streamid-proxy[lab]'"
        )


@click.group()
def lab() -> None:
    """Run the chat system to try streamid on, and test it.

    \b
    Examples:
      streamid lab up
      streamid lab test
    """
    require_lab()


lab.add_command(hop)


@lab.command()
@click.option("--auth-port", type=PORT, default=3000, show_default=True, help="0 takes a free port.")
@click.option("--accounting-port", type=PORT, default=3001, show_default=True)
@click.option("--chat-port", type=PORT, default=3002, show_default=True)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the databases here; without it they are in a temporary folder and go with the lab.",
)
@click.option(
    "--tokens", type=click.IntRange(1), default=LabOptions.tokens, show_default=True, help="Per answer."
)
@click.option(
    "--interval",
    type=click.FloatRange(0),
    default=LabOptions.interval,
    show_default=True,
    help="Seconds from token to token, on average.",
)
@click.option(
    "--detailed",
    type=click.FloatRange(0),
    default=LabOptions.detailed,
    show_default=True,
    help='Seconds that an answer to a "very detailed" question takes at least.',
)
@click.option(
    "--credits",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="What every user has at the start; admins and supervisors can allocate more.",
)
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The chat service's log of updates, a JSON line each [default: in the data folder].",
)
def up(auth_port: int, data_dir: Path | None, **given: Any) -> None:
    """Run authentication, accounting and chat until Ctrl-C.

    \b
    Example:
      streamid lab up --auth-port 4000 --accounting-port 4001 --chat-port 4002
    """
    options = LabOptions(authentication_port=auth_port, data_dir=data_dir, **given)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with Lab(options) as running:
            _announce(running)
            while (ended := running.ended()) is None:
                time.sleep(0.2)
            raise LabError(f"the {ended} service ended by itself")
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    except PortBusyError as error:
        raise Unusable(str(error)) from error
    except (LabError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _interrupt(_: int, __: FrameType | None) -> None:
    """Stop once; whoever presses Ctrl-C again does not break off the cleaning up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _announce(running: Lab) -> None:
    kept = "kept" if running.options.data_dir else "removed at the end"
    click.echo(f"authentication  {running.authentication_url}/api")
    click.echo(f"accounting      {running.accounting_url}/api")
    click.echo(f"chat            {running.chat_url}/api")
    urls = {
        "auth": running.authentication_url,
        "accounting": running.accounting_url,
        "chat": running.chat_url,
    }
    query = "&".join(f"{name}={url}" for name, url in urls.items())
    click.echo(f"page            {running.authentication_url}/demo?{query}")
    click.echo(f"databases       {running.data_dir} ({kept})")
    click.echo(f"update log      {running.update_log}")
    click.echo("Ready. Ctrl-C stops all three.")
    sys.stdout.flush()


@lab.command()
@click.option("--auth-url", default="http://localhost:3000", show_default=True)
@click.option("--accounting-url", default="http://localhost:3001", show_default=True)
@click.option("--chat-url", default="http://localhost:3002", show_default=True)
@click.option("--username", default="user1", show_default=True)
@click.option("--password", default="User1@123", show_default=True)
@click.option("--admin-username", default="admin", show_default=True)
@click.option("--admin-password", default="admin@admin", show_default=True)
@click.option("--credits", type=click.IntRange(1), default=1000, show_default=True, help="To allocate.")
@click.option("--model", default="", help="A model's ID [default: the first that is available].")
@click.option("--message", help="What to ask.")
@click.option(
    "--origin", default="http://localhost:8080", show_default=True, help="Sent as Origin; empty for none."
)
@click.option(
    "--delay",
    "update_delay",
    type=click.FloatRange(0),
    default=0.5,
    show_default=True,
    help="Seconds before the update.",
)
@click.option(
    "--retries", type=click.IntRange(0), default=5, show_default=True, help="Of an update after a mismatch."
)
@click.option(
    "--backoff",
    type=click.FloatRange(0),
    default=0.5,
    show_default=True,
    help="Seconds before the first retry; doubled each time.",
)
@click.option(
    "--stop-after",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Chunks after which to stop reading; 0 reads all.",
)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True)
@click.option("--proxy", default="", help="A proxy for all requests [default: as the environment says].")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust.")
@click.option("--quiet", is_flag=True, help="Leave the headers of each stream out.")
@colour_option
@click.pass_context
def test(context: click.Context, /, auth_url: str, message: str | None, quiet: bool, **given: Any) -> None:
    """Go through the system as a complete client; exit code 0 only if all passed.

    \b
    Example:
      streamid lab test --chat-url http://localhost:8080
    """
    from lab.client import StreamingOptions
    from lab.logger import Logger
    from lab.tester import StreamingTester

    if message:
        given["message"] = message
    options = StreamingOptions(authentication_url=auth_url, **given)
    with StreamingTester(options, Logger(colour=context.color, quiet=quiet)) as tester:
        passed = tester.run()
    sys.exit(0 if passed else 1)
