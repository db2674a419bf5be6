"""`streamid datasette`: recordings in a browser, by Datasette, with what it needs to know of them."""

import socket
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from cli.errors import Unusable
from cli.recordings_argument import recordings_argument

DEFAULT_PORT = 8001
"""Datasette's own."""

_LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "[::1]"}
"""Addresses of this machine, and how a URL writes them."""


@click.command()
@recordings_argument
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Where to listen; 0: any free port.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
def datasette(recordings: tuple[Path, ...], port: int, host: str) -> None:
    """Look at RECORDING in a browser, by Datasette, until Ctrl-C.

    Recordings that are being written are shown as they grow.

    \b
    Example:
      streamid datasette recordings/monday.db
    """
    if find_spec("datasette") is None:
        raise Unusable("this needs Datasette: install it with pip install 'streamid-proxy[datasette]'")
    named = _named(recordings)
    application = _application(named)
    listener = _listening(host, port)
    address = f"http://{_LOOPBACK.get(host, host)}:{listener.getsockname()[1]}"
    if host in _LOOPBACK:
        application = _guarded(application)
    else:
        click.echo(f"note: whoever can reach {address} can read these recordings", err=True)
    for name, path in named.items():
        click.echo(f"{path}: {address}/{_in_a_path(name)}")
    click.echo("Ctrl-C stops it.")
    _serve(application, listener)


def _named(recordings: Iterable[Path]) -> dict[str, Path]:
    """What each recording is called: its file's name without the ending, numbered where that is taken."""
    named: dict[str, Path] = {}
    for path in recordings:
        name, number = path.stem, 1
        while name in named:
            number += 1
            name = f"{path.stem}-{number}"
        named[name] = path
    return named


def _application(named: Mapping[str, Path]) -> Any:
    closed: dict[str, bool] = {}
    databases = {}
    for name, path in named.items():
        databases[name], closed[name] = _described(path)

    from datasette.app import Datasette  # type: ignore[import-untyped]
    from datasette.database import Database  # type: ignore[import-untyped]
    from datasette.plugins import pm  # type: ignore[import-untyped]

    from cli.browsing import pages
    from cli.browsing.live import LiveDatabase

    if not pm.is_registered(pages):
        pm.register(pages)
    served = Datasette(
        files=[],
        metadata={"title": "Recordings", "databases": databases},
        settings={"sql_time_limit_ms": 5000, "suggest_facets": False},
    )
    served.remove_database("_memory")
    for name, path in named.items():
        kind = Database if closed[name] else LiveDatabase
        served.add_database(kind(served, path=str(path), is_mutable=not closed[name]), name=name)
    return served.app()


def _described(path: Path) -> tuple[dict[str, Any], bool]:
    """The metadata of one recording, and whether it is finished."""
    from recordings.browsing import described
    from recordings.reader import Recording

    with Recording(path) as recording:
        run = recording.run
        started = run.info.started.strftime("%Y-%m-%d %H:%M:%S UTC")
        about = f"Recorded from {started}, profile {run.info.profile_name}."
        state = run.state()
        if state:
            about += f" {state[0].upper()}{state[1:]}."
        return described(path.name, about, indexed=recording.is_indexed()), run.closed


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        why = str(error).partition(" (while")[0].rpartition("] ")[2]
        raise Unusable(f"cannot listen on {host}:{port}: {why}") from None


def _guarded(application: Any) -> Any:
    from cli.browsing.pages import only_for

    return only_for(("127.0.0.1", "localhost", "[::1]"), application)


def _in_a_path(name: str) -> str:
    from datasette.utils import tilde_encode  # type: ignore[import-untyped]

    return str(tilde_encode(name))


def _serve(application: Any, listener: socket.socket) -> None:
    import uvicorn

    configuration = uvicorn.Config(
        application, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=2
    )
    try:
        uvicorn.Server(configuration).run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo()
