"""The lab as three processes: started together, healthy before anyone is told, gone together."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.loopback import listen
from lab.settings import Settings

HEALTHY_WITHIN = 20.0
STOPPED_WITHIN = 5.0
ROOT = Path(__file__).resolve().parent.parent


class LabError(Exception):
    """The lab could not be started, or a service of it ended by itself."""


@dataclass(frozen=True)  # no slots: the defaults are read from the class
class LabOptions:
    """What a lab is started with; port 0 takes a free one, `data_dir` None a folder for this run.

    `bugs` are what the chat service gets wrong: `NAME` or `NAME=VALUE`, as `lab.bugs.parse` takes them.
    """

    authentication_port: int = 0
    accounting_port: int = 0
    chat_port: int = 0
    data_dir: Path | None = None
    tokens: int = Settings.tokens
    interval: float = Settings.interval
    detailed: float = Settings.detailed
    credits: int = 0
    log_file: Path | None = None
    bugs: tuple[str, ...] = ()

    @property
    def ports(self) -> dict[str, int]:
        """The port of each service."""
        return {
            "authentication": self.authentication_port,
            "accounting": self.accounting_port,
            "chat": self.chat_port,
        }


@dataclass(slots=True)
class Lab:
    """A running lab, as a context manager; `PortBusyError` or `LabError` where it cannot run.

    Each service holds the read end of a pipe whose write end is ours: if this process dies, however
    it dies, the pipe closes and the services stop by themselves.
    """

    options: LabOptions = field(default_factory=LabOptions)
    ports: dict[str, int] = field(default_factory=dict)
    data_dir: Path = field(default_factory=Path)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def authentication_url(self) -> str:
        """Where the authentication service is, without `/api`."""
        return self._url("authentication")

    @property
    def accounting_url(self) -> str:
        """Where the accounting service is, without `/api`."""
        return self._url("accounting")

    @property
    def chat_url(self) -> str:
        """Where the chat service is, without `/api`."""
        return self._url("chat")

    @property
    def update_log(self) -> Path:
        """Where the chat service writes a line for each update."""
        return self.options.log_file or self.data_dir / "chat-updates.log"

    def __enter__(self) -> Self:
        """Start all three and wait until they are healthy."""
        listening: dict[str, list[socket.socket]] = {}
        try:
            for name, port in self.options.ports.items():
                listening[name] = listen(port)
                self.ports[name] = listening[name][0].getsockname()[1]
            self._make_data_dir()
            for name, sockets in listening.items():
                self.processes[name] = self._spawn(name, sockets)
        except BaseException:
            self.stop()
            raise
        finally:
            for sock in (sock for sockets in listening.values() for sock in sockets):
                sock.close()
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all three."""
        self.stop()

    def stop(self) -> None:
        """End the processes, close the pipes, and remove what was only for this run."""
        for name in ("chat", "accounting", "authentication"):  # chat first: it settles with accounting
            if process := self.processes.pop(name, None):
                end_process(process)
        if self.options.data_dir is None and self.data_dir != Path():
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def ended(self) -> str | None:
        """The name of a service that ended by itself, if one did."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def _url(self, name: str) -> str:
        return f"http://localhost:{self.ports[name]}"

    def _make_data_dir(self) -> None:
        if self.options.data_dir is None:
            self.data_dir = Path(tempfile.mkdtemp(prefix="streamid-lab-"))
        else:
            self.data_dir = self.options.data_dir.resolve()
            self.data_dir.mkdir(parents=True, exist_ok=True)

    def _spawn(self, name: str, sockets: list[socket.socket]) -> subprocess.Popen[bytes]:
        descriptors = [sock.fileno() for sock in sockets]
        return subprocess.Popen(
            [sys.executable, "-m", "lab.service", name, *self._arguments(name, descriptors)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            env=child_environment(),
            cwd=self.data_dir,
            start_new_session=True,  # Ctrl-C is for us; we stop the services in order
        )

    def _arguments(self, name: str, descriptors: list[int]) -> list[str]:
        options = self.options
        given = {
            "--data-dir": self.data_dir,
            "--accounting-url": f"http://127.0.0.1:{self.ports['accounting']}",
            "--tokens": options.tokens,
            "--interval": options.interval,
            "--detailed": options.detailed,
            "--credits": options.credits,
            "--log-file": self.update_log.absolute(),
        }
        flat = [str(part) for pair in given.items() for part in pair]
        temporary = ["--temporary"] if options.data_dir is None else []
        bugs = [f"--bug={bug}" for bug in options.bugs if name == "chat"]
        return ["--lifeline", *temporary, *flat, *bugs, "--sockets", *map(str, descriptors)]

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN
        for name, port in self.ports.items():
            while not _is_healthy(port):
                if ended := self.ended():
                    raise LabError(f"the {ended} service ended while it started")
                if time.monotonic() > deadline:
                    raise LabError(f"the {name} service was not healthy within {HEALTHY_WITHIN:.0f} s")
                time.sleep(0.02)


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that was started with a pipe as its stdin; killed where it does not stop in time."""
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdin is not None
    process.stdin.close()


def child_environment() -> dict[str, str]:
    """Ours, and the rooms importable from wherever they are, installed or not."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *([known] if known else [])])}


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
