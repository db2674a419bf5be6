"""Chat services of the lab, many in one process: each with its own bugs and database, on a port of its own.

with chat_services([(), ("race=300",)], folder) as (lab, urls): …
"""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.chat.app import chat_app
from lab.loopback import listen
from lab.processes import Lab, child_environment, end_process
from lab.service import hold_lifeline, server_of
from lab.settings import Settings
from tests.support.lab import running_lab


@contextmanager
def chat_services(bugs: Sequence[tuple[str, ...]], folder: Path) -> Iterator[tuple[Lab, list[str]]]:
    """A lab, whose tokens and credits all of the services take, and the base URL of each."""
    with running_lab() as lab:
        sockets = [listen(0) for _ in bugs]
        ports = [own[0].getsockname()[1] for own in sockets]
        told = []
        for number, some in enumerate(bugs):
            data = folder / str(number)
            data.mkdir()
            shutil.copy(lab.data_dir / "secret", data)
            told.append([str(data), [each.fileno() for each in sockets[number]], *some])
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.probe.services", str(lab.ports["accounting"]), json.dumps(told)],
            stdin=subprocess.PIPE,
            pass_fds=[each.fileno() for own in sockets for each in own],
            env=child_environment(),
        )
        for each in (each for own in sockets for each in own):
            each.close()
        try:
            yield lab, [f"http://localhost:{port}/api" for port in ports]
        finally:
            end_process(process)


async def serve(accounting: str, told: list[list[object]]) -> None:
    serving = []
    for number, (folder, descriptors, *bugs) in enumerate(told):
        settings = Settings(
            data_dir=Path(str(folder)),
            accounting_url=f"http://127.0.0.1:{accounting}",
            bugs=tuple(map(str, bugs)),
            tokens=12,
            interval=0.01,
        )
        assert isinstance(descriptors, list)
        server = server_of(chat_app(settings))
        if number == 0:
            hold_lifeline(server)
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        serving.append(asyncio.create_task(server._serve(sockets)))
    await serving[0]


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], json.loads(sys.argv[2])))
