"""`streamid lab`: the chat system to try everything on, and a client that tests it."""

import json
import shutil
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode, urlsplit

import click

from cli.colour import colour_option
from cli.errors import Unusable
from cli.lab_hop import hop
from cli.recordings_argument import format_option
from lab.carelessness import CLIENT_BUGS, Habits
from lab.loopback import PortBusyError
from lab.processes import Lab, LabError, LabOptions

PORT = click.IntRange(0, 65535)
NEEDED = ("starlette", "uvicorn", "jwt", "argon2", "httpx", "requests", "sseclient", "h11")


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
@click.option(
    "--bug",
    "bugs",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Something that the chat service gets wrong; repeatable, and streamid lab bugs lists them.",
)
def up(auth_port: int, data_dir: Path | None, bugs: tuple[str, ...], **given: Any) -> None:
    """Run authentication, accounting and chat until Ctrl-C.

    \b
    Examples:
      streamid lab up --auth-port 4000 --accounting-port 4001 --chat-port 4002
      streamid lab up --bug race=300 --bug no-vary
    """
    _check_bugs(bugs)
    options = LabOptions(authentication_port=auth_port, data_dir=data_dir, bugs=bugs, **given)
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


def _check_bugs(bugs: tuple[str, ...]) -> None:
    from lab.bugs import parse_all

    try:
        parse_all(bugs)
    except ValueError as error:
        raise Unusable(f"--bug {error}") from error


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
    if running.options.bugs:
        click.echo(f"bugs            {', '.join(running.options.bugs)}")
    click.echo("Ready. Ctrl-C stops all three.")
    sys.stdout.flush()


@lab.command()
@format_option
def bugs(form: str) -> None:
    """List what lab up --bug can break: name and value, what it does, which rules it breaks.

    \b
    Example:
      streamid lab bugs --format json
    """
    from cli.rendering.bug_table import bug_fields, bug_lines
    from lab.bugs import BUGS

    if form == "json":
        click.echo(json.dumps([bug_fields(bug) for bug in BUGS.values()], indent=2))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in bug_lines(BUGS.values(), width):
        click.echo(line)


@lab.command()
@click.option("--port", type=PORT, default=3003, show_default=True, help="0 takes a free one.")
@click.option("--auth", metavar="URL", help="What the page's field says [default: port 3000].")
@click.option("--accounting", metavar="URL", help="[default: port 3001]")
@click.option("--chat", metavar="URL", help="Or a proxy in front of it [default: port 3002].")
def page(port: int, **urls: str | None) -> None:
    """Serve a page that chats from another origin, until Ctrl-C.

    \b
    Examples:
      streamid lab page
      streamid lab page --chat http://localhost:8080
    """
    from lab.page.routes import PageServer

    given = {name: _http_url(name, url) for name, url in urls.items() if url is not None}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        server = PageServer(port)
        query = f"?{urlencode(given, safe=':/')}" if given else ""
        click.echo(f"page  http://localhost:{server.port}/{query}")
        click.echo("Ready. Ctrl-C stops it.")
        sys.stdout.flush()
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    except PortBusyError as error:
        raise Unusable(str(error)) from error


def _http_url(name: str, url: str) -> str:
    """The URL as it is, where it is one that a page can ask."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise Unusable(f"--{name}: {url!r} is no http:// or https:// URL")
    return url


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
@click.option(
    "--client-bug",
    type=click.Choice(list(CLIENT_BUGS)),
    help="Make a mistake of real clients, or behave oddly [default: neither].",
)
@click.option("--quiet", is_flag=True, help="Leave the headers of each stream out.")
@colour_option
@click.pass_context
def test(
    context: click.Context,
    /,
    auth_url: str,
    message: str | None,
    client_bug: str | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Go through the system as a complete client; exit code 0 only if all passed.

    \b
    Examples:
      streamid lab test --chat-url http://localhost:8080
      streamid lab test --chat-url http://localhost:8080 --client-bug stale
    """
    from lab.client import StreamingOptions
    from lab.logger import Logger
    from lab.tester import StreamingTester

    if message:
        given["message"] = message
    options = StreamingOptions(authentication_url=auth_url, **given)
    habits = CLIENT_BUGS[client_bug].habits() if client_bug else Habits()
    with StreamingTester(options, Logger(colour=context.color, quiet=quiet), habits) as tester:
        passed = tester.run()
    sys.exit(0 if passed else 1)
