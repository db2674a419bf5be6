"""Hops of the world, each a process of its own on loopback: nginx and haproxy, as a test configures them."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READY_WITHIN = 15.0
_TRIES = 3

NGINX = """
daemon off;
master_process off;
worker_processes 1;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log" warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            {settings}
        }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend in
    bind 127.0.0.1:{port}
    {settings}
    default_backend out
backend out
    server service 127.0.0.1:{upstream}
"""


@contextmanager
def nginx(upstream: int, folder: Path, settings: str) -> Iterator[int]:
    """nginx in front of a port, with `settings` in its location; the port on which it listens."""
    with _running("nginx", ["-p", str(folder), "-c"], NGINX, upstream, folder, settings) as port:
        yield port


@contextmanager
def haproxy(upstream: int, folder: Path, settings: str = "") -> Iterator[int]:
    """haproxy in front of a port, with `settings` in its frontend; the port on which it listens."""
    with _running("haproxy", ["-db", "-f"], HAPROXY, upstream, folder, settings) as port:
        yield port


@contextmanager
def _running(
    name: str, arguments: list[str], text: str, upstream: int, folder: Path, settings: str
) -> Iterator[int]:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    assert program is not None, f"{name} is not installed: sh scripts/hops.sh"
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(_TRIES):
        port = _free_port()
        configuration = folder / f"{name}.conf"
        configuration.write_text(text.format(folder=folder, port=port, upstream=upstream, settings=settings))
        with (folder / "output.log").open("ab") as log:
            process = subprocess.Popen(
                [program, *arguments, str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            if not _listens(process, port):  # another program may have taken the port meanwhile
                continue
            yield port
            return
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    raise AssertionError(f"{name} does not start: {(folder / 'output.log').read_text()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + _READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return process.poll() is None
    return False
