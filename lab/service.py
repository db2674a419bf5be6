"""One service as a process: `python -m lab.service chat --port 3002 --data-dir DIR`."""

import argparse
import os
import shutil
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from lab.connection import ReachableProtocol
from lab.loopback import listen
from lab.settings import Settings

DEFAULT_PORTS = {"authentication": 3000, "accounting": 3001, "chat": 3002}


class Server(uvicorn.Server):
    """A server that does not wait for streams: stopped, it drops its connections as a killed one would."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection, then everything else."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.close()
        await super().shutdown(sockets)


def build(name: str, settings: Settings) -> ASGIApp:
    """The application of that name; only its own dependencies are loaded."""
    if name == "authentication":
        from lab.authentication import authentication_app

        return authentication_app(settings)
    if name == "accounting":
        from lab.accounting import accounting_app

        return accounting_app(settings)
    from lab.chat.app import chat_app

    return chat_app(settings)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; `--sockets` are descriptors that a parent bound, `--lifeline` ends with its stdin."""
    parser = argparse.ArgumentParser(prog="python -m lab.service", description=__doc__)
    parser.add_argument("name", choices=tuple(DEFAULT_PORTS))
    parser.add_argument("--port", type=int)
    parser.add_argument("--sockets", type=int, nargs="*", default=[])
    parser.add_argument("--lifeline", action="store_true")
    parser.add_argument(
        "--temporary", action="store_true", help="remove the data folder if the lifeline breaks"
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--accounting-url", default=Settings.accounting_url)
    parser.add_argument("--tokens", type=int, default=Settings.tokens)
    parser.add_argument("--interval", type=float, default=Settings.interval)
    parser.add_argument("--detailed", type=float, default=Settings.detailed)
    parser.add_argument("--credits", type=int, default=Settings.credits)
    parser.add_argument("--log-file", type=Path)
    parser.add_argument("--bug", dest="bugs", action="append", default=[], help="of the chat service only")
    options = parser.parse_args(arguments)
    if options.bugs:
        _check_bugs(parser, options)
    return options


def _check_bugs(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from lab.bugs import parse_all

    if options.name != "chat":
        parser.error("--bug is for the chat service only")
    try:
        parse_all(options.bugs)
    except ValueError as error:
        parser.error(f"--bug {error}")


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that a command line gives."""
    return Settings(
        data_dir=options.data_dir,
        accounting_url=options.accounting_url,
        tokens=options.tokens,
        interval=options.interval,
        detailed=options.detailed,
        credits=options.credits,
        log_file=options.log_file,
        bugs=tuple(options.bugs),
    )


def hold_lifeline(server: uvicorn.Server) -> None:
    """Stop when stdin ends: the parent holds the other end, and lets go of it however it dies."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        server.should_exit = True

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def server_of(app: ASGIApp) -> Server:
    """A server for one application, set up as every service is."""
    config = uvicorn.Config(
        app,
        http=ReachableProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return Server(config)


def main() -> None:
    """Serve until told to stop."""
    options = parse()
    options.data_dir.mkdir(parents=True, exist_ok=True)
    if options.sockets:
        sockets = [socket.socket(fileno=descriptor) for descriptor in options.sockets]
    else:
        sockets = listen(DEFAULT_PORTS[options.name] if options.port is None else options.port)
    server = server_of(build(options.name, settings_of(options)))
    if options.lifeline:
        hold_lifeline(server)
    server.run(sockets)
    if options.temporary:  # only reached without a signal: the parent is gone and cannot tidy up
        shutil.rmtree(options.data_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
