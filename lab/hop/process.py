"""A hop as a process of its own, for tests and demonstrations: `python -m lab.hop.process`."""

import argparse
import asyncio
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from lab.hop.server import serve
from lab.hop.table import faults_of
from lab.hop.upstream import Address
from lab.loopback import PortBusyError, listen
from lab.processes import LabError, child_environment, end_process

READY_WITHIN = 20.0


@dataclass(slots=True)
class Hop:
    """A running hop, as a context manager; `LabError` where it cannot run.

    `faults` are `NAME` or `NAME=VALUE`; port 0 takes a free one. The process holds the read end of a
    pipe whose write end is ours: if this process dies, however it dies, the hop stops by itself.
    """

    upstream: str
    faults: Sequence[str] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where the hop is, without a path."""
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        """Start it and wait until it listens."""
        try:
            Address.parse(self.upstream)
            faults_of(self.faults)
            sockets = listen(self.port)
        except (ValueError, PortBusyError) as error:
            raise LabError(str(error)) from error
        try:
            self.port = sockets[0].getsockname()[1]
            self.process = self._spawn([sock.fileno() for sock in sockets])
        finally:
            for sock in sockets:
                sock.close()
        try:
            self._wait_until_ready(self.process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """End the process; its connections break off."""
        if self.process is not None:
            end_process(self.process)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def _spawn(self, descriptors: list[int]) -> subprocess.Popen[bytes]:
        faults = [f"--fault={fault}" for fault in self.faults]
        sockets = ["--sockets", *map(str, descriptors)]
        return subprocess.Popen(
            [sys.executable, "-m", "lab.hop.process", "--upstream", self.upstream, *faults, *sockets],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=descriptors,
            env=child_environment(),
            start_new_session=True,  # Ctrl-C is for us; we stop the hop
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 0.1)[0]:
                if process.stdout.read(1):
                    return
                raise LabError("the hop ended while it started")
        raise LabError(f"the hop did not listen within {READY_WITHIN:.0f} s")


def main() -> None:
    """Serve on sockets that the parent bound until it says stop or is gone; a byte on stdout says ready."""
    parser = argparse.ArgumentParser(prog="python -m lab.hop.process", description=__doc__)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--fault", action="append", default=[])
    parser.add_argument("--sockets", type=int, nargs="+", required=True)
    options = parser.parse_args()
    sockets = [socket.socket(fileno=descriptor) for descriptor in options.sockets]
    address, faults = Address.parse(options.upstream), faults_of(options.fault)
    asyncio.run(serve(sockets, address, faults, _say_ready, lifeline=True))


def _say_ready() -> None:
    sys.stdout.write("R")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
